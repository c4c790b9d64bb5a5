"""The SQL that ships a batch, made from the tables once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Executable,
    Table,
    bindparam,
    case,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import asyncpg, insert
from sqlalchemy.dialects.postgresql.dml import Insert

from services.store import tables
from services.store.changes import FIRST_STANDS, KEYS

# SQLAlchemy gives this one no types.
_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_PLACE = ("province", "unit")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for asyncpg, and the order of its values."""

    sql: str
    columns: tuple[str, ...]

    def rows(self, changes: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the values of changes, in the order that the SQL wants."""
        columns = self.columns
        return [tuple([row.get(name) for name in columns]) for row in changes]


def _compiled(statement: Executable) -> Statement:
    assert isinstance(statement, ClauseElement)  # noqa: S101 - all statements are
    compiled = statement.compile(dialect=_DIALECT)
    columns: list[str] = getattr(compiled, "positiontup", None) or []
    return Statement(str(compiled), tuple(columns))


def _insert(table: Table) -> Insert:
    return insert(table).values({c.name: bindparam(c.name) for c in table.c})


def _append(table: Table) -> Statement:
    return _compiled(_insert(table).on_conflict_do_nothing())


def _upsert(table: Table) -> Statement:
    """Make a row, or change what is given (not NULL) of the one there."""
    statement = _insert(table)
    given = statement.excluded
    keys = KEYS[table.name]
    changed: dict[str, ColumnElement[Any]] = {}
    for column in table.c:
        name = column.name
        if name in keys:
            continue
        if name in _PLACE:
            is_centre = (given.province == "-") & (given.unit == "-")
            changed[name] = case((is_centre, column), else_=given[name])
        elif name == "state":
            # What is closed stays closed.
            changed[name] = case(
                (table.c.ended_at.is_(None), given[name]), else_=column
            )
        elif name in FIRST_STANDS.get(table.name, frozenset()):
            changed[name] = func.coalesce(column, given[name])
        else:
            changed[name] = func.coalesce(given[name], column)
    return _compiled(
        statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    )


def _touch(table: Table, *columns: str) -> Statement:
    """Change what is given (not NULL) of a row that is there."""
    (key,) = KEYS[table.name]
    first_stands = FIRST_STANDS.get(table.name, frozenset())
    changed: dict[str, ColumnElement[Any]] = {}
    for name in columns:
        given = bindparam(f"given_{name}", type_=table.c[name].type)
        pair = (
            (table.c[name], given) if name in first_stands else (given, table.c[name])
        )
        changed[name] = func.coalesce(*pair)
    where = table.c[key] == bindparam(f"given_{key}", type_=table.c[key].type)
    return _without_prefix(_compiled(update(table).where(where).values(changed)))


def _wrap_up() -> Statement:
    table = tables.conversations
    latest = (
        select(table.c.offer_id)
        .where(table.c.call_id == bindparam("given_call_id"))
        .where(table.c.agent_id == bindparam("given_agent_id"))
        .order_by(table.c.started_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    changed = {}
    for name in ("wrap_up_started_at", "wrap_up_ended_at"):
        column = table.c[name]
        given = bindparam(f"given_{name}", type_=column.type)
        changed[name] = func.coalesce(column, given)
    statement = update(table).where(table.c.offer_id == latest).values(changed)
    return _without_prefix(_compiled(statement))


def _without_prefix(statement: Statement) -> Statement:
    # SQLAlchemy keeps the bare names for itself in an update.
    columns = [name.removeprefix("given_") for name in statement.columns]
    return Statement(statement.sql, tuple(columns))


FACTS = _compiled(_insert(tables.facts))

WHOLE: Mapping[str, Statement] = {
    "calls": _upsert(tables.calls),
    "legs": _upsert(tables.legs),
    "steps": _append(tables.steps),
    "offers": _upsert(tables.offers),
    "conversations": _upsert(tables.conversations),
    "recordings": _upsert(tables.recordings),
    "agent_states": _append(tables.agent_states),
}
"""For rows that are made when they are not there, in this order."""

TOUCHED: Mapping[str, Statement] = {
    "calls": _touch(tables.calls, "answered_at", "flow", "queue_id", "disposition"),
    "legs": _touch(
        tables.legs, "rang_at", "answered_at", "ended_at", "ending", "cause"
    ),
    "wrap_ups": _wrap_up(),
}
"""For rows that are there already, after those above."""

BEGIN_SHIPPING = """
    INSERT INTO shipping (journal_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING
"""
SHIPPED = "SELECT seq FROM shipping WHERE journal_id = $1"
ADVANCE = "UPDATE shipping SET seq = $3 WHERE journal_id = $1 AND seq = $2"
