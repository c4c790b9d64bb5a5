"""What the flow of a waiting caller asks of the engine: its place, and to leave it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from math import ceil

from acd.core.calls import Call
from acd.core.floor import Floor
from acd.vocabulary.errors import AcdError
from acd.vocabulary.flow_facts import LeaveAsked
from acd.vocabulary.ids import CallId, QueueId
from acd.vocabulary.states import AgentState, CallState
from ivr.turns import LeaveLine
from ivr.values import NOTHING, Values
from ivr.walk import Walk

_AT_WORK = (
    AgentState.READY,
    AgentState.RESERVED,
    AgentState.TALKING,
    AgentState.WRAP_UP,
)
_TOLD_WITHIN_S, _LOOK_EACH_S = 1.0, 0.05
"""The news that a call waits comes by another road than its keys, and may be later."""


class WaitingLine:
    """Looks at the engine's memory; only the engine takes a call out of its line."""

    def __init__(
        self,
        floor: Floor,
        *,
        ask: Callable[[LeaveAsked], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        """Join it with the engine.

        Args:
            floor: Its memory.
            ask: Has it take in what is asked, and returns behind that.
            now: Its clock.
        """
        self._floor = floor
        self._ask = ask
        self._now = now

    async def leave(self, call_id: CallId, act: LeaveLine, walk: Walk) -> bool:
        """Take a call out of its line; return False where it stays there."""
        await self._known_to_wait(call_id)
        before = self._state(call_id)
        if before is None or before is CallState.IN_FLOW:
            return False
        asked = LeaveAsked(
            at=self._now(),
            call_id=call_id,
            flow=walk.flow,
            step=act.step,
            key=act.key,
        )
        try:
            await self._ask(asked)
        except (AcdError, TimeoutError):
            return False
        return self._state(call_id) is CallState.IN_FLOW

    def place(self, call_id: str, queue_id: str) -> float | None:
        """Return since when a call has a place in a line that it left, epoch seconds.

        Returns:
            None where it was never in that line.
        """
        call = self._floor.calls.get(CallId(call_id))
        since = call.places.get(QueueId(queue_id)) if call else None
        return None if since is None else since.timestamp()

    def values(self, call_id: CallId) -> Values:
        """Return what is known of a wait: the place in the line, and about how long."""
        call = self._floor.calls.get(call_id)
        if call is None or call.queue_id is None or call.queued_at is None:
            return NOTHING
        place = 1 + sum(_goes_before(it, call) for it in self._floor.calls.values())
        return {"wait.place": place, "wait.minutes": self._minutes(call, place)}

    def _minutes(self, call: Call, place: int) -> int | None:
        """Return minutes, rounded up; None where nobody is at work for the queue."""
        floor, queue_id = self._floor, call.queue_id
        at_work = sum(
            agent.state in _AT_WORK and queue_id in floor.queues_of[agent_id]
            for agent_id, agent in floor.agents.items()
        )
        queue = floor.policy.queues.get(queue_id) if queue_id else None
        if not at_work or queue is None:
            return None
        wait_s = place / at_work * floor.handling_times.average_s(queue.kind)
        return max(1, ceil(wait_s / 60))

    def _state(self, call_id: CallId) -> CallState | None:
        call = self._floor.calls.get(call_id)
        return None if call is None else call.state

    async def _known_to_wait(self, call_id: CallId) -> None:
        """Wait until the engine knows that a call waits, or a moment."""
        left_s = _TOLD_WITHIN_S
        while self._state(call_id) is CallState.IN_FLOW and left_s > 0:
            await asyncio.sleep(_LOOK_EACH_S)
            left_s -= _LOOK_EACH_S


def _goes_before(other: Call, call: Call) -> bool:
    """Tell whether a call waits in the same line before another one."""
    if other.state is not CallState.QUEUED or other.queue_id != call.queue_id:
        return False
    if other.queued_at is None or call.queued_at is None or other is call:
        return False
    return (-other.call_class, other.queued_at) < (-call.call_class, call.queued_at)
