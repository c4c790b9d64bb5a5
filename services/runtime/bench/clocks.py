"""Whether the engine's clock and this machine's wall clock tell the same time."""

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from services.runtime.instance import Instance

_ASKED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """How far the engine's clock is ahead of the wall's: somewhere between the two."""

    least_ms: float
    most_ms: float

    @property
    def surely_ms(self) -> float:
        """The part of it that is certain; 0 where both may be the same."""
        if self.least_ms <= 0 <= self.most_ms:
            return 0.0
        return self.least_ms if self.least_ms > 0 else self.most_ms


async def offset(found: Instance, agent: str) -> ClockOffset:
    """Compare the clocks by wishes of an agent, which the engine stamps.

    The stamp of each lies between the instants before and after its request: the
    narrowest bounds that all of them leave are returned. The agent is ready at the end.
    """
    least_ms, most_ms = float("-inf"), float("inf")
    async with httpx.AsyncClient(
        base_url=found.http, trust_env=False, headers=found.headers
    ) as client:
        for turn in range(_ASKED):
            wish = "ready" if turn % 2 else "not-ready"
            body = {} if turn % 2 else {"reason": "bench"}
            before = datetime.now(UTC)
            answer = await client.post(f"/agents/{agent}/{wish}", json=body)
            after = datetime.now(UTC)
            answer.raise_for_status()
            told = (await client.get(f"/agents/{agent}")).json()["since"]
            stamp = datetime.fromisoformat(told)
            least_ms = max(least_ms, (stamp - after).total_seconds() * 1000)
            most_ms = min(most_ms, (stamp - before).total_seconds() * 1000)
    return ClockOffset(least_ms=least_ms, most_ms=most_ms)
