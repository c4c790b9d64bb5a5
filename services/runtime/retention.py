"""Looks after what is kept: seals what is plain, shreds what is too old."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from recordings.errors import CaseHeld, RecordingError
from recordings.reading import seal_earlier
from recordings.vault import Vault
from services.store.audit import Act, Audit
from services.store.errors import DatabaseAway
from services.store.recordings_on_record import shredded_cases

log = structlog.get_logger()

_EVERY_S = 3600.0
_AGAIN_S = 30.0
ACTOR = "retention"


class Retention:
    """Each hour: seals and shreds what a release or a backup left, and what is old."""

    def __init__(
        self, vault: Vault, audit: Audit, *, database: str, keep_days: int | None
    ) -> None:
        """Do nothing yet.

        Args:
            vault: Where recordings are.
            audit: Gets a row for each case, before it is shredded.
            database: A ``postgresql://`` address, where the audit is.
            keep_days: For how long a case is kept; None means for ever.
        """
        self._vault = vault
        self._audit = audit
        self._database = database
        self._keep_days = keep_days

    async def run(self) -> None:
        """Look after it until cancelled; what fails is tried again."""
        wait_s = 0.0
        while True:
            await asyncio.sleep(wait_s)
            wait_s = _EVERY_S
            try:
                await self._look_after()
            except DatabaseAway:
                wait_s = _AGAIN_S
            except (RecordingError, OSError) as error:
                log.warning("retention_failed", reason=str(error))

    async def _look_after(self) -> None:
        if sealed := await asyncio.to_thread(seal_earlier, self._vault):
            log.info("recordings_sealed", count=sealed)
        await self._shred_again()
        await self.shred_old(datetime.now(UTC))

    async def _shred_again(self) -> None:
        """Shred what a backup brought back of the cases that were shredded before."""
        gone = set(await shredded_cases(self._database))
        if not gone:
            return
        cases = await asyncio.to_thread(lambda: list(self._vault.cases()))
        for case in cases:
            if case.call_id in gone and case.key:
                await self._shred(case.call_id, "was shredded before a backup of it")

    async def shred_old(self, now: datetime) -> int:
        """Shred every case that is older than it may be; return how many.

        Raises:
            DatabaseAway: It cannot be audited; nothing more is shredded.
        """
        if self._keep_days is None:
            return 0
        before = now - timedelta(days=self._keep_days)
        old = await asyncio.to_thread(self._vault.older_than, before)
        for call_id in old:
            await self._shred(call_id, f"older than {self._keep_days} days")
        return len(old)

    async def _shred(self, call_id: str, reason: str) -> None:
        try:
            await shred(self._vault, self._audit, call_id, by=ACTOR, reason=reason)
        except CaseHeld:
            log.info("shred_held", call_id=call_id)
        else:
            log.info("case_shredded", call_id=call_id, reason=reason)


async def shred(
    vault: Vault, audit: Audit, call_id: str, *, by: str, reason: str
) -> bool:
    """Audit that a case is shredded, then do it; False when it had been.

    Raises:
        CaseHeld: A hold keeps it; nothing was done.
        SealError: It has no key, or its file is not what was written.
        DatabaseAway: It cannot be audited; nothing was done.
    """
    case = vault.case(call_id)
    if case.hold:
        raise CaseHeld(call_id, by=case.hold.by, reason=case.hold.reason)
    if case.shredded:
        return False
    await audit.note(Act.SHREDDED, actor=by, what=call_id, reason=reason)
    return await asyncio.to_thread(vault.shred, call_id, by=by, reason=reason)
