"""How one component is: green, yellow or red, and what it takes to change that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Light(StrEnum):
    """How a component is, as told to people."""

    GREY = "grey"
    """Not looked at yet, or there is nothing to look at."""
    GREEN = "green"
    YELLOW = "yellow"
    """Works, but will not for long."""
    RED = "red"
    """Does not do its work."""


_BADNESS = {Light.GREY: 0, Light.GREEN: 1, Light.YELLOW: 2, Light.RED: 3}


def worst(lights: "list[Light]") -> Light:
    """Return the worst of some lights; grey for none."""
    return max(lights, key=_BADNESS.__getitem__, default=Light.GREY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one look at a component found."""

    light: Light
    sentence: str
    """What is so; where it is not green, what is wrong and what would do."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was measured, with the unit in each name."""
    is_news: bool = False
    """Whether its sentence is to be kept also where the light stays the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many looks in a row it takes: against flapping."""

    worse_after: int = 2
    better_after: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A component changed its light."""

    component: str
    before: Light
    after: Light
    at: datetime
    """When the first of the looks that say so was taken."""
    sentence: str

    @property
    def is_worse(self) -> bool:
        """Whether it was better before."""
        return _BADNESS[self.after] > _BADNESS[self.before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing that is looked at, and what the looks have come to."""

    name: str
    light: Light = Light.GREY
    since: datetime | None = None
    """Since when it has this light; None before the first look."""
    reading: Reading = Reading(light=Light.GREY, sentence="not looked at yet")
    """The newest."""
    run: tuple[Reading, ...] = ()
    """The looks in a row that were all worse, or all better, than the light."""
    run_from: datetime | None = None

    def looked(
        self, reading: Reading, at: datetime, patience: Patience
    ) -> "tuple[Component, Change | None]":
        """Take in one look.

        Between worse and better looks in turn the light stays as it is. Of a run that
        is long enough the mildest counts when it gets worse, and the worst when it
        gets better.

        Args:
            reading: What was found.
            at: When the look was begun.
            patience: How long a run must be.

        Returns:
            The component as it is then, and the change if there was one.
        """
        is_worse = _BADNESS[reading.light] > _BADNESS[self.light]
        if reading.light is self.light:
            same = replace(self, reading=reading, run=(), run_from=None)
            return replace(same, since=self.since or at), None
        going_on = bool(self.run) and is_worse == self._run_is_worse
        run = (*self.run, reading) if going_on else (reading,)
        begun = self.run_from if going_on and self.run_from else at
        on = replace(self, reading=reading, run=run, run_from=begun)
        # What was never looked at is well with the first look that says so.
        is_first_green = self.light is Light.GREY and reading.light is Light.GREEN
        wanted = patience.worse_after if is_worse else patience.better_after
        if len(run) < wanted and not is_first_green:
            return on, None
        choose = min if is_worse else max
        # The newest of those that are as bad.
        counts = choose(reversed(run), key=lambda one: _BADNESS[one.light])
        change = Change(
            component=self.name,
            before=self.light,
            after=counts.light,
            at=begun,
            sentence=counts.sentence,
        )
        settled = replace(on, light=counts.light, since=begun, run=(), run_from=None)
        return settled, change

    @property
    def _run_is_worse(self) -> bool:
        return _BADNESS[self.run[0].light] > _BADNESS[self.light]
