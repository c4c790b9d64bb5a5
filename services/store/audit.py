"""The audit: rows that are added only, each chained to the one before it."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.store.asked import Connection, asked
from services.store.errors import AuditBroken

_FIRST = "0" * 64
_FIELDS = ("actor", "act", "object", "detail", "province", "unit", "previous")


class Act(StrEnum):
    """What is audited."""

    LISTENED = "listened"
    SHREDDED = "shredded"
    HELD = "held"
    RELEASED = "released"
    KEYS_ROTATED = "keys_rotated"
    PUBLISHED = "published"
    """Another floor: queues, skills, policies, people."""
    FLAGGED = "flagged"
    """A flag that flows ask for was put up or down."""
    PROMPT_RECORDED = "prompt_recorded"
    """A prompt is what somebody said into a telephone."""
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    PERSON_CHANGED = "person_changed"
    """Somebody was added, disabled, or given other roles or another password."""
    ACTED_FOR = "acted_for"
    """One who is not that agent acted as the agent, or spoke of their call."""
    ESTIMATES_TAKEN = "estimates_taken"
    VIEWER_CHANGED = "viewer_changed"
    REFUSED = "refused"
    """A sign-in, or a wish of somebody who had no right to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """How an audit was found whole."""

    rows: int
    last_sum: str
    """Of the last row; kept elsewhere, it proves later that no row was cut off."""
    anchors: int
    """Sums kept beside the database that agree with it."""


class Audit:
    """Adds rows to an audit."""

    def __init__(self, url: str, anchor: Path | None = None) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address of a role that may add rows.
            anchor: A file beside the database to which the sum of each row is added,
                so that an end which is cut off is seen; None keeps none.
        """
        self._url = url
        self._anchor = anchor

    async def note(
        self,
        act: Act,
        *,
        actor: str,
        what: str,
        place: tuple[str, str] = ("-", "-"),
        **detail: object,
    ) -> int:
        """Add a row; it is there for good when this returns.

        Args:
            act: What was done.
            actor: Who did it, or tried to.
            what: The id of what it was done to.
            place: Province and unit that it belongs to.
            detail: What else is worth knowing; no sound, no secret, no number.

        Returns:
            The row's number.

        Raises:
            DatabaseAway: It could not be added: what it tells of must not be done.
        """
        async with asked(self._url, by="audit") as connection:
            row = await add(
                connection, act, actor=actor, what=what, place=place, detail=detail
            )
        self.anchor(row)
        return row.seq

    def anchor(self, row: "Added") -> None:
        """Keep the sum of a row beside the database, now that it is there for good."""
        if self._anchor:
            _drop_anchor(self._anchor, f"{row.seq} {row.sum}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A row that was added."""

    seq: int
    sum: str


async def add(
    connection: Connection,
    act: Act,
    *,
    actor: str,
    what: str,
    place: tuple[str, str] = ("-", "-"),
    detail: Mapping[str, object],
) -> Added:
    """Add a row by a connection that is lent; see ``Audit.note``."""
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, default=str)
    values = (actor, act.value, what, text, *place)
    safe = [value.replace("\0", "\ufffd")[:2000] for value in values]
    (row,) = await connection.fetch(
        "INSERT INTO audit (actor, act, object, detail, province, unit)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq, sum",
        *safe,
    )
    return Added(seq=row["seq"], sum=row["sum"])


def _drop_anchor(path: Path, line: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


async def verify(url: str, anchor: Path | None = None) -> Chain:
    """Look at every row of an audit.

    Args:
        url: A ``postgresql://`` address of a role that may read it: the owner's.
        anchor: Where sums are kept beside it.

    Raises:
        AuditBroken: A row was changed, taken out or put in, or the end is cut off.
        DatabaseAway: It cannot be read.
    """
    sums: dict[int, str] = {}
    before = _FIRST
    async with (
        asked(url, by="audit", statement_s=None) as connection,
        connection.transaction(isolation="repeatable_read"),
    ):
        question = "SELECT * FROM audit ORDER BY seq"
        async for row in connection.cursor(question, prefetch=1000):
            before = _checked(row, len(sums) + 1, before)
            sums[row["seq"]] = before
    count = _agreeing(sums, _anchors(anchor)) if anchor else 0
    return Chain(rows=len(sums), last_sum=before, anchors=count)


def _checked(row: Mapping[str, object], nth: int, before: str) -> str:
    """Return the sum of a row, once it is seen to be what it was."""
    if row["seq"] != nth:
        raise AuditBroken(nth, f"it is not there, row {row['seq']} follows")
    if row["previous"] != before:
        raise AuditBroken(nth, "the row before it is another one than it was")
    if row["sum"] != sum_of(row):
        raise AuditBroken(nth, "it was changed")
    return str(row["sum"])


def sum_of(row: Mapping[str, object]) -> str:
    """Return what a row's sum must be; migration 0002 has the same in SQL."""
    at = row["at"].strftime("%Y-%m-%dT%H:%M:%S.%f")  # type: ignore[attr-defined]
    told = [str(row["seq"]), at, *(str(row[name]) for name in _FIELDS)]
    fields = (field.encode() for field in told)
    whole = b"".join(b"%d:%b" % (len(field), field) for field in fields)
    return hashlib.sha256(whole).hexdigest()


def _anchors(path: Path) -> Iterable[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        seq, _, kept = line.partition(" ")
        if seq.isdigit():
            yield int(seq), kept


def _agreeing(sums: Mapping[int, str], anchors: Iterable[tuple[int, str]]) -> int:
    count = 0
    for seq, kept in anchors:
        if seq not in sums:
            raise AuditBroken(seq, "the end is cut off, its sum was kept and it is not")
        if sums[seq] != kept:
            raise AuditBroken(seq, "it is another one than that whose sum was kept")
        count += 1
    return count


async def latest(url: str, limit: int) -> list[dict[str, object]]:
    """Return the last rows of an audit, oldest first.

    Raises:
        DatabaseAway: It cannot be read.
    """
    question = "SELECT * FROM audit ORDER BY seq DESC LIMIT $1"
    async with asked(url, by="audit") as connection:
        rows = await connection.fetch(question, limit)
    return [dict(row) for row in reversed(rows)]
