"""What callers hear of the open queue: spoken, under names that the dialplan knows."""

import asyncio
from collections.abc import Mapping

import structlog
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from ivr.prompt import Prompt
from ivr.sounds import Spoken
from services.prompts.store import PromptStore
from services.runtime.settings import CHECKOUT

log = structlog.get_logger()

FILE = CHECKOUT / "dialplans" / "open.yaml"
_FORM = TypeAdapter(Mapping[str, Prompt])


async def name_open_prompts(store: PromptStore) -> None:
    """Make them ready; they stay when the engine goes.

    Raises:
        PromptsRefused: One cannot be spoken.
    """
    written = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))
    wanted: dict[str, Spoken] = {
        f"open-{name}-{language.value}": Spoken(language=language, text=text)
        for name, prompt in _FORM.validate_python(written).items()
        for language, text in prompt.texts().items()
    }
    ready = await store.prepare_sounds(wanted.values())
    for name, sound in wanted.items():
        store.name(name, ready[sound])


def begin_to_name(store: PromptStore) -> "asyncio.Task[None]":
    """Begin to make them ready; no caller waits for them while the engine is here.

    Returns:
        The task, to be held; why it failed is told in the log.
    """
    naming = asyncio.create_task(name_open_prompts(store), name="open-prompts")
    naming.add_done_callback(_tell_if_unnamed)
    return naming


def _tell_if_unnamed(naming: "asyncio.Task[None]") -> None:
    if not naming.cancelled() and (error := naming.exception()):
        # Callers would hear nothing but music; the engine goes on.
        log.error("open_prompts_missing", reason=str(error))
