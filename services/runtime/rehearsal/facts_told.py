"""What calls tell, read from the journal of an instance on this machine as it grows."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from acd.vocabulary.fact import FactOf
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CallId
from services.runtime.errors import RuntimeProblem
from services.store.errors import JournalDamaged
from services.store.segments import Reader, first_seq_of, segments

_LOOK_EVERY_S = 0.04
_A_LOOK = 500
_NO_END = 1 << 62


class JournalUnreadable(RuntimeProblem):
    """An instance's journal cannot be followed."""

    def __init__(self, folder: Path, error: OSError) -> None:
        """Say why."""
        super().__init__(
            f"{folder}: cannot be read: {error.strerror}; calls are followed by whoever"
            " may read the instance's journal"
        )


class FactsTold:
    """The facts of each call, by the Call-ID of its caller's SIP dialog."""

    def __init__(self) -> None:
        """Know of no call yet."""
        self._told: defaultdict[str, asyncio.Queue[FactOf]] = defaultdict(asyncio.Queue)
        self._dialogs: dict[CallId, str] = {}

    def of(self, sip_call_id: str) -> "asyncio.Queue[FactOf]":
        """Return what one call tells, in order; also what it told before."""
        return self._told[sip_call_id]

    def take(self, fact: FactOf) -> None:
        """Take in a fact; of another thing than a call it is passed over."""
        if isinstance(fact, CallArrived):
            self._dialogs[fact.call_id] = fact.sip_call_id
        call_id: CallId | None = getattr(fact, "call_id", None)
        dialog = self._dialogs.get(call_id) if call_id is not None else None
        if dialog is not None:
            self._told[dialog].put_nowait(fact)

    async def follow(self, reader: Reader) -> None:
        """Take in what the journal has, until cancelled."""
        while True:
            entries = reader.batch(limit=_A_LOOK, up_to_seq=_NO_END)
            for entry in entries:
                self.take(entry.fact())
            await asyncio.sleep(0 if len(entries) == _A_LOOK else _LOOK_EVERY_S)


@asynccontextmanager
async def following(data: Path) -> AsyncIterator[FactsTold]:
    """Follow what an instance's journal tells from now on, until the block ends.

    Args:
        data: Its data folder.

    Raises:
        JournalUnreadable: It may not be read.
    """
    folder = data / "journal"
    told = FactsTold()
    try:
        there = segments(folder)
        first = first_seq_of(there[-1]) if there else 1
        reader = Reader(folder, first, on_damage=_pass_over)
        # What was before tells of calls of others.
        await asyncio.to_thread(_read_up, reader)
    except OSError as error:
        raise JournalUnreadable(folder, error) from error
    task = asyncio.create_task(told.follow(reader), name="following the journal")
    try:
        yield told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        reader.close()


def _read_up(reader: Reader) -> None:
    while reader.batch(limit=_A_LOOK, up_to_seq=_NO_END):
        pass


def _pass_over(_damage: JournalDamaged) -> None:
    """Leave a damaged line to those who keep the journal."""
