"""What each role of the database may do: this much, and nothing else."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

import asyncpg

from services.store.errors import RoleOverpowered
from services.store.tables import metadata

_CONNECT_S = 10.0


class Role(StrEnum):
    """Who asks the database; the owner, who migrates, is none of these."""

    ENGINE = "engine"
    """Ships the journal."""
    API = "api"
    """Reads records for the HTTP edge; adds to the audit, versions of the floor and of
    the flows, and changes of flags; keeps people and their sessions."""
    REPORT = "report"
    """Reads records for reports; bodies of facts and the audit are not for it."""


_READ = ("SELECT",)
_PUBLISHED = (
    "INSERT (number, by, note, made_from, text, sum, file_sum)",
    "SELECT",
)
_FOLDED = ("SELECT", "INSERT", "UPDATE")
_KEPT = ("SELECT", "DELETE")
_ADDED = (
    "INSERT (actor, act, object, detail, province, unit)",
    "SELECT (seq, act, object, sum)",
)

RIGHTS: Mapping[Role, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Role.ENGINE: {
            "facts": ("INSERT",),
            "agent_states": ("INSERT",),
            "steps": ("INSERT",),
            "routing_decisions": ("INSERT",),
            "calls": _FOLDED,
            "legs": _FOLDED,
            "offers": _FOLDED,
            "conversations": _FOLDED,
            "recordings": _FOLDED,
            "recording_pauses": _FOLDED,
            "callbacks": _FOLDED,
            "handling_times": _FOLDED,
            "agent_quality": _READ,
            "shipping": _FOLDED,
            "alembic_version": _READ,
        },
        Role.API: {
            "facts": _READ,
            "calls": _READ,
            "legs": _READ,
            "steps": _READ,
            "offers": _READ,
            "routing_decisions": _READ,
            "conversations": _READ,
            "recordings": _READ,
            "recording_pauses": _READ,
            "callbacks": _READ,
            "handling_times": _READ,
            "agent_quality": _READ,
            "audit": _ADDED,
            "floor_versions": _PUBLISHED,
            "flow_versions": _PUBLISHED,
            "flow_shares": ("INSERT (by, note, in_force, trial, percent)", "SELECT"),
            "flag_changes": ("INSERT (by, note, name, is_up, until)", "SELECT"),
            "people": _FOLDED,
            "people_roles": (*_KEPT, "INSERT (person, role, province, unit, queue_id)"),
            "sessions": (*_KEPT, "INSERT", "UPDATE"),
        },
        Role.REPORT: {
            "calls": _READ,
            "legs": _READ,
            "steps": _READ,
            "offers": _READ,
            "routing_decisions": _READ,
            "conversations": _READ,
            "recordings": _READ,
            "recording_pauses": _READ,
            "callbacks": _READ,
            "agent_states": _READ,
            "handling_times": _READ,
            "agent_quality": _READ,
        },
    }
)
"""Privileges by role and table; what is not named is refused."""

_POWERS = """
SELECT rolsuper AS "is a superuser",
  rolcreaterole AS "may make roles",
  rolreplication AS "may copy the whole server",
  rolbypassrls AS "passes row security by",
  pg_has_role(oid, 'pg_execute_server_program', 'member') AS "may start programs",
  pg_has_role(oid, 'pg_read_server_files', 'member') AS "may read the server's files",
  pg_has_role(oid, 'pg_write_server_files', 'member') AS "may write the server's files"
FROM pg_roles WHERE rolname = current_user
"""


async def grant(url: str, names: Mapping[Role, str]) -> None:
    """Give the roles exactly their rights on the tables there are.

    Args:
        url: A ``postgresql://`` address of the owner of the tables.
        names: What each role is called in this database; one that is missing here or
            there, or is the owner, is left out.

    Raises:
        OSError, asyncpg.PostgresError: The database is away, or refused.
    """
    connection = await asyncpg.connect(url, timeout=_CONNECT_S)
    try:
        known = "SELECT rolname FROM pg_roles WHERE rolname <> current_user"
        there = {row["rolname"] for row in await connection.fetch(known)}
        async with connection.transaction():
            for role, name in names.items():
                if name in there:
                    await connection.execute(";".join(_statements(role, name)))
    finally:
        await connection.close()


def _statements(role: Role, name: str) -> Iterator[str]:
    grantee = '"' + name.replace('"', '""') + '"'
    tables = [*metadata.tables, "alembic_version"]
    yield f"REVOKE ALL ON {', '.join(tables)} FROM {grantee}"
    for table, privileges in RIGHTS[role].items():
        yield f"GRANT {', '.join(privileges)} ON {table} TO {grantee}"


async def refuse_overpowered(url: str) -> None:
    """See that a role cannot do more to the server than Tieline ever needs.

    Raises:
        RoleOverpowered: It can.
        OSError, asyncpg.PostgresError: The database is away, or refused.
    """
    connection = await asyncpg.connect(url, timeout=_CONNECT_S)
    try:
        found = await connection.fetchrow(_POWERS)
        name = await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()
    if powers := [power for power, is_held in found.items() if is_held]:
        raise RoleOverpowered(name, powers)
