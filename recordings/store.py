"""Takes finished recordings from Asterisk's spool into the store."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import structlog

from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.facts import RecordingFact
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from recordings.disk import sync_folder, wipe
from recordings.errors import (
    CaseShredded,
    NeverStill,
    NothingRecorded,
    RecordingError,
    StoreRefused,
)
from recordings.naming import final_path, parse_spool_name, spool_name
from recordings.sealed import Sealing, Whose
from recordings.sound import CHANNELS, SAMPLE_RATE_HZ, write_wav
from recordings.vault import Vault

log = structlog.get_logger()

Tell = Callable[[RecordingFact], None]

_LOOK_EVERY_S = 0.1
_STILL_S = 0.5
"""MixMonitor writes each 128 ms while it runs: a file that is still so long is done."""
_APPEARS_WITHIN_S = 3.0
_GROWS_FOR_S = 30.0
_AT_ONCE = 4
"""Sealed at once."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was sealed."""

    sha256: str
    size_bytes: int
    frames: int


class RecordingStore:
    """Where recordings are kept; it seals a few at once and none is waited for."""

    def __init__(
        self, spool: Path, vault: Vault, *, now: Callable[[], datetime] = _utc_now
    ) -> None:
        """Take nothing yet.

        Args:
            spool: Where Asterisk writes.
            vault: Where recordings are kept, sealed; made when it is not there.
            now: The engine's time.
        """
        self._spool = spool
        self.vault = vault
        self._folder = vault.recordings
        self._now = now
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def take(self, decision: StoreRecording, *, tell: Tell) -> None:
        """Begin to store the recording of a conversation that is over.

        Args:
            decision: Which.
            tell: Is told the outcome, stored or missing, exactly once.
        """
        if decision.offer_id in self._tasks:
            return
        task = asyncio.create_task(
            self._take(decision, tell), name=f"recording {decision.offer_id}"
        )
        self._tasks[decision.offer_id] = task
        task.add_done_callback(lambda _done: self._tasks.pop(decision.offer_id))

    def left_in_spool(self) -> list[StoreRecording]:
        """Return what Asterisk wrote and nobody stored, in the order of the names.

        Among it are conversations that go on: their files grow still.
        """
        try:
            names = sorted(path.name for path in self._spool.iterdir())
        except OSError as error:
            log.warning("spool_unreadable", reason=str(error))
            return []
        return [found for name in names if (found := parse_spool_name(name))]

    async def close(self) -> None:
        """Wait until all that was begun is stored or found missing."""
        await asyncio.gather(*self._tasks.values())

    async def _take(self, decision: StoreRecording, tell: Tell) -> None:
        try:
            fact = await self._stored(decision)
        except RecordingError as error:
            fact = self._missing(decision, str(error))
        except Exception as error:  # top of a task: the record must say something
            log.exception("recording_failed", call_id=decision.call_id)
            fact = self._missing(decision, f"recording: {type(error).__name__}")
        tell(fact)

    async def _stored(self, decision: StoreRecording) -> RecordingFact:
        call_id, offer_id = decision.call_id, decision.offer_id
        raw = self._spool / spool_name(call_id, offer_id)
        await _until_complete(raw, call_id)
        at = self._now()
        path = final_path(call_id, offer_id, at)
        try:
            # One that is waited for, perhaps in vain, must not keep others waiting.
            async with self._slots:
                kept = await asyncio.to_thread(self._keep, raw, path, decision)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise StoreRefused(call_id, raw, self._folder, why) from error
        return RecordingStored(
            at=at,
            call_id=call_id,
            offer_id=offer_id,
            path=str(path),
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            length_s=kept.frames / SAMPLE_RATE_HZ,
            channels=CHANNELS,
        )

    def _keep(self, raw: Path, path: PurePosixPath, decision: StoreRecording) -> Kept:
        call_id, offer_id = decision.call_id, decision.offer_id
        try:
            # On disk before anything is sealed by it.
            key = self.vault.key_for(call_id)
        except CaseShredded:
            wipe(raw)  # what the case had in store is gone; this goes with it
            raise
        whose = Whose(call_id=call_id, offer_id=offer_id, key=key)

        def write(out: Sealing) -> int:
            return write_wav(raw, out.write)

        kept = keep_sealed(self._folder / path, whose, write)
        wipe(raw)
        return kept

    def _missing(self, decision: StoreRecording, reason: str) -> RecordingMissing:
        log.warning("recording_missing", call_id=decision.call_id, reason=reason)
        return RecordingMissing(
            at=self._now(),
            call_id=decision.call_id,
            offer_id=decision.offer_id,
            reason=reason,
        )


async def _until_complete(raw: Path, call_id: str) -> None:
    """Wait until a file is there, is not empty and has been still for a while.

    Raises:
        NothingRecorded: It is not there in time, or stays empty.
        NeverStill: It goes on growing.
    """
    loop = asyncio.get_running_loop()
    began = still_since = loop.time()
    size: int | None = None
    while loop.time() - began < _GROWS_FOR_S:
        found = _size(raw)
        if found != size:
            size, still_since = found, loop.time()
        elif size and loop.time() - still_since >= _STILL_S:
            return
        elif not size and loop.time() - began >= _APPEARS_WITHIN_S:
            raise NothingRecorded(call_id, raw, is_there=size is not None)
        await asyncio.sleep(_LOOK_EVERY_S)
    raise NeverStill(call_id, raw, waited_s=_GROWS_FOR_S)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def keep_sealed(final: Path, whose: Whose, write: Callable[[Sealing], int]) -> Kept:
    """Seal a sound beside its place, and move it there once it is surely on disk.

    Args:
        final: Its place.
        whose: By which ids and key.
        write: Writes the sound, and returns its frames.

    Raises:
        OSError: The disk refused; nothing is left of it.
    """
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = final.with_suffix(".part")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as out:
            sealing = Sealing(out, whose)
            frames = write(sealing)
            sealing.finish()
            out.flush()
            os.fsync(fd)
        draft.replace(final)
        sync_folder(final.parent)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    return Kept(sha256=sealing.sha256, size_bytes=sealing.size_bytes, frames=frames)
