"""Circumstances of rehearsed calls: each lives in the world of the case it plays."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cti_bridge.agi.line import Arrival
from ivr.turns import AskFailed, Found, NotFound, Question
from ivr.values import Values
from services.floor.floor import Floor, Number
from services.flows.cases import Case
from services.flows.walking import clock
from services.runtime.circumstances import Circumstances, number_of

_IN_NO_LINE: Values = {"wait.place": None, "wait.minutes": None}


class NotRehearsed(Exception):
    """A call came to a rehearsal that plays no case."""

    def __init__(self, name: str) -> None:
        """Say what was found."""
        super().__init__(
            f"caller {name!r}: plays no case; only ./tieline flow test calls here"
        )


def name_of(number: int) -> str:
    """Return the name by which a caller tells which of all cases is played."""
    return f"case {number}"


class Rehearsed:
    """Knows the cases, and which one a call plays by its caller's name."""

    def __init__(self, cases: Sequence[Case]) -> None:
        """Take all cases, in the order in which callers count them."""
        self._cases: Mapping[str, Case] = {
            name_of(number): case for number, case in enumerate(cases)
        }

    def __call__(
        self, came: Arrival, _floor: Floor, _number: Number, at: datetime
    ) -> Circumstances:
        """Return what is so; see ``CircumstancesOf``.

        The numbers are those that came over the line. All else is the case's.

        Raises:
            NotRehearsed: The caller plays no case.
        """
        case = self._cases.get(came.caller_name)
        if case is None:
            raise NotRehearsed(came.caller_name)

        def world(now: datetime) -> Values:
            # The case's clock goes on with the call. Its place in the line is the
            # case's too: others who rehearse stand in the same line.
            return {**_IN_NO_LINE, **clock(case.at + (now - at)), **case.around}

        return Circumstances(
            values={"caller": number_of(came), "number": came.number},
            world=world,
            back_office=_Office(case),
        )


class _Office:
    """Other systems as one call of a case finds them."""

    def __init__(self, case: Case) -> None:
        self._others = case.others()

    async def ask(
        self, _call_id: str, question: Question
    ) -> Found | NotFound | AskFailed:
        """Answer at once; see ``ivr.ports.BackOffice``."""
        return self._others.answer(question)
