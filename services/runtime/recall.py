"""What an engine that starts anew knows of before: the journal, lived again."""

from pathlib import Path

import structlog

from acd.core.engine import Engine
from acd.core.floor import Floor
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState
from services.runtime.switchboard import replay
from services.store.journal import Journal

log = structlog.get_logger()

MARK = "recall_from"
"""File in the journal's folder: the entry from which a replay tells all that counts."""


def recall(engine: Engine, journal: Journal) -> int:
    """Let a fresh engine live through the journal, from the last mark on.

    Returns:
        How many facts it took in.
    """
    begin = _mark(journal.folder)
    return replay(engine, journal.read(begin, on_damage=_tell))


def mark_if_empty(floor: Floor, journal: Journal) -> bool:
    """Set the mark behind all entries when nothing of before counts any more.

    Returns:
        Whether it was set: nobody is signed in and no call lives.
    """
    is_empty = not floor.calls and not floor.offers and not signed_in(floor)
    if is_empty:
        draft = journal.folder / f"{MARK}.new"
        draft.write_text(f"{journal.last_seq + 1}\n", encoding="ascii")
        draft.replace(journal.folder / MARK)
    return is_empty


def signed_in(floor: Floor) -> list[AgentId]:
    """Return the ids of all agents who have a session."""
    return [
        agent_id
        for agent_id, agent in floor.agents.items()
        if agent.state is not AgentState.SIGNED_OUT
    ]


def _mark(folder: Path) -> int:
    try:
        return int((folder / MARK).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 1


def _tell(damage: Exception) -> None:
    log.error("journal_damaged", reason=str(damage))
