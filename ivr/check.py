"""What can be proved of a flow without calling it."""

from collections.abc import Iterator, Mapping

from ivr.flow import (
    Flow,
    HangUpStep,
    MenuStep,
    QueueStep,
    SayStep,
    StepName,
    exits_of,
    prompts_of,
)
from ivr.problems import nearest
from ivr.source import Trail

Finding = tuple[Trail, str]


def unknown_steps(written: object) -> list[Finding]:
    """Return the names of steps that lead nowhere, in a flow as it is written.

    It takes what stands in the file, right or wrong, so that a wrong name is told
    together with everything else that is wrong.
    """
    flow = _mapping(written)
    steps = _mapping(flow.get("steps"))
    named: list[tuple[Trail, object]] = [
        ((field,), flow.get(field)) for field in ("entry", "person")
    ]
    for name, step in steps.items():
        options, here = _mapping(step), ("steps", name)
        named += [((*here, field), options.get(field)) for field in ("goto", "give_up")]
        keys = _mapping(options.get("keys"))
        named += [((*here, "keys", key), goto) for key, goto in keys.items()]
    return [
        (trail, f"no step is called {goto!r}{nearest(goto, steps)}")
        for trail, goto in named
        if isinstance(goto, str) and goto not in steps
    ]


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
    todo = [flow.entry, flow.person]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += exits_of(flow.steps[name], flow.person)
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


def _in_silence(flow: Flow, name: StepName) -> StepName | None:
    match flow.steps[name]:
        case SayStep() as step:
            return step.goto
        case MenuStep() as step:
            return step.give_up or flow.person
        case QueueStep() | HangUpStep():
            return None


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
        own = None if isinstance(step, QueueStep) else step.language
        language = own or flow.language
        for field, prompt in prompts_of(step).items():
            texts = prompt.texts()
            if texts and language not in texts:
                yield (
                    ("steps", name, field),
                    f"has no text in {language.value!r}, the language spoken here; "
                    f"write `{language.value}: …`",
                )
