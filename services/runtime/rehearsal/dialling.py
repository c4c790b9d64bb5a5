"""One round of a dial-test plan against a running instance, in the world as it is."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from ivr.flow_set import FlowSet
from services.flows.cases import WrittenCase, run
from services.flows.dial_plan import Business, DialPlan
from services.flows.script import Script, script_of
from services.flows.way import way_line
from services.phone.errors import PhoneError
from services.phone.softphone import Line, open_softphone
from services.runtime.instance import Instance
from services.runtime.rehearsal.facts_told import FactsTold, following
from services.runtime.rehearsal.playing import Caller, Difference, Played, play
from services.runtime.rehearsal.running import WITHHELD

_ANYBODY = WrittenCase.model_fields["caller"].default
LOST = "on the way"
"""The end of a call that went another way than its case."""


@dataclass(slots=True, kw_only=True)
class Dialled:
    """What became of the calls of one business."""

    business: Business
    played: list[Played] = field(default_factory=list)

    @property
    def expected(self) -> str:
        """Return where each must end."""
        return self.business.case.written.ends or ""

    @property
    def ends(self) -> Counter[str]:
        """Return where they ended, and how many there."""
        return Counter(one.end or LOST for one in self.played)

    @property
    def wrong(self) -> int:
        """Return how many did not end as they must."""
        return sum(one.end != self.expected for one in self.played)

    @property
    def differences(self) -> Iterator[tuple[Played, Difference]]:
        """Yield the calls that went another way, with where."""
        for one in self.played:
            if one.difference is not None:
                yield one, one.difference

    @property
    def set_up_s(self) -> float | None:
        """Return how long it took until they were answered, in the middle."""
        return _middle(one.set_up_s for one in self.played)

    @property
    def way_s(self) -> float | None:
        """Return how long the way took from there, in the middle."""
        return _middle(one.way_s for one in self.played)


async def dial(
    plan: DialPlan,
    found: Instance,
    flow_set: FlowSet,
    *,
    tell: Callable[[str], None],
) -> list[Dialled]:
    """Place the calls of a plan.

    Args:
        plan: Which.
        found: The instance.
        flow_set: The flows in force there, by which callers know when to press.
        tell: Told each call that is over, as a line of text.
    """
    dialled = [Dialled(business=business) for business in plan.businesses]
    callers = _callers()
    due = [(of, _caller_of(of.business, callers)) for of in _in_turn(dialled)]
    places = asyncio.Semaphore(plan.at_once)
    anybody = Line(user=WITHHELD, server=found.sip)
    async with (
        following(found.data) as told,
        open_softphone(anybody, calls=2 * plan.at_once) as phone,
    ):

        async def one(of: Dialled, number: str) -> None:
            line = Line(user=number, server=found.sip)
            case = of.business.case
            caller = Caller(phone=phone, line=line, number=case.written.number)
            async with places:
                played = await _placed(script_of(run(case, flow_set)), caller, told)
            of.played.append(played)
            tell(f"{of.business.name}: {played.end or LOST}")

        await asyncio.gather(*(one(of, number) for of, number in due))
    return dialled


async def _placed(script: Script, caller: Caller, told: FactsTold) -> Played:
    try:
        return await play(script, caller, told, line_of=way_line)
    except PhoneError as error:
        lost = Difference(after="", expected="a call", found=str(error))
        return Played(difference=lost)


def _in_turn(dialled: Sequence[Dialled]) -> Iterator[Dialled]:
    """Yield each as often as it is dialled, none many times one after the other."""
    for nth in range(max(it.business.calls for it in dialled)):
        yield from (it for it in dialled if it.business.calls > nth)


def _caller_of(business: Business, others: Iterator[str]) -> str:
    """Return who calls: who a case names, or somebody who never called before.

    Who calls again and again is led otherwise, and refused in the end.
    """
    caller = business.case.written.caller
    return next(others) if caller == _ANYBODY else caller or WITHHELD


def _callers() -> Iterator[str]:
    first = random.randrange(10_000_000)  # noqa: S311 - no secret
    return (f"139{(first + n) % 100_000_000:08}" for n in itertools.count())


def _middle(lengths: Iterable[float | None]) -> float | None:
    known = [length for length in lengths if length is not None]
    return round(median(known), 3) if known else None
