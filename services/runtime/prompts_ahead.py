"""Which prompts are made before callers are taken, and which behind the first calls.

A text takes some 50 ms of a processor, nearly all of it in the voice, and a flow may
have hundreds. What callers hear first is made first; the rest is made while calls come,
and what a caller comes to before that is made at once (``PromptStore.ready_now``).
"""

import argparse
import asyncio
import os
import sys
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
)
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

import structlog

from ivr.flow import Flow
from ivr.sounds import Language, Sound, Spoken
from ivr.steps import SubFlowStep, prompts_of
from ivr.ways import By, ways_of
from services.prompts.errors import PromptsRefused
from services.prompts.resample import warm_up
from services.prompts.store import PromptStore
from services.runtime.asked_aside import running_aside
from services.runtime.launch import read_floor
from services.runtime.logs import set_up_logs
from services.runtime.prompting import prompt_store
from services.runtime.settings import PREFIX, Settings, read_settings

log = structlog.get_logger()

AT_START = 32
"""As many as are made before callers are taken; a small set of flows is made whole."""
_AT_ONCE = 8
_LOOK_EVERY_S = 3.0
_NICER = 19
_OF_THE_MACHINE = frozenset({"PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "LANG"})
_SETTINGS = ("FLOOR", "FLOWS", "PARTS", "VOICES__", "LOGS__")
_OF_SETTINGS = tuple(PREFIX + name for name in _SETTINGS)


def nearest_first(
    flows: Mapping[str, Flow], entries: Iterable[str]
) -> tuple[Sound, ...]:
    """Return every sound of all flows once, in the order in which callers come to it.

    Args:
        flows: By name.
        entries: Names of the flows that numbers lead to, the most dialled first. What
            no way from these leads to comes last, and so do other languages than the
            one that a flow begins in.
    """
    first = enumerate(dict.fromkeys(entries))
    todo = [(0, nth, _Place(name, flows[name].entry)) for nth, name in first]
    seen: set[_Place] = set()
    ordered: dict[Sound, None] = {}
    while todo:
        far, _, place = heappop(todo)
        if place in seen:
            continue
        seen.add(place)
        flow = flows[place.flow]
        step = flow.steps[place.step]
        own = [it for one in prompts_of(step).values() for it in one.sounds()]
        ordered |= dict.fromkeys(it for it in own if _is_in(it, flow.language))
        for more, following in _following(flows, place):
            further = far + more + bool(own)
            heappush(todo, (further, len(seen) + len(todo), following))
    whole = {sound for flow in flows.values() for sound in flow.sounds()}
    rest = sorted(whole - ordered.keys(), key=repr)
    return (*(sound for sound in ordered if sound in whole), *rest)


class _Place(NamedTuple):
    flow: str
    step: str


def _following(
    flows: Mapping[str, Flow], place: _Place
) -> Iterator[tuple[int, _Place]]:
    """Yield where a step leads, each with how much rarer than usual that is."""
    flow = flows[place.flow]
    step = flow.steps[place.step]
    if isinstance(step, SubFlowStep) and step.flow in flows:
        yield 0, _Place(step.flow, flows[step.flow].entry)
        # Behind the other flow; how far that is does not matter much.
        yield 3, _Place(place.flow, step.goto)
        return
    for way in ways_of(flow, step):
        yield _RARER.get(way.by, 0), _Place(place.flow, way.goto)


_RARER = {By.CASE: 1, By.GIVE_UP: 1, By.FAILED: 1}


def _is_in(sound: Sound, language: Language) -> bool:
    """Tell whether a sound is in a language; a file is in every one."""
    return not isinstance(sound, Spoken) or sound.language is language


async def prepare_first(
    prompts: PromptStore, ordered: tuple[Sound, ...]
) -> dict[Sound, str]:
    """Make what callers hear first, and be ready to speak what they ask for.

    Raises:
        PromptsRefused: With all that cannot be made of these, and why.
    """
    # Also where all is kept: no caller shall wait for an import.
    await asyncio.to_thread(warm_up)
    return dict(await prompts.prepare_sounds(ordered[:AT_START]))


async def prepare_rest(
    prompts: PromptStore,
    ordered: tuple[Sound, ...],
    ready: MutableMapping[Sound, str],
    *,
    make: Callable[[], Awaitable[None]],
) -> None:
    """Have the others made, each usable soon after it is.

    Args:
        prompts: Where they lie.
        ordered: All sounds.
        ready: What can be played; it grows.
        make: Makes them elsewhere; what it cannot make, callers who come to it have
            made at once, or go without.
    """
    if all(sound in ready for sound in ordered):
        return
    making = asyncio.ensure_future(make())
    try:
        while not making.done():
            await asyncio.wait({making}, timeout=_LOOK_EVERY_S)
            missing = [sound for sound in ordered if sound not in ready]
            ready.update(await asyncio.to_thread(_found, prompts, missing))
        making.result()
    finally:
        making.cancel()
    log.info("prompts_ready", sounds=len(ready), of=len(ordered))


def _found(prompts: PromptStore, missing: list[Sound]) -> dict[Sound, str]:
    paths = ((sound, prompts.found(sound)) for sound in missing)
    return {sound: str(path) for sound, path in paths if path is not None}


async def make_aside(settings: Settings) -> None:
    """Make every prompt in a process that everything else goes before.

    To speak hundreds of texts keeps both processors busy for many seconds; calls must
    not share theirs with it.
    """
    command = (sys.executable, "-P", "-m", __name__, "--data", str(settings.data))
    needed = dict(_needed(os.environ))
    async with running_aside(*command, environment=needed) as process:
        if code := await process.wait():
            log.warning("prompts_not_made", exit_code=code)


def _needed(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield of an environment what is needed to make prompts; no secret is."""
    for name, value in variables.items():
        if name in _OF_THE_MACHINE or name.startswith(_OF_SETTINGS):
            yield name, value


async def _make_all(settings: Settings) -> None:
    flows = read_floor(settings)
    entries = (number.flow for number in flows.numbers.values())
    ordered = nearest_first(flows.flows, entries)
    prompts = prompt_store(settings)
    for at in range(0, len(ordered), _AT_ONCE):
        try:
            await prompts.prepare_sounds(ordered[at : at + _AT_ONCE])
        except PromptsRefused as refused:
            log.warning("prompts_refused", problems=refused.problems)


def main() -> None:
    """Make every prompt of the floor in force."""
    parser = argparse.ArgumentParser(prog="tieline-prompts", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    settings = read_settings(data=parser.parse_args().data)
    os.umask(0o077)
    os.nice(_NICER)
    set_up_logs(settings.logs)
    asyncio.run(_make_all(settings))


if __name__ == "__main__":
    main()
