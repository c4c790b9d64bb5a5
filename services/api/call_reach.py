"""Which calls somebody may see, and how much of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, Self, TypeVar

from fastapi import Depends, Request

from acd.vocabulary.ids import AgentId, Place
from services.api.ports import CallView
from services.api.problems import UnknownRecord
from services.api.rights import OfAsker, of_call, refused
from services.people.rights import Asker, Right, Thing, extent, holds, may
from services.store.queries import CallsOf


class _Shown(Protocol):
    caller_number: str
    caller_name: str

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


_Out = TypeVar("_Out", bound=_Shown)
_SHOWN_DIGITS = 2


class CallReach:
    """What one who asks may know of calls."""

    def __init__(self, request: Request, asker: Asker) -> None:
        """Look at their rights."""
        self._request = request
        self._asker = asker

    def bounds(self, right: Right = Right.SEE_CALLS) -> tuple[CallsOf, ...]:
        """Return all calls on record that a right of theirs reaches."""
        found = extent(self._asker, right)
        of_scopes = tuple(
            CallsOf(province=one.province, unit=one.unit, queue_id=one.queue_id)
            for one in found.scopes
        )
        if found.agent_id is None:
            return of_scopes
        return (*of_scopes, CallsOf(agent_id=found.agent_id))

    def covers(self, view: CallView, right: Right = Right.SEE_CALLS) -> bool:
        """Tell whether a right of theirs reaches a live call."""
        return may(self._asker, right, of_call(view)).is_allowed

    def shown(self, out: _Out, thing: Thing) -> _Out:
        """Return a call as they may see it: caller's number and name maybe masked."""
        if may(self._asker, Right.SEE_NUMBERS, thing).is_allowed:
            return out
        return masked(out)

    def must_know_numbers(self) -> None:
        """See that they may look for a caller's number.

        Raises:
            NoRight: Whom it finds would tell whose it is.
        """
        right = Right.SEE_NUMBERS
        if not holds(self._asker, right):
            why = f"no role of {self._asker.name!r} has the right {right.value}"
            raise refused(self._request, self._asker, right, why)

    def must(self, right: Right, thing: Thing, call_id: str) -> None:
        """See that they may do something to a call.

        Raises:
            UnknownRecord: They may not, and shall not learn that there is one.
        """
        verdict = may(self._asker, right, thing)
        if not verdict.is_allowed:
            refused(self._request, self._asker, right, verdict.why_not)
            raise UnknownRecord(call_id)


async def reach_of(request: Request, asker: OfAsker) -> CallReach:
    """Return what one who asks may know of calls."""
    return CallReach(request, asker)


OfReach = Annotated[CallReach, Depends(reach_of)]


def of_row(row: Mapping[str, Any]) -> Thing:
    """Return a call on record as something that rights are about."""
    agent_id = row["agent_id"]
    return Thing(
        place=Place(province=row["province"], unit=row["unit"]),
        queue_id=row["queue_id"],
        agent_id=None if agent_id is None else AgentId(agent_id),
    )


def masked(out: _Out) -> _Out:
    """Leave of a caller's number its last two digits, and of the name nothing."""
    number, name = out.caller_number, out.caller_name
    told = {
        "caller_number": f"***{number[-_SHOWN_DIGITS:]}" if number else "",
        "caller_name": "***" if name else "",
    }
    return out.model_copy(update=told)
