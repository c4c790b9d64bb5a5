"""A dial-test plan: a case for each business, and how many calls of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from ivr.problems import Problem, Refused, source_problems
from ivr.source import SourceRefused, Trail, read_source
from ivr.wording import nearest
from ivr.words import problem_at, read_as
from ivr.written import Part
from services.flows.cases import Case, Text

FILE_NAME = "dial.yaml"
"""Beside the folder of flows."""


class PlanRefused(Refused):
    """A plan cannot be dialled as it is written."""


class WrittenBusiness(Part):
    """Calls of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: Text
    """Its file and its name, as ``personas/P15 who says nothing``."""
    calls: Annotated[int, Field(ge=1, le=200)] = 1


class WrittenPlan(Part):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once: Annotated[int, Field(ge=1, le=60)] = 4
    """How many callers there are at a time."""
    businesses: Mapping[Text, WrittenBusiness] = Field(min_length=1, max_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """What callers want, the case that shows it, and how often it is dialled."""

    name: str
    case: Case
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """What is dialled in one round."""

    businesses: Sequence[Business]
    at_once: int


def load_plan(path: Path, cases: Sequence[Case]) -> DialPlan:
    """Read a plan.

    Args:
        path: The file.
        cases: All cases there are.

    Raises:
        PlanRefused: With every problem of the file.
    """
    try:
        source = read_source(path)
    except SourceRefused as refused:
        raise PlanRefused(source_problems(path, refused)) from None
    written = read_as(WrittenPlan, source, options_at=_options_at)
    if isinstance(written, list):
        raise PlanRefused(written)
    known = {case.key: case for case in cases}
    problems: list[Problem] = []
    found: list[Business] = []
    for name, one in written.businesses.items():
        where: Trail = ("businesses", name, "case")
        case = known.get(one.case)
        if case is None:
            what = f"no case is called {one.case!r}{nearest(one.case, known)}"
            problems.append(problem_at(source, where, what))
        elif not case.written.number or case.written.ends is None:
            what = f"case {one.case!r} has no number to dial, or does not say its end"
            problems.append(
                problem_at(source, where, f"{what}; add it, or take another")
            )
        else:
            found.append(Business(name=name, case=case, calls=one.calls))
    if problems:
        raise PlanRefused(problems)
    return DialPlan(businesses=found, at_once=written.at_once)


def _options_at(place: Trail) -> Sequence[str]:
    model = WrittenPlan if len(place) == 1 else WrittenBusiness
    return [*model.model_fields]
