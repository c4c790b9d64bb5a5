"""Walks calls on record again by other flows, in a process that no call waits for."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ivr.flow_set import FlowSet
from ivr.load import load_flows_from
from ivr.problems import FlowRefused, Problem
from services.api.flow_replaying import (
    ReplayOutcome,
    ReplayTooSlow,
    ReplayUnderWay,
    ReplayWanted,
)
from services.floor.floor import Floor
from services.floor.load import FloorRefused, load_text
from services.flows.files import FlowFiles, from_text, reading
from services.flows.once_more import Others
from services.flows.replay import Replayed, replay
from services.flows.replay_counts import counted
from services.flows.traces import trace_of
from services.runtime.asked_aside import answer_aside, asked_aside
from services.runtime.in_force import Around
from services.runtime.published import files_of
from services.store.asked import Connection, asked
from services.store.errors import DatabaseAway
from services.store.flag_changes import changes_before, was_up
from services.store.old_calls import count_calls, old_calls

WALK_S = 60.0
"""As long as calls are walked; those that are left then are not."""
_LIMIT_S = 110.0

Answer = ReplayOutcome | tuple[Problem, ...] | str
"""What becomes of the calls; all that is wrong with the flows; why the database could
not be asked."""


class Replayer:
    """Implements ``services.api.flow_replaying.FlowReplaying``."""

    def __init__(self, around: Around, database: str) -> None:
        """Take what is in force, and where records are read."""
        self._around = around
        self._database = database
        self._turn = asyncio.Lock()

    async def replay(self, wanted: ReplayWanted) -> ReplayOutcome:
        """Walk calls on record again; see ``FlowReplaying``.

        Raises:
            FlowRefused: With every problem of the flows.
            UnknownVersion: There is none of that number.
            ReplayTooSlow: The machine is too busy.
            ReplayUnderWay: Somebody else's is not over yet.
            DatabaseAway: The records cannot be read.
        """
        if self._turn.locked():
            raise ReplayUnderWay
        async with self._turn:
            files = await self._files(wanted)
            told = {
                "floor": self._around.current.text,
                "files": dict(files.files),
                "folder": str(files.folder),
                "database": self._database,
                "since": wanted.since.isoformat(),
                "until": wanted.until.isoformat(),
                "limit": wanted.limit,
            }
            try:
                answer: Answer = await asked_aside(__name__, told, limit_s=_LIMIT_S)
            except TimeoutError:
                raise ReplayTooSlow(_LIMIT_S) from None
        match answer:
            case ReplayOutcome():
                return answer
            case str():
                raise DatabaseAway(answer)
            case _:
                raise FlowRefused(answer)

    async def _files(self, wanted: ReplayWanted) -> FlowFiles:
        if wanted.version is not None:
            versions = self._around.flow_versions
            return files_of(await versions.version(wanted.version))
        return FlowFiles(files=wanted.files or {}, folder=PurePath(wanted.folder))


def answered(asked: dict[str, Any]) -> Answer:
    """Walk the calls that are asked for."""
    files = FlowFiles(files=asked["files"], folder=PurePath(asked["folder"]))
    try:
        floor = load_text(asked["floor"], reading(files), file="floor in force")
        return asyncio.run(_walked(asked, floor))
    except FloorRefused as refused:
        return refused.problems
    except DatabaseAway as away:
        return away.why


async def _walked(told: dict[str, Any], floor: Floor) -> ReplayOutcome:
    since, until = map(datetime.fromisoformat, (told["since"], told["until"]))
    url, limit = told["database"], told["limit"]
    flags = await changes_before(url, until)
    others = Others(
        flow_set=floor.flow_set,
        hours=floor.hours,
        flags=lambda name, at: was_up(flags, name, at),
    )
    async with (
        asked(url, by="replay", statement_s=WALK_S) as connection,
        connection.transaction(readonly=True),
    ):
        count = await count_calls(connection, since=since, until=until)
        calls = _replayed(connection, others, since=since, until=until, limit=limit)
        counts = counted([one async for one in calls])
    return ReplayOutcome(on_record=count, counts=counts)


async def _replayed(
    connection: Connection,
    others: Others,
    *,
    since: datetime,
    until: datetime,
    limit: int,
) -> AsyncIterator[Replayed]:
    """Yield what becomes of each call, the newest first, while there is time."""
    ends_at = time.monotonic() + WALK_S
    sets = _Sets(connection)
    calls = old_calls(connection, since=since, until=until, limit=limit)
    async for call in calls:
        if time.monotonic() > ends_at:
            break
        trace = trace_of(call.facts, repeats=call.repeats)
        if trace is not None:
            yield replay(trace, others, await sets.of(trace.version))


class _Sets:
    """The flows that led calls, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: dict[int, FlowSet | None] = {0: None}

    async def of(self, version: int) -> FlowSet | None:
        """Return the flows of a version; None where today's rules refuse them."""
        if version not in self._read:
            text = await self._connection.fetchval(
                "SELECT text FROM flow_versions WHERE number = $1", version
            )
            self._read[version] = _read(text) if text else None
        return self._read[version]


def _read(text: str) -> FlowSet | None:
    try:
        found = load_flows_from(from_text(text), folder=PurePath("flows"))
    except FlowRefused:
        return None
    return FlowSet(flows={name: one.flow for name, one in found.items()})


def main() -> None:
    """Answer what stands on the standard input."""
    answer_aside(answered)


if __name__ == "__main__":
    # By its own name, so that what is pickled is found again.
    from services.runtime.replaying import main as run

    run()
