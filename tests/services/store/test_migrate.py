import asyncio
import subprocess
import sys

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.store import migrate
from services.store.errors import SchemaUnknown
from services.store.migrate import upgrade
from services.store.tables import metadata


async def test_an_empty_database_gets_exactly_the_tables_that_the_code_knows(
    empty_database: str,
) -> None:
    differences: list[object] = []

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences.extend(compare_metadata(context, metadata))

    await upgrade(empty_database)
    await migrate._on_database(empty_database, compare)

    assert differences == []


async def test_many_may_upgrade_at_once_in_one_process(empty_database: str) -> None:
    await asyncio.gather(*(upgrade(empty_database) for _ in range(3)))

    assert "calls" in await tables_of(empty_database)


async def test_many_processes_may_upgrade_at_once(empty_database: str) -> None:
    code = (
        "import asyncio, sys; from services.store.migrate import upgrade;"
        "print(flush=True); sys.stdin.readline(); asyncio.run(upgrade(sys.argv[1]))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            empty_database,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()

    ended = await asyncio.gather(*(it.communicate(b"go\n") for it in processes))

    assert len(ended) == 2
    assert [process.returncode for process in processes] == [0, 0]


async def test_every_table_of_record_says_province_and_unit() -> None:
    for table in metadata.tables.values():
        # A position, what is everybody's, and who may be anywhere.
        if table.name not in {"shipping", "people", "sessions", *VERSIONS}:
            assert {"province", "unit"} <= set(table.c.keys())


async def test_the_first_migration_can_be_taken_back(database: str) -> None:
    await migrate._on_database(
        database, lambda it: command.downgrade(migrate._config(it), "base")
    )

    assert await tables_of(database) == {"alembic_version"}


async def test_a_database_of_a_newer_release_is_refused(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()

    with pytest.raises(SchemaUnknown) as caught:
        await upgrade(database)

    assert str(caught.value) == (
        "database: its schema is '9999', which this release does not know; "
        "was it made by a newer release?"
    )


VERSIONS = {"floor_versions", "flow_versions", "flow_shares", "flag_changes"}


async def tables_of(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    await connection.close()
    return {row["tablename"] for row in rows}
