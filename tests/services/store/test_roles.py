import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from services.store.errors import RoleOverpowered
from services.store.journal import Journal
from services.store.migrate import upgrade
from services.store.queries import CallFilter, Records
from services.store.roles import RIGHTS, Role, grant, refuse_overpowered
from services.store.shipper import Shipper
from services.store.tables import metadata
from tests.services.store.stories import Teller
from tests.support.builders import call_id
from tests.support.postgres import server
from tests.support.roles import Roles, granted_roles


@pytest.fixture
async def roles(database: str) -> AsyncIterator[Roles]:
    async with granted_roles(database) as roles:
        yield roles


async def ship(url: str, folder: Path) -> None:
    async with Journal(folder) as journal:
        teller = Teller()
        teller.answered_call(1, 0)
        for fact, origin in teller.story:
            journal.append(fact, origin)
        shipper = Shipper(journal, url)
        task = asyncio.create_task(shipper.run())
        assert await shipper.caught_up(20), shipper.problem
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_engine_ships_and_the_api_reads_with_what_they_have(
    roles: Roles, tmp_path: Path
) -> None:
    await ship(roles.url(Role.ENGINE), tmp_path)
    records = Records(roles.url(Role.API))

    try:
        story = await records.story(call_id(1))
        assert story is not None
        assert story.facts
        assert len(await records.calls(CallFilter())) == 1
    finally:
        await records.close()


POWERS = (
    "DROP TABLE calls",
    "ALTER TABLE calls ADD COLUMN x int",
    "CREATE TABLE mine (x int)",
    "TRUNCATE calls",
    "DELETE FROM calls",
    "COPY calls TO PROGRAM 'cat'",
    "COPY calls FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE ROLE mine",
    "CREATE EXTENSION dblink",
    "SELECT rolpassword FROM pg_authid",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET ROLE postgres",
    "UPDATE alembic_version SET version_num = '1'",
)


async def allowed(url: str, statements: Iterable[str]) -> list[str]:
    """Return those that were not refused; all of them on one connection."""
    found = []
    connection = await asyncpg.connect(url)
    for statement in statements:
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        except asyncpg.PostgresError as error:
            found.append(f"{statement}: {error}")
        else:
            found.append(statement)
    await connection.close()
    return found


async def test_no_role_has_power_over_tables_or_server(roles: Roles) -> None:
    for role in Role:
        assert await allowed(roles.url(role), POWERS) == [], role


PEOPLE = ("people", "people_roles", "sessions")


async def test_only_the_edge_knows_of_people_and_it_deletes_none(roles: Roles) -> None:
    reads = [f"SELECT count(*) FROM {table}" for table in PEOPLE]  # noqa: S608 - ours
    changes = ["DELETE FROM people", "UPDATE people_roles SET role = 'admin'"]

    assert await allowed(roles.url(Role.API), changes) == []
    assert len(await allowed(roles.url(Role.API), reads)) == len(reads)
    for role in (Role.ENGINE, Role.REPORT):
        assert await allowed(roles.url(role), [*reads, *changes]) == [], role


async def test_who_reads_cannot_write(roles: Roles) -> None:
    writes = [
        statement.format(table, list(metadata.tables[table].c)[-1].name)
        for table in metadata.tables
        if table not in PEOPLE
        for statement in (
            "INSERT INTO {0} DEFAULT VALUES",
            "UPDATE {0} SET {1} = NULL",
            "DELETE FROM {0}",
        )
    ]
    # Their own tests tell.
    writes.remove("INSERT INTO audit DEFAULT VALUES")
    for table in ("floor_versions", "flow_versions", "flow_shares", "flag_changes"):
        writes.remove(f"INSERT INTO {table} DEFAULT VALUES")

    for role in (Role.REPORT, Role.API):
        assert await allowed(roles.url(role), writes) == [], role


UNREAD = {
    Role.ENGINE: ("facts", "agent_states", "steps", "audit"),
    Role.API: ("agent_states", "shipping", "alembic_version"),
    Role.REPORT: ("facts", "audit", "shipping", "alembic_version"),
}


async def test_a_role_reads_nothing_that_it_needs_not(roles: Roles) -> None:
    for role, tables in UNREAD.items():
        # Of any column: a count needs no more than one.
        reads = [f"SELECT count(*) FROM {table}" for table in tables]  # noqa: S608 - ours
        assert await allowed(roles.url(role), reads) == [], role

    details = ["SELECT actor FROM audit", "SELECT detail FROM audit"]
    assert await allowed(roles.url(Role.API), details) == []


async def test_every_table_is_somebodys(database: str) -> None:
    named = {table for tables in RIGHTS.values() for table in tables}

    assert set(metadata.tables) <= named, "say in roles.py who may do what with it"


async def test_rights_that_were_given_beside_are_taken_back(
    database: str, roles: Roles
) -> None:
    name = roles.names[Role.REPORT]
    connection = await asyncpg.connect(database)
    await connection.execute(f"GRANT ALL ON calls TO {name}")
    await connection.close()

    await grant(database, roles.names)

    assert await allowed(roles.url(Role.REPORT), ["DELETE FROM calls"]) == []


async def test_a_role_that_is_not_there_is_left_out(database: str) -> None:
    await grant(database, {Role.REPORT: "nobody-of-that-name"})


async def test_an_upgrade_that_finds_nothing_to_do_needs_no_power(roles: Roles) -> None:
    await upgrade(roles.url(Role.ENGINE))


async def test_a_superuser_is_refused() -> None:
    with pytest.raises(RoleOverpowered) as caught:
        await refuse_overpowered(server().admin_url())

    assert str(caught.value).startswith("role 'postgres' is a superuser, ")


async def test_the_owner_of_the_database_alone_is_not_overpowered(
    database: str,
) -> None:
    await refuse_overpowered(database)
