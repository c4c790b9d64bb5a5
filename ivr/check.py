"""What can be proved of a flow without calling it."""

from collections.abc import Iterator, Mapping

from ivr.flow import Flow
from ivr.problems import nearest
from ivr.source import Trail
from ivr.steps import (
    HangUpStep,
    MenuStep,
    QueueStep,
    SayStep,
    prompts_of,
)
from ivr.ways import By, ways_of
from ivr.written import StepName

Finding = tuple[Trail, str]

_LEADING = (
    *("goto", "give_up", "on_silence", "yes", "no"),
    *("otherwise", "not_found", "failed"),
)
"""The fields of steps that name a step."""


def unknown_steps(written: object) -> list[Finding]:
    """Return the names of steps that lead nowhere, in a flow as it is written.

    It takes what stands in the file, right or wrong, so that a wrong name is told
    together with everything else that is wrong.
    """
    flow = _mapping(written)
    steps = _mapping(flow.get("steps"))
    defaults = _mapping(flow.get("defaults"))
    named: list[tuple[Trail, object]] = [
        ((field,), flow.get(field)) for field in ("entry", "person")
    ]
    named.append((("defaults", "on_failure"), defaults.get("on_failure")))
    for name, step in steps.items():
        named += _named((("steps", name)), _mapping(step))
    return [
        (trail, f"no step is called {goto!r}{nearest(goto, steps)}")
        for trail, goto in named
        if isinstance(goto, str) and goto not in steps
    ]


def _named(
    here: Trail, options: Mapping[str, object]
) -> Iterator[tuple[Trail, object]]:
    for field in _LEADING:
        yield (*here, field), options.get(field)
    if "menu" in options:
        for key, goto in _mapping(options.get("keys")).items():
            yield (*here, "keys", key), goto
    cases = options.get("branch")
    for place, case in enumerate(cases if isinstance(cases, list) else ()):
        yield (*here, "branch", str(place), "goto"), _mapping(case).get("goto")


def findings(flow: Flow) -> list[Finding]:
    """Return what is wrong with a flow in which every name leads somewhere."""
    return [
        *_no_person(flow),
        *_unreachable(flow),
        *_endless_silence(flow),
        *_missing_texts(flow),
        *_told_secrets(flow),
    ]


def _mapping(written: object) -> Mapping[str, object]:
    return written if isinstance(written, Mapping) else {}


def _no_person(flow: Flow) -> Iterator[Finding]:
    if not isinstance(flow.steps[flow.person], QueueStep):
        yield (
            ("person",),
            f"step {flow.person!r} is not a queue; name a step with `queue: …`",
        )


def _unreachable(flow: Flow) -> Iterator[Finding]:
    reached: set[StepName] = set()
    todo = [flow.entry, flow.person, flow.failure]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [way.goto for way in ways_of(flow, flow.steps[name])]
    for name in flow.steps:
        if name not in reached:
            yield ("steps", name), "cannot be reached; lead to it or delete it"


def _endless_silence(flow: Flow) -> Iterator[Finding]:
    """Follow a caller who presses nothing: each must come to an end."""
    safe: set[StepName] = set()
    for first in flow.steps:
        way: list[StepName] = []
        name: StepName | None = first
        while name is not None and name not in safe and name not in way:
            way.append(name)
            name = _in_silence(flow, name)
        if name in way:
            circle = " → ".join([*way[way.index(name) :], name])
            yield (
                ("steps", name),
                f"a caller who presses nothing never gets out of {circle}; "
                "let one of them lead to a queue or hang up",
            )
        safe.update(way)


_SILENT = (By.SILENCE, By.GIVE_UP, By.FAILED, By.OTHERWISE, By.ON)
"""How a caller goes who says and presses nothing, where most goes wrong."""


def _in_silence(flow: Flow, name: StepName) -> StepName | None:
    ways = {way.by: way.goto for way in ways_of(flow, flow.steps[name])}
    return next((ways[by] for by in _SILENT if by in ways), None)


def _told_secrets(flow: Flow) -> Iterator[Finding]:
    """Find secret keys that the step they lead to would tell."""
    for name, step in flow.steps.items():
        if isinstance(step, MenuStep) and step.secret:
            ways = sorted(set(step.keys.values()))
            if left_out := sorted(set("0123456789") - set(step.keys)):
                yield (
                    ("steps", name, "keys"),
                    f"a secret key may be any digit, and {', '.join(left_out)} would "
                    "do something else here; write all ten",
                )
            if len(ways) > 1:
                yield (
                    ("steps", name, "keys"),
                    f"a secret key leads to {', '.join(ways)}, and the step entered "
                    "tells which it was; let all keys lead to one",
                )


def _missing_texts(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        own = (
            step.language if isinstance(step, SayStep | MenuStep | HangUpStep) else None
        )
        language = own or flow.language
        for field, prompt in prompts_of(step).items():
            if language not in prompt.languages():
                yield (
                    ("steps", name, field),
                    f"has no text in {language.value!r}, the language spoken here; "
                    f"write `{language.value}: …`",
                )
