"""What is otherwise for callers in one set of flows than in another, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ivr.sounds import Language
from ivr.source import parse_source
from ivr.steps import KINDS

Place = tuple[str, ...]
_LANGUAGES = frozenset(language.value for language in Language)
_SHOWN = 60
"""How much of a text is shown."""


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return what is otherwise in ``after``, one sentence each; one when nothing is.

    It looks at what is written, not at what it means today: an older version may be
    in a form that would be refused now.

    Args:
        before: Text of each file by its name, all of them YAML.
        after: The same of the other set.

    Raises:
        SourceRefused: A file is not the YAML that is ever published.
    """
    told: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        one, other = _read(before, name), _read(after, name)
        if "/" in name:
            told += _of_flow(PurePath(name).stem, one, other)
        else:
            told += (f"{name}: {it}" for it in _of_values(one, other))
    return told or ["nothing is otherwise"]


def _read(files: Mapping[str, str], name: str) -> Any:  # noqa: ANN401 - as written
    text = files.get(name)
    return None if text is None else read_flow(text, name)


def _of_flow(name: str, before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - as written
    if before is None:
        yield f"{name}: is a new flow of {_count(after['steps'])}"
        return
    if after is None:
        yield f"{name}: is gone, a flow of {_count(before['steps'])}"
        return
    steps, old = after["steps"], before["steps"]
    known = steps.keys() | old.keys()
    for place, was, now in _differences(_rest(before), _rest(after)):
        yield f"{name}: {_worded(place, was, now, known)}"
    for step in [*steps, *(it for it in old if it not in steps)]:
        where = f"{name} → {step}"
        if step not in old:
            yield f"{where}: is new, {words_of(steps[step])}{_reached(step, steps)}"
        elif step not in steps:
            yield f"{where}: is gone, {words_of(old[step])}"
        elif kind_of(old[step]) != kind_of(steps[step]):
            yield f"{where}: is {words_of(steps[step])}, was {words_of(old[step])}"
        else:
            for place, was, now in _differences(old[step], steps[step]):
                yield f"{where}: {_worded(place, was, now, known)}"


def _count(steps: Mapping[str, Any]) -> str:
    return "1 step" if len(steps) == 1 else f"{len(steps)} steps"


def _rest(flow: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in flow.items() if name != "steps"}


def read_flow(text: str, name: str) -> Any:  # noqa: ANN401 - as written
    """Return a flow as it is written.

    Raises:
        SourceRefused: It is not the YAML that is ever published.
    """
    return parse_source(text.encode(), file=name).value


def kind_of(step: Mapping[str, Any]) -> str:
    """Return the key of a step that says what it does; empty where none is known."""
    return next((kind for kind in KINDS if kind in step), "")


def words_of(step: Mapping[str, Any]) -> str:
    """Return in words what a step does."""
    kind = kind_of(step)
    value = step.get(kind)
    if isinstance(value, str):
        return f"{kind} {value}"
    texts = [
        text for place, text in leaves(value) if place[-1:] and isinstance(text, str)
    ]
    return f"{kind} {_short(texts[0])}" if texts else kind


def _reached(name: str, steps: Mapping[str, Any]) -> str:
    """Return how callers come to a step, as far as it is written."""
    ways = []
    for other, step in steps.items():
        for place, value in leaves(step):
            if value == name and place[0] != kind_of(step):
                by = f"key {place[1]} at {other}" if place[0] == "keys" else f"{other}"
                ways.append(by)
    return f"; reached by {', '.join(ways)}" if ways else ""


def _of_values(before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - as written
    for place, was, now in _differences(before or {}, after or {}):
        yield _worded(place, was, now, frozenset())


def _differences(before: Any, after: Any) -> Iterator[tuple[Place, Any, Any]]:  # noqa: ANN401 - as written
    one, other = dict(leaves(before)), dict(leaves(after))
    for place in [*other, *(it for it in one if it not in other)]:
        if one.get(place) != other.get(place):
            yield place, one.get(place), other.get(place)


def leaves(value: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401 - as written
    """Return each text that is written in a value, with its place in it."""
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from leaves(inner, (*here, name))
        case str():
            yield here, value
        case Sequence() if any(not isinstance(it, str) for it in value):
            for nth, inner in enumerate(value, 1):
                yield from leaves(inner, (*here, str(nth)))
        case None:
            pass
        case _:
            yield here, f"[{', '.join(map(str, value))}]"


def _worded(
    place: Place,
    was: str | None,
    now: str | None,
    steps: frozenset[str] | set[str],
) -> str:
    match place:
        case ("keys", key):
            return _of_key(key, was, now)
        case (*prompt, language) if language in _LANGUAGES and prompt:
            who = "" if prompt[0] in KINDS else f"{' → '.join(prompt)} "
            return _of_text(who, f"says in {language}", was, now)
        case _:
            name = " → ".join(place)
            leads = "leads to" if {was, now} - {None} <= steps else "is"
            return _of_field(name, leads, was, now)


def _of_key(key: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"key {key} is new, it leads to {now}"
    if now is None:
        return f"key {key} leads nowhere any more, it led to {was}"
    return f"key {key} leads to {now}, it led to {was}"


def _of_text(who: str, says: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"{who}{says} {_short(now)}, and said nothing in it"
    if now is None:
        return f"{who}{says} nothing any more, it said {_short(was)}"
    begin = _apart(was, now)
    return f"{who}{says} {_short(now, begin)}, it said {_short(was, begin)}"


def _of_field(name: str, leads: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"{name} {leads} {now}, it was not written"
    if now is None:
        return f"{name} is not written any more, it {_was(leads)} {was}"
    return f"{name} {leads} {now}, it {_was(leads)} {was}"


def _was(leads: str) -> str:
    return "was" if leads == "is" else "led to"


def _apart(was: str, now: str) -> int:
    """Return from where on two texts are shown: a little before they differ."""
    same = next(
        (n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b),
        min(len(was), len(now)),
    )
    return max(0, same - _SHOWN // 3)


def _short(text: str | None, begin: int = 0) -> str:
    cut = (text or "")[begin : begin + _SHOWN]
    before = "…" if begin else ""
    after = "…" if len(text or "") > begin + _SHOWN else ""
    return f"'{before}{cut}{after}'"
