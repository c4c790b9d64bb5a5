"""Versions of the floor: added only, one after the other, each audited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.store.audit import Audit, latest
from services.store.errors import DatabaseAway
from services.store.roles import Role
from services.store.versions import (
    FloorVersions,
    Stale,
    UnknownVersion,
    WholeVersion,
    sum_of,
)
from tests.support.roles import Roles, granted_roles


@pytest.fixture
async def roles(database: str) -> AsyncIterator[Roles]:
    async with granted_roles(database) as roles:
        yield roles


@pytest.fixture
def versions(roles: Roles, tmp_path: Path) -> FloorVersions:
    url = roles.url(Role.API)
    return FloorVersions(url, Audit(url, tmp_path / "anchor"))


async def test_the_first_version_is_made_from_none(versions: FloorVersions) -> None:
    assert await versions.newest() is None

    first = await versions.publish("a floor", made_from=None, by="lina", note="begin")

    assert (first.number, first.made_from, first.by) == (1, None, "lina")
    assert first.sum == first.file_sum == sum_of("a floor")
    assert await versions.newest() == first
    assert await versions.version(1) == first


async def test_a_version_made_from_an_older_one_is_refused_with_both_named(
    versions: FloorVersions,
) -> None:
    await versions.publish("one", made_from=None, by="lina")
    await versions.publish("two", made_from=1, by="lina")

    with pytest.raises(Stale) as caught:
        await versions.publish("mine", made_from=1, by="omar")

    assert str(caught.value) == (
        "floor: made from version 1, but version 2 is in force; "
        "./tieline floor show 2 tells it, make yours from that"
    )
    newest = await versions.newest()
    assert newest is not None
    assert newest.text == "two"


@pytest.mark.parametrize("made_from", [None, 1, 9])
async def test_only_what_is_made_from_the_version_in_force_is_published(
    versions: FloorVersions, made_from: int | None
) -> None:
    for number in range(3):
        await versions.publish("text", made_from=number or None, by="lina")

    with pytest.raises(Stale) as caught:
        await versions.publish("mine", made_from=made_from, by="omar")

    assert caught.value.newest == 3
    assert [one.number for one in await versions.history()] == [3, 2, 1]


async def test_of_two_who_publish_at_once_one_is_refused(
    versions: FloorVersions,
) -> None:
    await versions.publish("one", made_from=None, by="lina")

    ended = await asyncio.gather(
        *(versions.publish(f"by {n}", made_from=1, by=str(n)) for n in range(4)),
        return_exceptions=True,
    )

    assert sum(isinstance(one, Stale) for one in ended) == 3
    [won] = [one for one in ended if isinstance(one, WholeVersion)]
    assert await versions.newest() == won


async def test_an_edited_version_remembers_the_file_it_came_from(
    versions: FloorVersions,
) -> None:
    first = await versions.publish("file", made_from=None, by="lina")
    edited = await versions.publish(
        "edited", made_from=1, by="omar", file_sum=first.file_sum
    )

    assert (edited.sum, edited.file_sum) == (sum_of("edited"), sum_of("file"))
    assert [one.number for one in await versions.history()] == [2, 1]
    assert [one.number for one in await versions.history(1)] == [2]


async def test_each_version_has_its_row_of_audit_and_a_refused_one_none(
    versions: FloorVersions, database: str
) -> None:
    await versions.publish("one", made_from=None, by="lina", note="begin")
    with pytest.raises(Stale):
        await versions.publish("mine", made_from=None, by="omar")

    [row] = await latest(database, 5)

    assert (row["actor"], row["act"], row["object"]) == (
        "lina",
        "published",
        "floor version 1",
    )
    assert '"note": "begin"' in str(row["detail"])


async def test_a_version_that_never_was_is_told_so(versions: FloorVersions) -> None:
    with pytest.raises(UnknownVersion) as caught:
        await versions.version(7)

    assert str(caught.value) == (
        "floor: no version 7 was published; ./tieline floor history lists those "
        "there are"
    )


async def test_who_may_publish_can_change_no_version(
    versions: FloorVersions, roles: Roles
) -> None:
    await versions.publish("one", made_from=None, by="lina")
    connection = await asyncpg.connect(roles.url(Role.API))

    try:
        for change in (
            "UPDATE floor_versions SET text = 'mine'",
            "DELETE FROM floor_versions",
            "INSERT INTO floor_versions VALUES (2, now(), '', '', 1, '', '', '')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    finally:
        await connection.close()


async def test_a_database_that_is_away_is_told_in_words() -> None:
    url = "postgresql://tieline:x@127.0.0.1:1/tieline"
    versions = FloorVersions(url, Audit(url))

    with pytest.raises(DatabaseAway):
        await versions.newest()
    with pytest.raises(DatabaseAway):
        await versions.publish("one", made_from=None, by="lina")
