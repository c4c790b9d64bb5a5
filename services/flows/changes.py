"""What is otherwise for callers in one set of flows than in another, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ivr.sounds import Language
from ivr.source import parse_source
from ivr.steps import KINDS
from ivr.wording import Wording, told

Place = tuple[str, ...]
_LANGUAGES = frozenset(language.value for language in Language)
_SPOKEN = {Language.ZH.value: "中文", Language.EN.value: "英文"}
_SHOWN = 60
"""How much of a text is shown."""


NOTHING = Wording(en="nothing is otherwise", zh="没有变化")


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Wording]:
    """Return what is otherwise in ``after``, one sentence each; one when nothing is.

    It looks at what is written, not at what it means today: an older version may be
    in a form that would be refused now.

    Args:
        before: Text of each file by its name, all of them YAML.
        after: The same of the other set.

    Raises:
        SourceRefused: A file is not the YAML that is ever published.
    """
    found: list[Wording] = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        one, other = _read(before, name), _read(after, name)
        if "/" in name:
            found += _of_flow(PurePath(name).stem, one, other)
        else:
            found += (_at(name, it) for it in _of_values(one, other))
    return found or [NOTHING]


def _read(files: Mapping[str, str], name: str) -> Any:  # noqa: ANN401 - as written
    text = files.get(name)
    return None if text is None else read_flow(text, name)


def _at(where: str, what: Wording) -> Wording:
    """Put the place before a sentence."""
    return Wording(en=f"{where}: {what}", zh=f"{where}: {what.zh}")


def _of_flow(name: str, before: Any, after: Any) -> Iterator[Wording]:  # noqa: ANN401 - as written
    if before is None:
        many, zh = _count(after["steps"]), len(after["steps"])
        new = Wording(en=f"is a new flow of {many}", zh=f"新流程，共 {zh} 步")
        yield _at(name, new)
        return
    if after is None:
        many, zh = _count(before["steps"]), len(before["steps"])
        gone = Wording(en=f"is gone, a flow of {many}", zh=f"流程已删除，原有 {zh} 步")
        yield _at(name, gone)
        return
    steps, old = after["steps"], before["steps"]
    known = steps.keys() | old.keys()
    for place, was, now in _differences(_rest(before), _rest(after)):
        yield _at(name, _worded(place, was, now, known))
    for step in [*steps, *(it for it in old if it not in steps)]:
        for what in _of_step(step, old, steps, known):
            yield _at(f"{name} → {step}", what)


def _of_step(
    step: str, old: Mapping[str, Any], steps: Mapping[str, Any], known: set[str]
) -> Iterator[Wording]:
    if step not in old:
        does, reached = words_of(steps[step]), _reached(step, steps)
        yield Wording(en=f"is new, {does}{reached}", zh=f"新步骤，{does}{reached.zh}")
    elif step not in steps:
        did = words_of(old[step])
        yield Wording(en=f"is gone, {did}", zh=f"已删除，原为 {did}")
    elif kind_of(old[step]) != kind_of(steps[step]):
        does, did = words_of(steps[step]), words_of(old[step])
        yield Wording(en=f"is {does}, was {did}", zh=f"改为 {does}，原为 {did}")
    else:
        for place, was, now in _differences(old[step], steps[step]):
            yield _worded(place, was, now, known)


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


def _reached(name: str, steps: Mapping[str, Any]) -> Wording:
    """Return how callers come to a step, as far as it is written."""
    ways = []
    for other, step in steps.items():
        for place, value in leaves(step):
            if value != name or place[0] == kind_of(step):
                continue
            if place[0] == "keys":
                by = Wording(
                    en=f"key {place[1]} at {other}", zh=f"{other} 的按键 {place[1]}"
                )
            else:
                by = Wording(en=other, zh=other)
            ways.append(by)
    if not ways:
        return Wording(en="", zh="")
    zh = "、".join(told(it, Language.ZH) for it in ways)
    return Wording(en=f"; reached by {', '.join(ways)}", zh=f"；由 {zh} 进入")


def _of_values(before: Any, after: Any) -> Iterator[Wording]:  # noqa: ANN401 - as written
    for place, was, now in _differences(before or {}, after or {}):
        yield _worded(place, was, now, set())


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


def _worded(place: Place, was: str | None, now: str | None, steps: set[str]) -> Wording:
    match place:
        case ("keys", key):
            return _of_key(key, was, now)
        case (*prompt, language) if language in _LANGUAGES and prompt:
            who = "" if prompt[0] in KINDS else f"{' → '.join(prompt)} "
            return _of_text(who, language, was, now)
        case _:
            leads = {was, now} - {None} <= steps
            return _of_field(" → ".join(place), leads, was, now)


def _of_key(key: str, was: str | None, now: str | None) -> Wording:
    if was is None:
        return Wording(
            en=f"key {key} is new, it leads to {now}",
            zh=f"新增按键 {key}，转到 {now}",
        )
    if now is None:
        return Wording(
            en=f"key {key} leads nowhere any more, it led to {was}",
            zh=f"按键 {key} 已取消，原来转到 {was}",
        )
    return Wording(
        en=f"key {key} leads to {now}, it led to {was}",
        zh=f"按键 {key} 转到 {now}，原来转到 {was}",
    )


def _of_text(who: str, language: str, was: str | None, now: str | None) -> Wording:
    says = f"{who}says in {language}"
    says_zh = f"{who}{_SPOKEN[language]}播报"
    if was is None:
        text = _short(now)
        return Wording(
            en=f"{says} {text}, and said nothing in it",
            zh=f"{says_zh}新增 {text}",
        )
    if now is None:
        text = _short(was)
        return Wording(
            en=f"{says} nothing any more, it said {text}",
            zh=f"{says_zh}已取消，原为 {text}",
        )
    begin = _apart(was, now)
    text, old = _short(now, begin), _short(was, begin)
    return Wording(
        en=f"{says} {text}, it said {old}", zh=f"{says_zh}改为 {text}，原为 {old}"
    )


def _of_field(name: str, leads: bool, was: str | None, now: str | None) -> Wording:
    is_now, it_was = ("leads to", "led to") if leads else ("is", "was")
    to = "转到" if leads else "为"
    if was is None:
        return Wording(
            en=f"{name} {is_now} {now}, it was not written",
            zh=f"{name} {to} {now}，原来没有写",
        )
    if now is None:
        return Wording(
            en=f"{name} is not written any more, it {it_was} {was}",
            zh=f"{name} 不再写明，原来{to} {was}",
        )
    return Wording(
        en=f"{name} {is_now} {now}, it {it_was} {was}",
        zh=f"{name} {to} {now}，原来{to} {was}",
    )


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
