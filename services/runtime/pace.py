"""How late the loop comes to what is due: one look every quarter of a second."""

import asyncio
from collections import deque
from typing import NoReturn

EVERY_S = 0.25
LOOKS = 60
"""As far back as the worst is told: 15 s, the usual time between two readings."""


class Pace:
    """Measures the lag of the running loop."""

    def __init__(self) -> None:
        """Begin with a loop that was never late."""
        self._lags_s: deque[float] = deque([0.0], maxlen=LOOKS)

    @property
    def worst_lag_s(self) -> float:
        """The largest lag of the last quarter of a minute."""
        return max(self._lags_s)

    async def run(self) -> NoReturn:
        """Look for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due_at_s = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._lags_s.append(max(0.0, loop.time() - due_at_s))
