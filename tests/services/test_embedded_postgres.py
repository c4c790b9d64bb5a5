import socket
from pathlib import Path

import asyncpg
import pytest

from services.runtime.embedded import postgres
from services.runtime.embedded.errors import ForeignCluster, NotStarted
from services.runtime.embedded.postgres import PostgresPlace
from services.runtime.parts import postgres as postgres_part
from services.runtime.privileges import service_user
from services.runtime.settings import read_settings
from tests.support.postgres import free_port, fresh_database


@pytest.fixture
def place(tmp_path: Path) -> PostgresPlace:
    # pytest's folders are of mode 0700: started by root, the server gets its way in.
    return PostgresPlace(
        part=postgres_part.obtain(read_settings().parts),
        data=tmp_path,
        host="127.0.0.1",
        port=free_port(),
        user=service_user(None),
    )


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_what_was_written_is_there_after_a_stop_and_a_start(
    place: PostgresPlace,
) -> None:
    child = await postgres.start(place)
    await value(place.url(), "CREATE TABLE kept AS SELECT 7 AS seven")
    await postgres.stop(child)

    child = await postgres.start(place)

    assert await value(place.url(), "SELECT seven FROM kept") == 7
    assert await value(place.url(), "SHOW fsync") == "on"
    assert await value(place.url(), "SHOW server_encoding") == "UTF8"
    assert owner_of(child.pid) != 0
    await postgres.stop(child)
    assert child.exit_code == 0


async def test_a_wrong_password_is_refused(place: PostgresPlace) -> None:
    child = await postgres.start(place)

    with pytest.raises(asyncpg.InvalidPasswordError):
        await value(place.url().replace("tieline:", "tieline:x", 1), "SELECT 1")

    await postgres.stop(child)


async def test_an_interrupted_initdb_is_not_believed(place: PostgresPlace) -> None:
    draft = place.data / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("15\n")

    child = await postgres.start(place)

    assert await value(place.url(), "SELECT 1") == 1
    await postgres.stop(child)


async def test_the_files_of_another_version_are_refused(place: PostgresPlace) -> None:
    place.cluster.mkdir()
    (place.cluster / "PG_VERSION").write_text("9\n")

    with pytest.raises(ForeignCluster) as refused:
        await postgres.start(place)

    major = place.part.major
    assert str(refused.value) == (
        f"{place.cluster}: was made by postgresql 9, found postgresql {major};"
        " install postgresql 9, or move its data by pg_upgrade"
    )


async def test_a_server_that_does_not_come_up_is_told_with_its_last_words(
    place: PostgresPlace,
) -> None:
    with (
        socket.create_server((place.host, place.port)),
        pytest.raises(NotStarted) as refused,
    ):
        await postgres.start(place)

    assert "postgresql: did not start, it ended with 1; its log is" in str(
        refused.value
    )
    assert "Address already in use" in str(refused.value)


async def test_a_fresh_database_is_empty_and_gone_afterwards() -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"

    async with fresh_database() as url:
        await value(url, "CREATE EXTENSION pg_trgm")
        assert await value(url, tables) == 0

    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await value(url, "SELECT 1")
