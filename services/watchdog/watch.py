"""Looks at every component at its own pace, keeps the faults, and rings."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from services.watchdog.alarm import Told
from services.watchdog.bell import Bell
from services.watchdog.causes import cause_of
from services.watchdog.faults import FaultBook
from services.watchdog.light import (
    Change,
    Component,
    Light,
    Patience,
    Reading,
    worst,
)

log = structlog.get_logger(__name__)

PATIENT = Patience()
_LEAST_PAUSE_S = 0.05
_WELL = frozenset({Light.GREY, Light.GREEN})


class Look(Protocol):
    """Looks at one component once."""

    __name__: str

    async def __call__(self) -> Reading:
        """Return what was found; raise nothing that is of this world."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one component is looked at."""

    name: str
    look: Look
    period_s: float
    """From the beginning of one look to the next's."""
    limit_s: float
    """A look without a result by then is a bad one."""
    would_do: str
    """What an operator does then."""
    patience: Patience = PATIENT
    confirm_s: float | None = None
    """When to look again while it is not well; None means as always."""


class Watch:
    """What is known of all components of one instance."""

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        book: FaultBook,
        bell: Bell,
        now: Callable[[], datetime],
    ) -> None:
        """Begin with what the book says of faults that went on.

        Args:
            checks: What is looked at.
            book: Keeps faults.
            bell: Tells people.
            now: Tells the time, aware, UTC.
        """
        self._checks = checks
        self._book = book
        self._bell = bell
        self._now = now
        self._components = {check.name: self._begun(check.name) for check in checks}

    @property
    def light(self) -> Light:
        """The worst of all."""
        return worst([component.light for component in self._components.values()])

    async def run(self) -> None:
        """Look, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for check in self._checks:
                tasks.create_task(self._keep_looking(check), name=check.name)

    def as_dict(self) -> dict[str, Any]:
        """Return how things are, as JSON has it."""
        return {
            "light": self.light.value,
            "at": self._now().isoformat(),
            "alarm_problems": self._bell.problems,
            "fault_problem": self._book.problem,
            "components": [self._as_dict(one) for one in self._components.values()],
        }

    def _as_dict(self, component: Component) -> dict[str, Any]:
        fault = self._book.open.get(component.name)
        # While looks are counted, the light's own sentence stands in the fault.
        sentence = component.reading.sentence
        if fault is not None and component.reading.light is not component.light:
            sentence = fault.sentence
        return {
            "component": component.name,
            "light": component.light.value,
            "since": component.since.isoformat() if component.since else None,
            "sentence": sentence,
            "because": fault.because if fault else None,
            "figures": dict(component.reading.figures),
        }

    async def _keep_looking(self, check: Check) -> None:
        while True:
            began, at = time.monotonic(), self._now()
            reading = await self._look(check)
            self._take(check, reading, at)
            period_s = check.period_s
            lights = {reading.light, self._components[check.name].light}
            if lights - _WELL and check.confirm_s is not None:
                period_s = check.confirm_s
            took_s = time.monotonic() - began
            await asyncio.sleep(max(_LEAST_PAUSE_S, period_s - took_s))

    async def _look(self, check: Check) -> Reading:
        try:
            async with asyncio.timeout(check.limit_s):
                return await check.look()
        except TimeoutError:
            why = f"no answer within {check.limit_s:g} s; {check.would_do}"
            return Reading(light=Light.RED, sentence=f"{check.name}: {why}")
        except Exception as error:  # the top of this component's task
            log.exception("look_failed", component=check.name)
            why = f"the look itself failed, {error!r}; see log/watchdog.log"
            return Reading(light=Light.YELLOW, sentence=f"{check.name}: {why}")

    def _take(self, check: Check, reading: Reading, at: datetime) -> None:
        component = self._components[check.name]
        component, change = component.looked(reading, at, check.patience)
        self._components[check.name] = component
        self._book.write_again()
        if change is not None:
            self._tell(change)
        elif reading.is_news:
            self._book.amend(check.name, reading.sentence)

    def _tell(self, change: Change) -> None:
        failing = {
            one.name
            for one in self._components.values()
            if one.light not in _WELL or one.reading.light not in _WELL
        }
        because = None
        if change.after not in _WELL:
            because = cause_of(change.component, failing)
        fault = self._book.take(change, because=because)
        if fault is None:
            return  # it was not well known before, and is well
        told = Told(
            change=change,
            because=because or fault.because,
            duration_s=fault.duration_s,
        )
        self._bell.ring(told)

    def _begun(self, name: str) -> Component:
        fault = self._book.open.get(name)
        if fault is None:
            return Component(name=name)
        reading = Reading(light=fault.worst, sentence=fault.sentence)
        return Component(
            name=name, light=fault.worst, since=fault.began_at, reading=reading
        )
