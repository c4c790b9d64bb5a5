"""Writes a database down by pg_dump, and brings it back by pg_restore."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from services.runtime.backup.errors import DatabaseNotEmpty, DumpFailed
from services.runtime.parts.postgres import PostgresPart
from services.store.tables import metadata

_CONNECT_S = 10.0
_LAST_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a database holds at one moment."""

    shipped_seq: int
    """Of the journal that was asked for; 0 when nothing of it is there."""
    counts: Mapping[str, int]
    """Rows by table."""


async def dump(
    part: PostgresPart, url: str, target: Path, *, journal_id: str
) -> Position:
    """Write down the whole database as it is at one moment, while it is used.

    Args:
        part: The programs.
        url: The owner's address.
        target: The file that is made.
        journal_id: Whose position is asked for.

    Raises:
        DumpFailed: The database does not answer, or not to this.
    """
    connection = await _connected(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            position = await _position(connection, journal_id)
            await _run(
                part,
                "pg_dump",
                *("--format=custom", "--no-owner", "--no-privileges"),
                *(f"--snapshot={snapshot}", "--lock-wait-timeout=30s"),
                f"--file={target}",
                url=url,
            )
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DumpFailed("pg_dump", str(error)) from None
    finally:
        await connection.close()
    return position


async def bring_back(
    part: PostgresPart, url: str, source: Path, *, journal_id: str
) -> Position:
    """Fill an empty database from a dump, all or nothing.

    Raises:
        DatabaseNotEmpty: There are calls in it.
        DumpFailed: The database does not answer, or refused the dump.
    """
    connection = await _connected(url)
    try:
        if await connection.fetchval("SELECT to_regclass('public.calls')"):
            raise DatabaseNotEmpty(_shown(url))
    finally:
        await connection.close()
    await _run(
        part,
        "pg_restore",
        *("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"),
        str(source),
        url=url,
    )
    connection = await _connected(url)
    try:
        return await _position(connection, journal_id)
    finally:
        await connection.close()


async def _connected(url: str) -> Any:  # noqa: ANN401 - asyncpg's connection
    try:
        return await asyncpg.connect(url, timeout=_CONNECT_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error) or type(error).__name__
        raise DumpFailed("postgresql", f"{_shown(url)}: {why}") from None


async def _position(connection: Any, journal_id: str) -> Position:  # noqa: ANN401 - as above
    asked = "SELECT seq FROM shipping WHERE journal_id = $1"
    seq = await connection.fetchval(asked, journal_id)
    counts = {
        # Names of our own tables.
        name: await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608
        for name in sorted(metadata.tables)
    }
    return Position(shipped_seq=seq or 0, counts=counts)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"


async def _run(part: PostgresPart, program: str, *arguments: str, url: str) -> None:
    parts = urlsplit(url)
    # The command line can be read by all of the machine; the environment cannot.
    open_url = urlunsplit(
        parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1))
    )
    process = await asyncio.create_subprocess_exec(
        *part.command(program, *arguments, f"--dbname={open_url}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PGPASSWORD": unquote(parts.password or ""),
            **part.program.environment,
        },
    )
    try:
        _, said = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise DumpFailed(program, " / ".join(lines[-_LAST_WORDS:]))
