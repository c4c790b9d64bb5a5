"""Asks the records, the agents and the system's own word of its health."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx

from services.phone.errors import PhoneError
from services.phone.hotline import Hotline
from services.runtime.bench.chaos.evidence import CallOnRecord, HealthSeen
from services.runtime.bench.trail import connected
from services.runtime.instance import Instance

_LOOK_EVERY_S = 0.25
_SETTLE_EVERY_S = 0.3

_CALLS = """
    SELECT call_id, caller_number, state, close_reason, arrived_at, answered_at,
        opened_at, connected_at, ended_at, coalesce(is_estimated, false) AS is_estimated
    FROM calls WHERE arrived_at >= $1 OR arrived_at IS NULL
"""
_TALKS = "SELECT call_id, started_at, ended_at FROM conversations"


async def records(
    database: str, answered: Collection[str], *, since: datetime, within_s: float
) -> tuple[CallOnRecord, ...]:
    """Return what is on record since an instant, once all that was answered is closed.

    Args:
        database: Where the records are.
        answered: Callers' numbers that must have a closed record.
        since: Calls that arrived before are of another round.
        within_s: How long is waited for that; what is then still missing stays so.
    """
    loop = asyncio.get_running_loop()
    limit_s = loop.time() + within_s
    found: tuple[CallOnRecord, ...] = ()
    while True:
        with suppress(OSError, asyncpg.PostgresError):
            found = await _read(database, since)
            closed = {record.number for record in found if record.state == "closed"}
            is_open = any(record.state != "closed" for record in found)
            if closed >= set(answered) and not is_open:
                return found
        if loop.time() > limit_s:
            return found
        await asyncio.sleep(_SETTLE_EVERY_S)


async def _read(database: str, since: datetime) -> tuple[CallOnRecord, ...]:
    async with connected(database) as connection:
        talks: dict[str, list[tuple[datetime, datetime | None]]] = {}
        for row in await connection.fetch(_TALKS):
            if row["started_at"] is not None:
                span = (row["started_at"], row["ended_at"])
                talks.setdefault(str(row["call_id"]), []).append(span)
        return tuple(
            CallOnRecord(
                number=row["caller_number"] or "",
                state=row["state"],
                close_reason=row["close_reason"],
                arrived_at=row["arrived_at"],
                answered_at=row["answered_at"],
                opened_at=row["opened_at"],
                connected_at=row["connected_at"],
                ended_at=row["ended_at"],
                is_estimated=row["is_estimated"],
                talks=tuple(talks.get(str(row["call_id"]), ())),
            )
            for row in await connection.fetch(_CALLS, since)
        )


async def agents(hotline: Hotline) -> dict[str, str]:
    """Return each agent's state; nothing while the engine does not answer."""
    with suppress(PhoneError):
        return {agent.agent_id: agent.state for agent in await hotline.agents()}
    return {}


async def agents_as(
    hotline: Hotline, before: dict[str, str], *, within_s: float
) -> dict[str, str]:
    """Return each agent's state, once it is as before or the time is over."""
    loop = asyncio.get_running_loop()
    limit_s = loop.time() + within_s
    while True:
        found = await agents(hotline)
        if found == before or loop.time() > limit_s:
            return found
        await asyncio.sleep(_SETTLE_EVERY_S)


async def ready_parts(http: str) -> dict[str, bool]:
    """Return which parts say that they do their work; nothing if nobody answers."""
    with suppress(httpx.HTTPError, ValueError):
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            told = (await client.get(f"{http}/readiness")).json()
        return {part["part"]: part["is_ready"] for part in told["parts"]}
    return {}


class HealthWatch:
    """Looks again and again how the system says it is."""

    def __init__(self, told: Instance) -> None:
        """Look at an instance: by its watchdog, or by itself where it has none."""
        self.seen: list[HealthSeen] = []
        self._where = (
            f"{told.watchdog}/health/components"
            if told.watchdog
            else f"{told.http}/readiness"
        )

    async def run(self) -> None:
        """Look every quarter of a second, until cancelled."""
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while True:
                self.seen.append(await self._look(client))
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self, client: httpx.AsyncClient) -> HealthSeen:
        try:
            answer = await client.get(self._where)
            causes = _causes(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            causes = (f"nobody answers: {type(error).__name__}",)
        return HealthSeen(
            at=datetime.now(UTC), is_red=bool(causes), cause="; ".join(causes)[:300]
        )


def _causes(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is out of order, as the watchdog or the engine itself tells it."""
    if "components" in told:
        red = (one for one in told["components"] if one["light"] == "red")
        return tuple(f"{one['component']}: {one['sentence']}" for one in red)
    return tuple(one["sentence"] for one in told["parts"] if not one["is_ready"])


@asynccontextmanager
async def health_watched(told: Instance) -> AsyncIterator[HealthWatch]:
    """Watch the health of an instance for the block."""
    watch = HealthWatch(told)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
