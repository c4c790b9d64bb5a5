"""Which prompts are made before callers are taken, and which behind the first calls.

A text takes half a second to speak and to bring to a telephone's rate, and a flow may
have hundreds. What callers hear first is made first; the rest is made while calls come,
and what a caller comes to before that is made at once (``PromptStore.ready_now``).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

import structlog

from ivr.flow import Flow, Sound
from ivr.steps import SubFlowStep, prompts_of
from ivr.ways import ways_of
from services.prompts.errors import PromptsRefused
from services.prompts.store import PromptStore

log = structlog.get_logger()

AT_START = 48
"""As many as are made before callers are taken; a small set of flows is made whole."""
AT_ONCE = 8
"""As many as are made before callers may use them."""


def nearest_first(
    flows: Mapping[str, Flow], entries: Iterable[str]
) -> tuple[Sound, ...]:
    """Return every sound of all flows once, in the order in which callers come to it.

    Args:
        flows: By name.
        entries: Names of the flows that numbers lead to; sounds of flows that no way
            from these leads to come last.
    """
    todo = deque((name, flows[name].entry) for name in sorted(set(entries)))
    seen = set(todo)
    ordered: dict[Sound, None] = {}
    while todo:
        name, at = todo.popleft()
        flow = flows[name]
        step = flow.steps[at]
        for prompt in prompts_of(step).values():
            ordered |= dict.fromkeys(prompt.sounds())
        following = [(name, way.goto) for way in ways_of(flow, step)]
        if isinstance(step, SubFlowStep) and step.flow in flows:
            following.append((step.flow, flows[step.flow].entry))
        for place in following:
            if place not in seen:
                seen.add(place)
                todo.append(place)
    whole = {sound for flow in flows.values() for sound in flow.sounds()}
    rest = sorted(whole - ordered.keys(), key=repr)
    return (*(sound for sound in ordered if sound in whole), *rest)


async def prepare_first(
    prompts: PromptStore, ordered: tuple[Sound, ...]
) -> dict[Sound, str]:
    """Make what callers hear first.

    Raises:
        PromptsRefused: With all that cannot be made of these, and why.
    """
    return dict(await prompts.prepare_sounds(ordered[:AT_START]))


async def prepare_rest(
    prompts: PromptStore,
    ordered: tuple[Sound, ...],
    ready: MutableMapping[Sound, str],
) -> None:
    """Make the others, some at a time, each usable when it is made.

    What cannot be made is logged, and left out where a caller comes to it.
    """
    for part in _parts(ordered[AT_START:]):
        try:
            ready.update(await prompts.prepare_sounds(part))
        except PromptsRefused as refused:
            log.warning("prompts_refused", problems=refused.problems)
    log.info("prompts_ready", sounds=len(ready))


def _parts(sounds: tuple[Sound, ...]) -> Iterator[tuple[Sound, ...]]:
    for at in range(0, len(sounds), AT_ONCE):
        yield sounds[at : at + AT_ONCE]
