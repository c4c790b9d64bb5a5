"""What is on record of one call's way through flows, as it is walked again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from acd.vocabulary.fact import FactOf
from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import (
    CallArrived,
    CallRouted,
    FlowEnded,
    FlowEnding,
    StepEntered,
    TraceOf,
)
from acd.vocabulary.offer_facts import CallClosed
from acd.vocabulary.open_facts import OpenQueueJoined

HANG_UP, LEFT, FAILED = "hang up", "left", "failed"
_ENDINGS: Mapping[FlowEnding, str] = {
    FlowEnding.COMPLETED: HANG_UP,
    FlowEnding.CALLER_LEFT: LEFT,
    FlowEnding.FAILED: FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One time that the call was at a step."""

    flow: str
    step: str
    at: datetime
    told: tuple[TraceOf, ...]
    """What was told of it there, in order."""

    @property
    def name(self) -> str:
        """Flow and step, as they are told of."""
        return f"{self.flow}.{self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One call on record."""

    call_id: str
    number: str
    """The number dialled."""
    caller: str
    version: int
    """Of the flows that led it; 0 of none that was published."""
    at: datetime
    """When it arrived."""
    entries: tuple[Entry, ...]
    end: str | None
    """``queue q_bill``, ``hang up``, ``left`` or ``failed``; None where the record says
    nothing of it, as of a call that goes on, or that the open queue took."""
    repeats: int | None = None
    """How often its number had called within two hours; None where nobody counted."""


def trace_of(facts: Iterable[Fact], *, repeats: int | None = None) -> Trace | None:
    """Return the trace of one call; None of one whose arrival is not on record.

    Args:
        facts: All of the call, in order.
        repeats: How often its number had called before it.
    """
    told = list(facts)
    arrived = next((it for it in told if isinstance(it, CallArrived)), None)
    if arrived is None:
        return None
    return Trace(
        call_id=arrived.call_id,
        number=arrived.number,
        caller=arrived.caller_number,
        version=arrived.flow_version,
        at=arrived.at,
        entries=tuple(_entries(_to_the_line(told))),
        end=end_of(told),
        repeats=repeats,
    )


def end_of(facts: Iterable[FactOf]) -> str | None:
    """Return where facts say that the walk ended; None where they do not."""
    is_closed = False
    for fact in facts:
        match fact:
            case CallRouted():
                return f"queue {fact.queue_id}"
            case FlowEnded():
                return _ENDINGS[fact.ending]
            case OpenQueueJoined():
                return None
            case CallClosed():
                is_closed = True
            case _:
                pass
    # Who hangs up may be gone before the flow tells so; other ends are told before.
    return LEFT if is_closed else None


def _to_the_line(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield what was told before the call first waited: the line decides the rest."""
    for fact in facts:
        yield fact
        if isinstance(fact, CallRouted):
            return


def _entries(facts: Iterable[Fact]) -> Iterator[Entry]:
    entered: StepEntered | None = None
    told: list[TraceOf] = []
    for fact in facts:
        if isinstance(fact, StepEntered):
            if entered is not None:
                yield _entry(entered, told)
            entered, told = fact, []
        elif isinstance(fact, TraceOf):
            told.append(fact)
    if entered is not None:
        yield _entry(entered, told)


def _entry(entered: StepEntered, told: Iterable[TraceOf]) -> Entry:
    return Entry(flow=entered.flow, step=entered.step, at=entered.at, told=tuple(told))
