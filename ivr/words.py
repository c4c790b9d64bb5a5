"""What pydantic found wrong, turned into problems with a place and a way out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr.flow import FILE_NAME, KEY, KEYS, NAME
from ivr.problems import Problem, nearest
from ivr.source import Source, Trail

Model = TypeVar("Model", bound=BaseModel)
NAME_WORDS = "a name of a to z, 0 to 9 and _, at most 40 long"
PATTERNS: Mapping[str, str] = {
    NAME: NAME_WORDS,
    KEY: f"one key of {KEYS}",
    FILE_NAME: "a file below the folder of prompts, without its suffix",
}
"""Patterns in words, for every pattern that a written file is held against."""

OptionsAt = Callable[[Trail], Iterable[str]]
"""Says which options there are beside a place that is none."""
TrailOf = Callable[[Trail], Trail]
"""Turns pydantic's place into the one that is written in the file."""


def read_as(
    model: type[Model], source: Source, *, options_at: OptionsAt, trail_of: TrailOf
) -> Model | list[Problem]:
    """Return a file's contents as a model, or everything that is wrong with it."""
    try:
        return model.model_validate(source.value)
    except ValidationError as error:
        return [
            _problem(source, found, options_at=options_at, trail_of=trail_of)
            for found in error.errors(include_url=False)
        ]


def problem_at(source: Source, trail: Trail, what: str) -> Problem:
    """Return a problem at a place of a file, with its line."""
    return Problem(file=source.file, line=source.line(trail), trail=trail, what=what)


def _problem(
    source: Source,
    found: Mapping[str, Any],
    *,
    options_at: OptionsAt,
    trail_of: TrailOf,
) -> Problem:
    place = tuple(str(part) for part in found["loc"] if part != "[key]")
    trail = trail_of(place)
    match found["type"]:
        case "extra_forbidden":
            hint = nearest(trail[-1], options_at(place))
            what = f"is not an option here{hint}"
        case "missing":
            what = "is required, got nothing"
        case "string_pattern_mismatch":
            should = PATTERNS[found["ctx"]["pattern"]]
            what = f"should be {should}, got {_short(found['input'])}"
        case "prompt_choice" | "step_kind":
            problem, _, way_out = str(found["msg"]).partition("; ")
            what = f"{problem}, got {_options(found['input'])}; {way_out}"
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            what = f"should be a mapping of options, got {_short(found['input'])}"
        case "tuple_type" | "list_type":
            what = f"should be a list as in `[a, b]`, got {_short(found['input'])}"
        case "enum":
            expected = found["ctx"]["expected"]
            what = f"should be {expected}, got {_short(found['input'])}"
        case _:
            message = str(found["msg"])
            said = message[:1].lower() + message[1:]
            what = f"{said}, got {_short(found['input'])}"
    return problem_at(source, trail, what)


def _options(value: object) -> str:
    """Return which options were written."""
    if not isinstance(value, Mapping):
        return _short(value)
    return ", ".join(repr(str(option)) for option in value) or "nothing"


def _short(value: object) -> str:
    """Return what was found, cut where it would fill the screen."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
