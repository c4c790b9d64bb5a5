"""Tells the switch which numbers lead to full queues only, and asks whom it refused."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn

import structlog

from acd.core.floor import Floor as LiveFloor
from acd.vocabulary.ids import QueueId
from acd.vocabulary.states import CallState
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import AmiError
from ivr.flow_set import FlowSet
from ivr.steps import QueueStep
from services.floor.admission import gate_of
from services.floor.floor import Floor
from services.runtime.in_force import InForce

log = structlog.get_logger()

EVERY_S: Final = 1.0
HOLDS_S: Final = 3
"""For how long the switch believes that a number is full: an engine that is away must
not keep callers out."""

REASONS: Final = ("RATE", "NUMBER", "CALLER", "LINES", "QUEUE")
"""Why the dialplan refuses: the rate of all, of the number, of the caller; no line is
free; the number's queues are full."""
_WAITING: Final = (CallState.QUEUED, CallState.OFFERED)


class Door:
    """Keeps admission, which the dialplan decides, up with the floor."""

    def __init__(
        self,
        current: InForce,
        live: LiveFloor,
        *,
        link: Callable[[], Connection | None],
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """Join it with its surroundings.

        Args:
            current: Numbers, flows and the queues' limits.
            live: Who waits.
            link: The live link to the switch, None while there is none.
            wall_s: The wall clock, which the dialplan reads too: not our own, which
                does not follow when it is set.
        """
        self._current = current
        self._live = live
        self._link = link
        self._wall_s = wall_s
        self._shut: frozenset[str] = frozenset()
        self.refused: Mapping[str, int] = {}
        """Calls refused since the switch started, by reason; none before it is asked.
        Two refused in the same microseconds may be counted as one."""

    async def run(self) -> NoReturn:
        """Look after it each second, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            link = self._link()
            if link is None:
                continue
            try:
                await self.keep(link)
            except AmiError as error:
                # What stands in the switch grows old by itself.
                log.warning("door_not_kept", reason=str(error))

    async def keep(self, link: Connection) -> None:
        """Tell the switch once which numbers are full, and ask whom it refused.

        Raises:
            AmiError: It did not answer.
        """
        await self._tell(link)
        await self._ask(link)

    async def _tell(self, link: Connection) -> None:
        full = full_numbers(self._current.floor, self._live)
        if full != self._shut:
            log.warning("numbers_full", numbers=sorted(full))
        until = str(int(self._wall_s()) + HOLDS_S)
        for number in sorted(full | self._shut):
            name = f"CC_FULL_{gate_of(number)}"
            value = until if number in full else "0"
            await link.act("Setvar", {"Variable": name, "Value": value})
        self._shut = full

    async def _ask(self, link: Connection) -> None:
        if await _count(link, "CC_REFUSED") == sum(self.refused.values()):
            return
        told = {why: await _count(link, f"CC_REFUSED_{why}") for why in REASONS}
        if told != self.refused:
            log.info("calls_refused", **{why.lower(): n for why, n in told.items()})
        self.refused = told


def full_numbers(floor: Floor, live: LiveFloor) -> frozenset[str]:
    """Return the numbers whose callers could come to full queues only.

    Those with reserved lines are never full: danger is always taken in.
    """
    waits = Counter(
        call.queue_id for call in live.calls.values() if call.state in _WAITING
    )
    full = {
        queue_id
        for queue_id, policy in floor.policy.queues.items()
        if waits[queue_id] >= policy.max_waiting
    }
    if not full:
        return frozenset()
    flow_set = floor.flow_set
    return frozenset(
        number.number
        for number in floor.numbers.values()
        if not number.reserved and _leads_only_to(flow_set, number.flow, full)
    )


def _leads_only_to(flow_set: FlowSet, name: str, full: set[QueueId]) -> bool:
    queues = set(_queues_of(flow_set, name))
    return bool(queues) and queues <= full


def _queues_of(flow_set: FlowSet, name: str) -> Iterator[QueueId]:
    for flow in flow_set.reached_from(name).values():
        for step in flow.steps.values():
            if isinstance(step, QueueStep):
                yield from map(QueueId, step.queues.values())


async def _count(link: Connection, variable: str) -> int:
    told = (await link.act("Getvar", {"Variable": variable})).get("Value") or "0"
    return int(told) if told.isdecimal() else 0
