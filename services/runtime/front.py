"""The switchboard as the HTTP edge sees it: wishes in, views out."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from acd.vocabulary.facts import AgentWish, ControlWish
from acd.vocabulary.ids import AgentId, CallId
from services.api.ports import AgentView, CallView, PartReadiness, Readiness
from services.runtime.switchboard import Switchboard
from services.runtime.views import agent_view, call_view

Check = Callable[[], str | None]
"""Says what is wrong with a part and what would do, or None when it works."""

TAKE_LIMIT_S = 5.0
"""How long a wish may wait for its turn: the loop takes thousands a second."""


class Front:
    """Implements ``services.api.ports.Floor`` over the running switchboard."""

    def __init__(
        self,
        switchboard: Switchboard,
        *,
        now: Callable[[], datetime],
        checks: dict[str, Check],
    ) -> None:
        """Join the switchboard with its parts' checks, by the part's name."""
        self._switchboard = switchboard
        self._floor = switchboard.engine.floor
        self._now = now
        self._started_at = now()
        self._checks = checks

    def now(self) -> datetime:
        """Return the engine's time, aware, UTC."""
        return self._now()

    async def tell(self, fact: AgentWish | ControlWish) -> None:
        """Hand a wish to the one loop; return when it was taken in.

        Raises:
            AcdError: It was refused; nothing changed.
            TimeoutError: The loop did not come to it in time.
        """
        async with asyncio.timeout(TAKE_LIMIT_S):
            await self._switchboard.ask(fact)

    def agents(self) -> Sequence[AgentView]:
        """Return all agents of the floor, by id."""
        by_id = sorted(self._floor.agents.items())
        return [agent_view(a, started_at=self._started_at) for _, a in by_id]

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """Return one agent, or None for an id that the floor does not have."""
        agent = self._floor.agents.get(agent_id)
        return agent_view(agent, started_at=self._started_at) if agent else None

    def live_calls(self) -> Sequence[CallView]:
        """Return the calls that have not closed, oldest first."""
        now = self._now()
        return [call_view(call, now=now) for call in self._floor.calls.values()]

    def live_ids(self) -> Iterable[CallId]:
        """Return the ids of the calls that have not ended."""
        return self._floor.calls

    def live_call(self, call_id: CallId) -> CallView | None:
        """Return a call that has not closed, or None."""
        call = self._floor.calls.get(call_id)
        if call is None:
            return None
        offer = self._floor.offers.get(call.offer_id) if call.offer_id else None
        rung_id = None if offer is None or offer.ended_at else offer.agent_id
        return replace(call_view(call, now=self._now()), rung_id=rung_id)

    async def turned(self) -> None:
        """Return when the one loop has come round."""
        await self._switchboard.turned()

    async def readiness(self) -> Readiness:
        """Ask every part whether it does its work."""
        return Readiness(
            parts=tuple(
                PartReadiness(
                    part=part, is_ready=problem is None, sentence=problem or "ready"
                )
                for part, problem in ((p, c()) for p, c in self._checks.items())
            )
        )
