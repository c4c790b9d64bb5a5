"""What an engine that starts anew knows of before: a checkpoint, then the journal."""

import asyncio

import structlog

from acd.core.engine import Engine
from acd.core.floor import Floor
from acd.core.remembered import remember, restore
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState
from services.runtime.switchboard import replay
from services.store import checkpoints
from services.store.journal import Journal
from services.store.shipper import Shipper

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
ENTRIES = 5_000
"""After so many a checkpoint is made: to live them again takes tenths of a second."""
LATEST_S = 60.0
"""On a calm floor a checkpoint comes after this time."""


def recall(engine: Engine, journal: Journal) -> int:
    """Let a fresh engine know what the last one knew.

    Returns:
        How many facts it took in behind the checkpoint.
    """
    begin = 1
    found = checkpoints.newest(journal.folder, up_to_seq=journal.last_seq)
    if found is not None:
        seq, remembered = found
        restore(engine.floor, remembered)
        begin = seq + 1
    return replay(engine, journal.read(begin, on_damage=_tell))


class Memory:
    """Makes checkpoints while the engine works, and lets go of what they replace."""

    def __init__(
        self, floor: Floor, journal: Journal, shipper: Shipper, *, keep_days: float
    ) -> None:
        """Join it with its surroundings.

        Args:
            floor: What is remembered.
            journal: Beside which it is kept.
            shipper: Tells what is on record, and so need not be kept here.
            keep_days: Segments younger than this stay all the same: a database that
                was restored from a backup is brought up to date from them.
        """
        self._floor = floor
        self._journal = journal
        self._shipper = shipper
        self._keep_days = keep_days
        self._seq = 0

    async def run(self) -> None:
        """Make checkpoints for ever."""
        loop = asyncio.get_running_loop()
        made_at = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            grown = self._journal.last_seq - self._seq
            is_late = loop.time() - made_at >= LATEST_S
            if grown >= ENTRIES or (grown and is_late):
                await self.make()
                made_at = loop.time()

    async def make(self) -> None:
        """Make a checkpoint of now, when the journal is on disk as far as that."""
        seq = self._journal.last_seq
        # In one go with the number: between facts, and before the next.
        text = checkpoints.dumped(remember(self._floor))
        await self._journal.flushed(seq)
        try:
            await asyncio.to_thread(checkpoints.write, self._journal.folder, seq, text)
        except OSError as error:
            log.warning("checkpoint_not_made", why=str(error))
            return
        self._seq = seq
        await asyncio.to_thread(self._let_go)

    def _let_go(self) -> None:
        oldest, _ = checkpoints.kept(self._journal.folder)[0]
        dropped = self._journal.let_go(
            min(oldest, self._shipper.shipped_seq), keep_days=self._keep_days
        )
        if dropped:
            log.info("journal_let_go", segments=dropped)


def signed_in(floor: Floor) -> list[AgentId]:
    """Return the ids of all agents who have a session."""
    return [
        agent_id
        for agent_id, agent in floor.agents.items()
        if agent.state is not AgentState.SIGNED_OUT
    ]


def _tell(damage: Exception) -> None:
    log.error("journal_damaged", reason=str(damage))
