"""Versions of the flows: added only, and by which of them callers are led."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.store.audit import Audit, latest
from services.store.flow_versions import FlowVersions, Force, NothingTried
from services.store.roles import Role
from services.store.versions import Stale, UnknownVersion
from tests.support.roles import Roles, granted_roles


@pytest.fixture
async def roles(database: str) -> AsyncIterator[Roles]:
    async with granted_roles(database) as roles:
        yield roles


@pytest.fixture
def versions(roles: Roles, tmp_path: Path) -> FlowVersions:
    url = roles.url(Role.API)
    return FlowVersions(url, Audit(url, tmp_path / "anchor"))


async def publish(
    versions: FlowVersions, made_from: int | None, *, percent: int = 100
) -> None:
    text = f"made from {made_from}"
    await versions.publish(
        text, made_from=made_from, by="lina", note="why", percent=percent
    )


async def led_by(versions: FlowVersions) -> tuple[int, int | None, int]:
    force = await versions.force()
    assert force is not None
    return force.in_force, force.trial, force.percent


async def test_the_version_that_was_published_last_leads_all(
    versions: FlowVersions,
) -> None:
    assert await versions.force() is None

    await publish(versions, None)
    await publish(versions, 1)

    assert await led_by(versions) == (2, None, 0)
    force = await versions.force()
    assert force is not None
    assert [it.text for it in force.versions] == ["made from 1"]


async def test_the_first_version_leads_all_whatever_share_was_asked_for(
    versions: FlowVersions,
) -> None:
    await publish(versions, None, percent=20)

    assert await led_by(versions) == (1, None, 0)


async def test_a_version_is_tried_beside_the_one_in_force(
    versions: FlowVersions,
) -> None:
    await publish(versions, None)
    await publish(versions, 1, percent=20)

    assert await led_by(versions) == (1, 2, 20)
    force = await versions.force()
    assert force is not None
    assert [it.number for it in force.versions] == [1, 2]

    await versions.share(50, by="lina", note="so far so good")
    assert await led_by(versions) == (1, 2, 50)
    await versions.share(100, by="lina", note="good")
    assert await led_by(versions) == (2, None, 0)


async def test_a_version_that_was_tried_can_be_taken_back(
    versions: FlowVersions,
) -> None:
    await publish(versions, None)
    await publish(versions, 1, percent=20)

    assert await versions.share(0, by="lina", note="bad") == Force(in_force=1)

    assert await led_by(versions) == (1, None, 0)
    with pytest.raises(NothingTried):
        await versions.share(50, by="lina", note="")
    await publish(versions, 1)
    assert await led_by(versions) == (3, None, 0)


async def test_a_new_version_is_made_from_the_one_that_is_tried(
    versions: FlowVersions,
) -> None:
    await publish(versions, None)
    await publish(versions, 1, percent=20)

    with pytest.raises(Stale) as caught:
        await publish(versions, 1)

    assert str(caught.value) == (
        "flows: made from version 1, but version 2 is in force; "
        "./tieline flow pull --version 2 tells it, make yours from that"
    )
    await publish(versions, 2, percent=30)
    assert await led_by(versions) == (1, 3, 30)


async def test_versions_and_shares_are_audited(
    versions: FlowVersions, database: str
) -> None:
    await publish(versions, None)
    await publish(versions, 1, percent=20)
    await versions.share(0, by="omar", note="bad")

    rows = await latest(database, 5)

    assert [(row["actor"], row["object"]) for row in rows] == [
        ("lina", "flows version 1"),
        ("lina", "flows version 2"),
        ("omar", "flows version 2"),
    ]
    assert '"percent": 0' in str(rows[-1]["detail"])


async def test_a_version_that_never_was_is_told_so(versions: FlowVersions) -> None:
    with pytest.raises(UnknownVersion) as caught:
        await versions.version(7)

    assert str(caught.value) == (
        "flows: no version 7 was published; ./tieline flow versions lists those there"
        " are"
    )


async def test_who_may_publish_can_change_nothing_that_was(
    versions: FlowVersions, roles: Roles
) -> None:
    await publish(versions, None)
    connection = await asyncpg.connect(roles.url(Role.API))

    try:
        for change in (
            "UPDATE flow_versions SET text = 'mine'",
            "DELETE FROM flow_versions",
            "UPDATE flow_shares SET percent = 1",
            "DELETE FROM flow_shares",
            "INSERT INTO flow_shares (at, by) VALUES (now(), 'me')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    finally:
        await connection.close()
