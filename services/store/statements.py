"""The SQL that ships a batch: one statement, made from the tables once.

The rows of a table go as one JSON text and are taken apart by the database. That
costs us far less than a statement a table with a value a column, and one journey.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Table,
    TableValuedAlias,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, asyncpg, insert
from sqlalchemy.types import TypeEngine

from services.store import tables
from services.store.changes import FIRST_STANDS, IN_ORDER, KEYS

# SQLAlchemy gives this one no types.
_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_PLACE = ("province", "unit")
TOUCHED = "touched_"
"""What the name of a table is preceded by where rows are changed but not made."""
_FOUND = ("kind", "at", "call_id", "agent_id", "province", "unit")
"""What stands in the body of a fact and has a column beside it."""

_LEG: tuple[ColumnElement[str], ...] = (
    literal_column("'leg_id'"),
    literal_column("'offer_id'"),
)
_NOTHING: ColumnElement[str] = literal_column("''")
_CENTRE: ColumnElement[str] = literal_column("'-'")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for asyncpg, and the names of its values in their order."""

    sql: str
    names: tuple[str, ...]


def _rows(name: str, columns: Mapping[str, "TypeEngine[Any]"]) -> TableValuedAlias:
    """Return the rows of a batch under a name, as a table."""
    given = [Column(column, kind) for column, kind in columns.items()]
    values = func.jsonb_to_recordset(cast(bindparam(name), JSONB)).table_valued(*given)
    return values.render_derived(name=f"given_{name}", with_types=True)


def _types(table: Table, *names: str) -> dict[str, "TypeEngine[Any]"]:
    return {name: table.c[name].type for name in names or table.c.keys()}


def _append(table: Table) -> CTE:
    """Make rows; those that are there stand."""
    given = _rows(table.name, _types(table))
    statement = insert(table).from_select(list(given.c.keys()), select(*given.c))
    return statement.on_conflict_do_nothing().cte(f"put_{table.name}")


_JOURNAL_ID: ColumnElement[str] = cast(bindparam("journal_id"), Uuid)


def _facts() -> CTE:
    table = tables.facts
    given = _rows("facts", _types(table, "seq", "origin", "body"))
    body = given.c.body
    found = {name: body.op("->>")(literal_column(f"'{name}'")) for name in _FOUND}
    values = {
        "journal_id": _JOURNAL_ID,
        "seq": given.c.seq,
        "origin": given.c.origin,
        "body": body,
        **{name: cast(text, table.c[name].type) for name, text in found.items()},
        # A leg in no call of ours tells an empty one.
        "leg_id": func.coalesce(*(body.op("->>")(name) for name in _LEG)),
        "call_id": cast(func.nullif(found["call_id"], _NOTHING), Uuid),
    }
    statement = insert(table).from_select(list(values), select(*values.values()))
    return statement.on_conflict_do_nothing().cte("put_facts")


def _agent_states() -> CTE:
    table = tables.agent_states
    names = [it.name for it in table.c if it.name != "journal_id"]
    given = _rows(table.name, _types(table, *names))
    chosen = select(_JOURNAL_ID, *given.c)
    statement = insert(table).from_select(["journal_id", *names], chosen)
    return statement.on_conflict_do_nothing().cte(f"put_{table.name}")


def _upsert(table: Table) -> CTE:
    """Make rows, or change what is given (not NULL) of those there."""
    given = _rows(table.name, _types(table))
    made = _in_order(table, dict(given.c.items()))
    statement = insert(table).from_select(list(made), select(*made.values()))
    keys = KEYS[table.name]
    changed = {
        column.name: _settled(table, column.name, statement.excluded)
        for column in table.c
        if column.name not in keys
    }
    changed = _in_order(table, changed)
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    return statement.cte(f"put_{table.name}")


def _settled(table: Table, name: str, given: Any) -> ColumnElement[Any]:  # noqa: ANN401 - columns of any shape
    """Return what a column becomes where a row was there before."""
    there: ColumnElement[Any] = table.c[name]
    if name in _PLACE:
        is_centre = (given["province"] == _CENTRE) & (given["unit"] == _CENTRE)
        return case((is_centre, there), else_=given[name])
    if name == "state":
        # What is closed stays closed.
        return case((table.c.ended_at.is_(None), given[name]), else_=there)
    if name in FIRST_STANDS.get(table.name, frozenset()):
        return func.coalesce(there, given[name])
    return func.coalesce(given[name], there)


def _in_order(
    table: Table, values: Mapping[str, ColumnElement[Any]]
) -> dict[str, ColumnElement[Any]]:
    """Return what a row becomes, with no instant of it before one that precedes it.

    Where the wall clock was set back between two starts of the engine, what ended later
    bears an earlier instant: it is then as late as the latest before it, and a call's
    record says that it is estimated.
    """
    ordered = dict(values)
    went_back: list[ColumnElement[bool]] = []
    for chain in IN_ORDER.get(table.name, ()):
        before: list[ColumnElement[Any]] = []
        for name in chain:
            told = values.get(name, table.c[name])
            if before and name in values:
                # greatest() passes over what is NULL.
                went_back.append(told < func.greatest(*before))
                latest = func.greatest(told, *before)
                ordered[name] = case((told.is_not(None), latest))
            before.append(told)
    if went_back and "is_estimated" in values:
        ordered["is_estimated"] = case(
            (or_(*went_back), true()), else_=values["is_estimated"]
        )
    return ordered


def _touch(table: Table, *columns: str) -> CTE:
    """Change what is given (not NULL) of rows that are there."""
    (key,) = KEYS[table.name]
    given = _rows(TOUCHED + table.name, _types(table, key, *columns))
    changed = _in_order(
        table, {name: _settled(table, name, given.c) for name in columns}
    )
    statement = update(table).where(table.c[key] == given.c[key]).values(changed)
    return statement.cte(f"touch_{table.name}")


def _wrap_up() -> CTE:
    """Change the latest conversations of callers and agents."""
    table = tables.conversations
    columns = ("wrap_up_started_at", "wrap_up_ended_at")
    given = _rows(TOUCHED + "wrap_ups", _types(table, *KEYS["wrap_ups"], *columns))
    others = table.alias("others")
    latest = (
        select(others.c.offer_id)
        .where(others.c.call_id == given.c.call_id)
        .where(others.c.agent_id == given.c.agent_id)
        .order_by(others.c.started_at.desc())
        .limit(literal_column("1"))
        .correlate(given)
        .scalar_subquery()
    )
    changed = _in_order(
        table,
        {name: func.coalesce(table.c[name], given.c[name]) for name in columns},
    )
    statement = update(table).where(table.c.offer_id == latest).values(changed)
    return statement.cte("touch_wrap_ups")


def _advance() -> CTE:
    """Move the position, if it is where we left it."""
    table = tables.shipping
    return (
        update(table)
        .where(table.c.journal_id == _JOURNAL_ID)
        .where(table.c.seq == cast(bindparam("position"), BigInteger))
        .values(seq=cast(bindparam("reached"), BigInteger))
        .returning(table.c.seq)
        .cte("moved")
    )


def _ship() -> Statement:
    moved = _advance()
    # A position that is not where we left it divides by zero, and that undoes all.
    is_moved = (
        literal_column("1") / select(func.count()).select_from(moved).scalar_subquery()
    )
    statement = select(is_moved).add_cte(
        _facts(),
        _upsert(tables.calls),
        _upsert(tables.legs),
        _append(tables.steps),
        _upsert(tables.offers),
        _append(tables.routing_decisions),
        _upsert(tables.conversations),
        _upsert(tables.recordings),
        _upsert(tables.recording_pauses),
        _upsert(tables.callbacks),
        _agent_states(),
        _touch(tables.calls, "answered_at", "flow", "queue_id", "disposition"),
        _touch(tables.legs, "rang_at", "answered_at", "ended_at", "ending", "cause"),
        _wrap_up(),
    )
    compiled = statement.compile(dialect=_DIALECT)
    return Statement(str(compiled), tuple(getattr(compiled, "positiontup", ())))


SHIP = _ship()
"""Puts a batch on record and moves the position, all or nothing.

Its values are ``journal_id``, ``position``, ``reached`` and for each table, and each
table preceded by ``touched_``, the rows as JSON or None. A position that is not where
the journal was left is a division by zero.
"""

BEGIN_SHIPPING = """
    INSERT INTO shipping (journal_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING
"""
SHIPPED = "SELECT seq FROM shipping WHERE journal_id = $1"
