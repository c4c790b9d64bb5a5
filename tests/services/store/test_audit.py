import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from services.store.audit import Act, Audit, verify
from services.store.errors import AuditBroken, DatabaseAway
from services.store.roles import Role
from tests.support.roles import Roles, granted_roles


@dataclass
class Book:
    url: str
    anchor: Path
    audit: Audit

    async def sql(self, *statements: str) -> None:
        """Do as one does who owns the database and its server."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
            for statement in statements:
                await connection.execute(statement)
            await connection.execute("ALTER TABLE audit ENABLE TRIGGER ALL")
        finally:
            await connection.close()

    async def broken(self) -> AuditBroken:
        with pytest.raises(AuditBroken) as caught:
            await verify(self.url, self.anchor)
        return caught.value


@pytest.fixture
async def roles(database: str) -> AsyncIterator[Roles]:
    async with granted_roles(database) as roles:
        yield roles


@pytest.fixture
async def book(database: str, roles: Roles, tmp_path: Path) -> Book:
    anchor = tmp_path / "audit" / "anchor"
    audit = Audit(roles.url(Role.API), anchor)
    for n in range(5):
        await audit.note(Act.LISTENED, actor="bob", what=f"call {n}", range="0-")
    return Book(database, anchor, audit)


async def test_rows_are_numbered_and_found_whole(book: Book) -> None:
    found = await verify(book.url, book.anchor)

    assert (found.rows, found.anchors) == (5, 5)
    assert book.anchor.stat().st_mode & 0o077 == 0


async def test_an_audit_without_rows_is_whole(database: str) -> None:
    assert (await verify(database)).rows == 0


async def test_what_is_told_may_be_of_any_script_and_holds_no_nul(book: Book) -> None:
    seq = await book.audit.note(
        Act.SHREDDED, actor="张伟\n7:", what="a:b\0c", place=("云", "-"), reason="é\n☎"
    )

    assert seq == 6
    assert (await verify(book.url, book.anchor)).rows == 6


async def test_many_at_once_make_one_chain(book: Book) -> None:
    noted = [book.audit.note(Act.REFUSED, actor="eve", what=f"{n}") for n in range(12)]

    seqs = await asyncio.gather(*noted)

    assert sorted(seqs) == list(range(6, 18))
    assert (await verify(book.url, book.anchor)).rows == 17


async def test_no_role_changes_or_deletes_a_row(book: Book, roles: Roles) -> None:
    for role in Role:
        connection = await asyncpg.connect(roles.url(role))
        for statement in (
            "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
            "DELETE FROM audit WHERE seq = 3",
            "TRUNCATE audit",
            "DROP TABLE audit",
            "ALTER TABLE audit DISABLE TRIGGER ALL",
            "INSERT INTO audit VALUES (9, now(), '', '', '', '', '', '', '', '')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()

    assert (await verify(book.url, book.anchor)).rows == 5


async def test_not_even_the_owner_changes_a_row_by_mistake(book: Book) -> None:
    connection = await asyncpg.connect(book.url)
    for statement in (
        "UPDATE audit SET act = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="are added only"):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    "changed",
    [
        "actor = 'x'",
        "act = 'x'",
        "object = 'x'",
        "detail = 'x'",
        "province = 'x'",
        "at = at - interval '1 us'",
    ],
)
async def test_a_changed_row_is_found(book: Book, changed: str) -> None:
    await book.sql(f"UPDATE audit SET {changed} WHERE seq = 3")  # noqa: S608 - ours

    broken = await book.broken()

    assert str(broken) == (
        "audit: row 3: it was changed; what stands from there on is not to be "
        "believed, compare it with the copy of a backup"
    )


async def test_a_row_that_was_taken_out_is_found(book: Book) -> None:
    await book.sql("DELETE FROM audit WHERE seq = 2")

    assert "row 2: it is not there, row 3 follows" in str(await book.broken())


async def test_an_end_that_was_cut_off_is_found_by_the_sums_kept_beside(
    book: Book,
) -> None:
    await book.sql("DELETE FROM audit WHERE seq > 3")

    assert "row 4: the end is cut off" in str(await book.broken())
    assert (await verify(book.url)).rows == 3  # the rows alone do not tell


async def test_a_chain_that_was_made_anew_is_found_by_the_sums_kept_beside(
    book: Book,
) -> None:
    await book.sql("DELETE FROM audit")
    for n in range(5):
        await Audit(book.url).note(Act.LISTENED, actor="eve", what=f"call {n}")

    assert "row 1: it is another one than that whose sum was kept" in str(
        await book.broken()
    )
    assert (await verify(book.url)).rows == 5


async def test_what_cannot_be_noted_is_refused(tmp_path: Path) -> None:
    audit = Audit("postgresql://a:b@127.0.0.1:1/x", tmp_path / "anchor")

    with pytest.raises(DatabaseAway):
        await audit.note(Act.LISTENED, actor="bob", what="call")

    assert not (tmp_path / "anchor").exists()
