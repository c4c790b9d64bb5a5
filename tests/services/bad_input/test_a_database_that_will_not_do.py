"""A server too old, or without what the schema needs, before the first migration."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.store.errors import ServerUnfit
from services.store.migrate import upgrade
from tests.support.postgres import fresh_database


@pytest.fixture
async def database() -> AsyncIterator[str]:
    async with fresh_database() as url:
        yield url


async def pretend(url: str, *statements: str) -> None:
    """Have the server tell us something else than what is so."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE SCHEMA pretended")
        for statement in statements:
            await connection.execute(statement)
        name = url.rpartition("/")[2]
        # Looked up before the server's own names.
        await connection.execute(
            f"ALTER DATABASE {name} SET search_path = pretended, pg_catalog, public"
        )
    finally:
        await connection.close()


async def test_a_server_that_is_too_old_is_told_with_the_version_that_would_do(
    database: str,
) -> None:
    await pretend(
        database,
        "CREATE FUNCTION pretended.current_setting(name text) RETURNS text"
        " LANGUAGE sql AS $$ SELECT CASE name WHEN 'server_version' THEN '11.22'"
        " ELSE '110022' END $$",
    )

    with pytest.raises(ServerUnfit) as refused:
        await upgrade(database)

    assert str(refused.value) == (
        "database: it is postgresql 11.22; 14 or newer would do"
    )


async def test_a_server_without_trigrams_is_told_with_the_package_that_has_them(
    database: str,
) -> None:
    await pretend(
        database, "CREATE TABLE pretended.pg_available_extensions (name text)"
    )

    with pytest.raises(ServerUnfit) as refused:
        await upgrade(database)

    assert str(refused.value) == (
        "database: its extension pg_trgm is missing; install the server's package of"
        " extensions (postgresql-contrib)"
    )
