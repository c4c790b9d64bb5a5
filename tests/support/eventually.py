"""Wait in a test for what another task will bring about."""

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], bool], limit_s: float = 10) -> None:
    """Wait until it holds; the limit only ends a test that would hang."""
    async with asyncio.timeout(limit_s):
        while not holds():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.005)
