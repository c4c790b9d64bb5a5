"""Seals what callers said into a flow, and keeps it as recordings are kept."""

import asyncio
import re
import uuid
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from acd.vocabulary.facts import RecordingFact
from acd.vocabulary.ids import CallId, OfferId
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from recordings.disk import wipe
from recordings.errors import CaseShredded, RecordingError
from recordings.naming import final_path
from recordings.sealed import Sealing, Whose
from recordings.store import keep_sealed
from recordings.vault import Vault

log = structlog.get_logger()

Tell = Callable[[RecordingFact], None]

_NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-[0-9]{1,6}")
_LEFT_AFTER_S = 300.0
"""No step records so long: what is older, nobody is speaking into."""
_LOOK_EVERY_S = 600.0
_BLOCK_BYTES = 1 << 16


def id_of(name: str) -> OfferId:
    """Return what a message is known by among recordings, by the name of its file.

    A conversation's sound is known by its offer; a message has none, so it gets an id
    that follows from its name.
    """
    return OfferId(str(uuid.uuid5(uuid.NAMESPACE_OID, f"tieline message {name}")))


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MessageStore:
    """Where callers' messages are kept; each is sealed by the key of its call."""

    def __init__(
        self,
        spool: Path,
        vault: Vault,
        *,
        tell: Tell,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Take nothing yet.

        Args:
            spool: The folder where Asterisk writes them.
            vault: Where recordings are kept.
            tell: Is told of each once: it is stored, or missing.
            now: The engine's time.
        """
        self._spool = spool
        self._vault = vault
        self._tell = tell
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def take(self, name: str) -> None:
        """Begin to seal a message that is complete; another name is passed over."""
        if _NAME.fullmatch(name) is None or name in self._tasks:
            return
        task = asyncio.create_task(self._take(name), name=f"message {name}")
        self._tasks[name] = task
        task.add_done_callback(lambda _done: self._tasks.pop(name))

    async def run(self) -> None:
        """Seal what was left, as by an engine that died or a caller who had enough."""
        while True:
            for name in await asyncio.to_thread(self._left):
                self.take(name)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def close(self) -> None:
        """Wait until all that was begun is sealed or found missing."""
        await asyncio.gather(*self._tasks.values())

    def _left(self) -> list[str]:
        before = self._now().timestamp() - _LEFT_AFTER_S
        try:
            files = [it for it in self._spool.glob("*.wav") if _is_older(it, before)]
        except OSError as error:
            log.warning("messages_unreadable", reason=str(error))
            return []
        return sorted(it.stem for it in files)

    async def _take(self, name: str) -> None:
        call_id = CallId(name.rpartition("-")[0])
        try:
            fact: RecordingFact = await asyncio.to_thread(self._stored, call_id, name)
        except (RecordingError, wave.Error, EOFError, OSError) as error:
            log.warning("message_not_sealed", call_id=call_id, reason=str(error))
            fact = RecordingMissing(
                at=self._now(),
                call_id=call_id,
                offer_id=id_of(name),
                reason=f"message: {error}",
            )
        self._tell(fact)

    def _stored(self, call_id: CallId, name: str) -> RecordingFact:
        plain, at = self._spool / f"{name}.wav", self._now()
        with wave.open(str(plain), "rb") as sound:
            channels, rate_hz = sound.getnchannels(), sound.getframerate()
            frames = sound.getnframes()
        try:
            key = self._vault.key_for(call_id)
        except CaseShredded:
            wipe(plain)
            raise
        path = final_path(call_id, id_of(name), at)
        whose = Whose(call_id=call_id, offer_id=id_of(name), key=key)

        def write(out: Sealing) -> int:
            with plain.open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    out.write(block)
            return frames

        kept = keep_sealed(self._vault.recordings / path, whose, write)
        wipe(plain)
        return RecordingStored(
            at=at,
            call_id=call_id,
            offer_id=id_of(name),
            path=str(path),
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            length_s=kept.frames / rate_hz,
            channels=channels,
        )


def _is_older(path: Path, before: float) -> bool:
    try:
        return path.lstat().st_mtime < before
    except OSError:
        return False
