"""People, their roles and sessions in PostgreSQL; each change with its audit row."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from services.store.asked import Connection, asked
from services.store.audit import Act, Added, Audit, add


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """One role of somebody, and where it holds; None is no bound."""

    role: str
    province: str | None = None
    unit: str | None = None
    queue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Somebody as they stand in the tables."""

    name: str
    kind: str
    """``person`` or ``program``."""
    shown_name: str
    agent_id: str | None
    password: str | None
    """As argon2id keeps it; None for a program."""
    token_sum: str | None
    """SHA-256 of a program's token."""
    made_at: datetime
    disabled_at: datetime | None = None
    roles: tuple[RoleRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One who is logged in."""

    sum: str
    """SHA-256 of the session's token."""
    person: str
    address: str
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What the audit is told of a change."""

    act: Act
    actor: str
    what: str
    detail: dict[str, object]


class PeopleTables:
    """Reads and writes people; nothing is changed without its row of audit."""

    def __init__(self, url: str, audit: Audit) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address of a role that may keep people.
            audit: Gets a row with each change.
        """
        self._url = url
        self._audit = audit

    async def all(self) -> tuple[list[PersonRow], list[SessionRow]]:
        """Return everybody, and who is logged in.

        Raises:
            DatabaseAway: They cannot be read.
        """
        async with self._asked() as connection:
            roles: dict[str, list[RoleRow]] = {}
            for row in await connection.fetch(
                "SELECT * FROM people_roles ORDER BY nth"
            ):
                told = {
                    key: row[key] for key in ("role", "province", "unit", "queue_id")
                }
                roles.setdefault(row["person"], []).append(RoleRow(**told))
            people = [
                PersonRow(**dict(row), roles=tuple(roles.get(row["name"], ())))
                for row in await connection.fetch("SELECT * FROM people ORDER BY name")
            ]
            sessions = await connection.fetch("SELECT * FROM sessions")
            return people, [SessionRow(**dict(row)) for row in sessions]

    async def add(self, person: PersonRow, audited: Audited) -> bool:
        """Add somebody with their roles; False when there is one of that name.

        Raises:
            DatabaseAway: It could not be done.
        """
        async with self._asked() as connection, connection.transaction():
            status = await connection.execute(
                "INSERT INTO people (name, kind, shown_name, agent_id, password,"
                " token_sum, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                " ON CONFLICT (name) DO NOTHING",
                *(person.name, person.kind, person.shown_name, person.agent_id),
                *(person.password, person.token_sum, person.made_at),
            )
            if status.endswith(" 0"):
                return False
            await _put_roles(connection, person)
            row = await _audit(connection, audited)
        self._audit.anchor(row)
        return True

    async def change(
        self, person: PersonRow, audited: Audited, *, ends_sessions: bool = False
    ) -> None:
        """Put somebody's row and roles as they are now; maybe end their sessions.

        Raises:
            DatabaseAway: It could not be done.
        """
        async with self._asked() as connection, connection.transaction():
            await connection.execute(
                "UPDATE people SET shown_name = $2, agent_id = $3, password = $4,"
                " token_sum = $5, disabled_at = $6 WHERE name = $1",
                *(person.name, person.shown_name, person.agent_id, person.password),
                *(person.token_sum, person.disabled_at),
            )
            await connection.execute(
                "DELETE FROM people_roles WHERE person = $1", person.name
            )
            await _put_roles(connection, person)
            if ends_sessions:
                ending = "DELETE FROM sessions WHERE person = $1"
                await connection.execute(ending, person.name)
            row = await _audit(connection, audited)
        self._audit.anchor(row)

    async def begin(
        self, session: SessionRow, audited: Audited, *, ended: Iterable[str] = ()
    ) -> None:
        """Keep a session that begins, in the place of others.

        Raises:
            DatabaseAway: It could not be done.
        """
        async with self._asked() as connection, connection.transaction():
            await _end(connection, list(ended))
            await connection.execute(
                "INSERT INTO sessions (sum, person, address, begun_at, seen_at)"
                " VALUES ($1, $2, $3, $4, $5)",
                *(session.sum, session.person, session.address),
                *(session.begun_at, session.seen_at),
            )
            row = await _audit(connection, audited)
        self._audit.anchor(row)

    async def end(self, sums: Sequence[str], audited: Audited | None = None) -> None:
        """Forget sessions: they were ended, or are over by themselves.

        Raises:
            DatabaseAway: It could not be done.
        """
        row = None
        async with self._asked() as connection, connection.transaction():
            await _end(connection, sums)
            if audited is not None:
                row = await _audit(connection, audited)
        if row is not None:
            self._audit.anchor(row)

    async def seen(self, sums: Sequence[str], at: datetime) -> None:
        """Keep that sessions were of use.

        Raises:
            DatabaseAway: It could not be done.
        """
        async with self._asked() as connection:
            await connection.execute(
                "UPDATE sessions SET seen_at = $2 WHERE sum = ANY($1)", sums, at
            )

    async def note(self, audited: Audited) -> None:
        """Add a row of audit alone.

        Raises:
            DatabaseAway: It could not be added.
        """
        async with self._asked() as connection:
            row = await _audit(connection, audited)
        self._audit.anchor(row)

    def _asked(self) -> AbstractAsyncContextManager[Connection]:
        return asked(self._url, by="people")


async def _put_roles(connection: Connection, person: PersonRow) -> None:
    await connection.executemany(
        "INSERT INTO people_roles (person, role, province, unit, queue_id)"
        " VALUES ($1, $2, $3, $4, $5)",
        [
            (person.name, one.role, one.province, one.unit, one.queue_id)
            for one in person.roles
        ],
    )


async def _end(connection: Connection, sums: Sequence[str]) -> None:
    if sums:
        await connection.execute("DELETE FROM sessions WHERE sum = ANY($1)", sums)


async def _audit(connection: Connection, audited: Audited) -> Added:
    return await add(
        connection,
        audited.act,
        actor=audited.actor,
        what=audited.what,
        detail=audited.detail,
    )
