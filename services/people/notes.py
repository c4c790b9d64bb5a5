"""Rows of audit that wait for the database, so that nobody waits for them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from services.store.audit import Act
from services.store.errors import DatabaseAway
from services.store.people import Audited, PeopleTables

log = structlog.get_logger()

MOST_UNTOLD = 1000
"""What comes beyond stands in the log alone."""
_AGAIN_S = 2.0
_REFUSED_EVERY_S = 1.0
_MOST_ACTORS = 10_000


class Notes:
    """Has acts audited behind who does them."""

    def __init__(self, tables: PeopleTables, *, now: Callable[[], datetime]) -> None:
        """Begin with none."""
        self._tables = tables
        self._now = now
        self._untold: asyncio.Queue[Audited] = asyncio.Queue(MOST_UNTOLD)
        self._refused: dict[str, tuple[datetime, int]] = {}

    def note(self, act: Act, *, actor: str, what: str, **detail: object) -> None:
        """Have a row added as soon as the database takes it."""
        told = Audited(act=act, actor=actor, what=what, detail=detail)
        if self._untold.full():
            log.error("not_audited", act=act.value, actor=actor, what=what)
            return
        self._untold.put_nowait(told)

    def refuse(self, what: str, *, why: str, actor: str = "unknown") -> None:
        """Have a refusal audited, one of each actor a second: more are counted."""
        log.warning("refused", actor=actor, what=what, why=why)
        now = self._now()
        last_at, untold = self._refused.get(actor, (None, 0))
        if last_at is not None and now < last_at + timedelta(seconds=_REFUSED_EVERY_S):
            self._refused[actor] = (last_at, untold + 1)
            return
        if len(self._refused) >= _MOST_ACTORS:
            self._refused.clear()
        self._refused[actor] = (now, 0)
        more = {"untold": untold} if untold else {}
        self.note(Act.REFUSED, actor=actor, what=what, why=why, **more)

    async def run(self) -> NoReturn:
        """Tell them to the database, for ever."""
        while True:
            told = await self._untold.get()
            while not await self._is_told(told):  # noqa: ASYNC110 - a database sets no event
                await asyncio.sleep(_AGAIN_S)

    async def tell_all(self) -> None:
        """Tell what waits, once; what the database does not take is lost."""
        while not self._untold.empty():
            await self._is_told(self._untold.get_nowait())

    async def _is_told(self, told: Audited) -> bool:
        try:
            await self._tables.note(told)
        except DatabaseAway as away:
            log.warning("audit_waits", why=away.why)
            return False
        return True
