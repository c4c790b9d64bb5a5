"""What pydantic found wrong, turned into problems with a place and a way out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr.problems import Problem
from ivr.sounds import Language
from ivr.source import Source, Trail
from ivr.wording import Wording, nearest, told
from ivr.written import CHOICE, FILE_NAME, KEY, KEYS, NAME, NUMBER, PLAIN

Model = TypeVar("Model", bound=BaseModel)
NAME_WORDS = Wording(
    en="a name of a to z, 0 to 9 and _, at most 40 long",
    zh="由 a 到 z、0 到 9 和 _ 组成的名称，最长 40 个字符",
)
PATTERNS: Mapping[str, str] = {
    NAME: NAME_WORDS,
    KEY: Wording(en=f"one key of {KEYS}", zh=f"{KEYS} 中的一个按键"),
    CHOICE: Wording(
        en=f"one key of {KEYS}, or the name of a step",
        zh=f"{KEYS} 中的一个按键，或一个步骤的名称",
    ),
    NUMBER: Wording(
        en="a number that can be dialled here, of 1 to 15 digits",
        zh="本系统可以拨打的号码，1 到 15 位数字",
    ),
    PLAIN: Wording(en="text without control characters", zh="不含控制字符的文字"),
    FILE_NAME: Wording(
        en="a file below the folder of prompts, without its suffix",
        zh="语音文件夹中的文件，不带后缀",
    ),
}
"""Patterns in words, for every pattern that a written file is held against."""

_CUT = Wording(
    en="is no option: a comma within { } ends a text; put the whole text in quotes",
    zh="不是选项：{ } 里的英文逗号会截断文字；请给整段文字加上引号",
)

OptionsAt = Callable[[Trail], Iterable[str]]
"""Says which options there are beside a place that is none."""
TrailOf = Callable[[Trail], Trail]
"""Turns pydantic's place into the one that is written in the file."""


def read_as(
    model: type[Model],
    source: Source,
    *,
    options_at: OptionsAt,
    trail_of: TrailOf = lambda place: place,
    patterns: Mapping[str, str] = PATTERNS,
) -> Model | list[Problem]:
    """Return a file's contents as a model, or everything that is wrong with it.

    Args:
        model: What it should be.
        source: The file.
        options_at: For what is written where no such option is.
        trail_of: For models whose parts have names that are not in the file.
        patterns: What each pattern in the model asks for, in words.
    """
    try:
        return model.model_validate(source.value)
    except ValidationError as error:
        return [
            problem_at(
                source,
                trail_of(_place(found)),
                _what(found, options_at=options_at, patterns=patterns),
            )
            for found in error.errors(include_url=False)
            if not _is_of_its_parts(found)
        ]


def problem_at(source: Source, trail: Trail, what: str) -> Problem:
    """Return a problem at a place of a file, with its line."""
    return Problem(file=source.file, line=source.line(trail), trail=trail, what=what)


def is_cut_text(name: str) -> bool:
    """Tell whether a name is the rest of a text that a comma cut in two."""
    return " " in name or name.endswith((".", "?", "!", "。", "！", "？"))


def _is_of_its_parts(found: Mapping[str, Any]) -> bool:
    """Tell whether a list is too short only because what is in it is wrong."""
    if found["type"] != "too_short":
        return False
    return int(found["ctx"]["actual_length"] or 0) < len(found["input"])


def _place(found: Mapping[str, Any]) -> Trail:
    return tuple(str(part) for part in found["loc"] if part != "[key]")


def _what(
    found: Mapping[str, Any],
    *,
    options_at: OptionsAt,
    patterns: Mapping[str, str],
) -> Wording:
    place = _place(found)
    got = _short(found["input"])
    limits = found.get("ctx", {})
    match found["type"]:
        case "extra_forbidden":
            if is_cut_text(place[-1]):
                return _CUT
            hint = nearest(place[-1], options_at(place))
            return Wording(
                en=f"is not an option here{hint}", zh=f"这里没有这个选项{hint.zh}"
            )
        case "missing":
            return Wording(en="is required, got nothing", zh="必须填写，但没有写")
        case "string_pattern_mismatch":
            form = patterns[limits["pattern"]]
            return _should(form, got, zh=told(form, Language.ZH))
        case "expression" | "template":
            why = limits["why"]
            return Wording(en=f"{why}, in {got}", zh=f"{why.zh}（原文：{got}）")
        case "prompt_choice" | "step_kind":
            return _way_out(limits["why"], found["input"])
        case "digits_range":
            why = limits["why"]
            return Wording(en=_way_out(why, found["input"]), zh=why.zh)
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            return _should("a mapping of options", got, zh="一组 `名称: 值`")
        case "tuple_type" | "list_type":
            return _should("a list as in `[a, b]`", got, zh="列表，如 `[a, b]`")
        case "enum" | "literal_error":
            options = str(limits["expected"])
            zh = options.replace(", ", "、").replace(" or ", " 或 ")
            return _should(options, got, zh=zh)
        case _:
            message = str(found["msg"])
            zh = told(limits["why"], Language.ZH) if "why" in limits else _zh(found)
            en = f"{message[:1].lower()}{message[1:]}, got {got}"
            return Wording(en=en, zh=f"{zh}，实际为 {got}")


def _should(form: str, got: str, *, zh: str) -> Wording:
    # Between Chinese and other letters stands a space.
    space = "" if zh[0] > "\u2e80" else " "
    return Wording(
        en=f"should be {form}, got {got}", zh=f"应为{space}{zh}，实际为 {got}"
    )


def _way_out(why: Wording, written: object) -> Wording:
    """Put what was written between what is wrong and what would do."""
    problem, _, way_out = why.partition("; ")
    problem_zh, _, way_out_zh = why.zh.partition("；")
    got = _options(written)
    got_zh = f"实际写了 {'、'.join(got)}" if got else "实际什么都没写"
    return Wording(
        en=f"{problem}, got {', '.join(got) or 'nothing'}; {way_out}",
        zh=f"{problem_zh}，{got_zh}；{way_out_zh}",
    )


def _zh(found: Mapping[str, Any]) -> str:
    """Return in Chinese what pydantic itself says; it speaks English alone."""
    limits = found.get("ctx", {})
    kind = str(found["type"])
    for part, words in _KINDS_ZH.items():
        if kind.startswith(part):
            return words.format(**limits)
    return f"不符合要求（{found['msg']}）"


_KINDS_ZH: Mapping[str, str] = {
    "greater_than_equal": "应大于或等于 {ge:g}",
    "greater_than": "应大于 {gt:g}",
    "less_than_equal": "应小于或等于 {le:g}",
    "less_than": "应小于 {lt:g}",
    "finite_number": "应为有限的数字",
    "int_": "应为整数",
    "float_": "应为数字",
    "bool_": "应为 true 或 false",
    "string_too_short": "至少要有 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_": "应为文字",
    "too_short": "至少要有 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "datetime_": "应为日期和时间，如 `2026-10-01 08:30`",
    "date_": "应为日期，如 `2026-10-01`",
}
"""What pydantic finds, by how it calls that; the first that fits is taken."""


def _options(value: object) -> list[str]:
    """Return which options were written."""
    if not isinstance(value, Mapping):
        return [_short(value)]
    return [repr(str(option)) for option in value]


def _short(value: object) -> str:
    """Return what was found, cut where it would fill the screen."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
