"""Estimates between the engine and the database: written as learned, taken anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import islice

import structlog

from acd.core.floor import Floor
from acd.vocabulary.errors import AcdError
from acd.vocabulary.estimate_facts import EstimatesRebuilt
from acd.vocabulary.ids import AgentId, Place, QueueId
from services.api.estimates import EstimateView, QualityView
from services.store import estimates
from services.store.errors import DatabaseAway

log = structlog.get_logger()

WRITE_EVERY_S = 5.0
MOST_ROWS = 200
"""At once: some milliseconds of work."""
_TAKEN_WITHIN_S = 10.0


class Estimator:
    """Implements ``services.api.estimates.Estimating`` over the running engine."""

    def __init__(
        self,
        floor: Floor,
        url: str,
        *,
        tell: Callable[[EstimatesRebuilt], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        """Join it with its surroundings.

        Args:
            floor: Where the engine keeps what it learns.
            url: Of the database, which need not answer yet: no call waits for it.
            tell: Hands a fact to the engine and returns when it was taken in.
            now: The engine's time.
        """
        self._floor = floor
        self._tell = tell
        self._url = url
        self._now = now

    async def run(self) -> None:
        """Write what is learned, for ever; a database that is away is waited for.

        An engine that knows nothing takes what is on record, first.
        """
        is_away = False
        while True:
            try:
                await self._work()
            except DatabaseAway as away:
                if not is_away:
                    log.warning("estimates_not_written", why=str(away))
                is_away = True
            else:
                is_away = False
            await asyncio.sleep(WRITE_EVERY_S)

    async def take(self) -> int:
        """Let the engine take what is on record; return of how many agents.

        Raises:
            DatabaseAway: It cannot be asked.
            AcdError: The engine refused it; nothing changed.
            TimeoutError: The engine did not come to it in time.
        """
        connection = await estimates.connected(self._url)
        try:
            told = await estimates.on_record(connection, at=self._now())
        finally:
            connection.terminate()
        if told is None:
            return 0
        async with asyncio.timeout(_TAKEN_WITHIN_S):
            await self._tell(told)
        return len(told.agents)

    def kinds(self) -> dict[QueueId, str]:
        """Return the kind of call of each queue."""
        queues = self._floor.policy.queues.values()
        return {queue.queue_id: queue.kind for queue in queues}

    def average_s(self, kind: str) -> float:
        """Return what the average agent needs for a kind of call."""
        return self._floor.handling_times.average_s(kind)

    def shown(
        self, agent_id: AgentId | None, kind: str | None
    ) -> Sequence[EstimateView]:
        """Return what is expected, by kind and then the quickest first."""
        times = self._floor.handling_times
        wanted = [
            (who, what)
            for who, what in times.pairs()
            if agent_id in (None, who) and kind in (None, what)
        ]
        views = [
            EstimateView.of(who, what, times.estimate(who, what))
            for who, what in wanted
        ]
        return sorted(views, key=lambda it: (it.kind, it.expected_s, it.agent_id))

    def quality(self, agent_id: AgentId | None) -> Sequence[QualityView]:
        """Return how agents' calls end, by id."""
        known = self._floor.quality
        return [
            QualityView(
                agent_id=who,
                calls=known.calls(who),
                repeat_rate=known.repeat_rate(who),
                cut_rate=known.cut_rate(who),
                dissatisfied_rate=known.dissatisfied_rate(who),
                resolved_share=known.resolved_share(who),
            )
            for who in sorted(known.agents)
            if agent_id in (None, who)
        ]

    async def _work(self) -> None:
        times = self._floor.handling_times
        if times.day is None and await self._taken_at_start():
            return
        if not times.unwritten:
            return
        connection = await estimates.connected(self._url)
        try:
            while pairs := list(islice(times.unwritten, MOST_ROWS)):
                for pair in pairs:
                    del times.unwritten[pair]
                now, places = self._now(), self._places(pairs)
                try:
                    await estimates.write(connection, times, pairs, places, at=now)
                except DatabaseAway:
                    times.unwritten.update(dict.fromkeys(pairs))
                    raise
        finally:
            connection.terminate()

    def _places(self, pairs: Sequence[estimates.Pair]) -> dict[AgentId, Place]:
        agents = self._floor.agents
        return {who: agents[who].profile.place for who, _ in pairs if who in agents}

    async def _taken_at_start(self) -> bool:
        try:
            taken = await self.take()
        except (AcdError, TimeoutError) as refused:
            log.warning("estimates_not_taken", why=str(refused))
            return False
        if taken:
            log.info("estimates_taken", agents=taken)
        return taken > 0
