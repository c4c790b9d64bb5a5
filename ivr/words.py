"""What pydantic found wrong, turned into problems with a place and a way out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ivr.problems import Problem, nearest
from ivr.source import Source, Trail
from ivr.written import FILE_NAME, KEY, KEYS, NAME, NUMBER, PLAIN

Model = TypeVar("Model", bound=BaseModel)
NAME_WORDS = "a name of a to z, 0 to 9 and _, at most 40 long"
PATTERNS: Mapping[str, str] = {
    NAME: NAME_WORDS,
    KEY: f"one key of {KEYS}",
    NUMBER: "a number that can be dialled here, of 1 to 15 digits",
    PLAIN: "text without control characters",
    FILE_NAME: "a file below the folder of prompts, without its suffix",
}
"""Patterns in words, for every pattern that a written file is held against."""

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
        ]


def problem_at(source: Source, trail: Trail, what: str) -> Problem:
    """Return a problem at a place of a file, with its line."""
    return Problem(file=source.file, line=source.line(trail), trail=trail, what=what)


def _place(found: Mapping[str, Any]) -> Trail:
    return tuple(str(part) for part in found["loc"] if part != "[key]")


def _what(
    found: Mapping[str, Any],
    *,
    options_at: OptionsAt,
    patterns: Mapping[str, str],
) -> str:
    got = f"got {_short(found['input'])}"
    message = str(found["msg"])
    match found["type"]:
        case "extra_forbidden":
            place = _place(found)
            return f"is not an option here{nearest(place[-1], options_at(place))}"
        case "missing":
            return "is required, got nothing"
        case "string_pattern_mismatch":
            return f"should be {patterns[found['ctx']['pattern']]}, {got}"
        case "expression" | "template":
            return f"{message}, in {_short(found['input'])}"
        case "prompt_choice" | "step_kind" | "digits_range":
            problem, _, way_out = message.partition("; ")
            return f"{problem}, got {_options(found['input'])}; {way_out}"
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            return f"should be a mapping of options, {got}"
        case "tuple_type" | "list_type":
            return f"should be a list as in `[a, b]`, {got}"
        case "enum" | "literal_error":
            return f"should be {found['ctx']['expected']}, {got}"
        case _:
            return f"{message[:1].lower()}{message[1:]}, {got}"


def _options(value: object) -> str:
    """Return which options were written."""
    if not isinstance(value, Mapping):
        return _short(value)
    return ", ".join(repr(str(option)) for option in value) or "nothing"


def _short(value: object) -> str:
    """Return what was found, cut where it would fill the screen."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
