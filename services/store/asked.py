"""One question to the database, by a connection that is there for it alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from services.store.errors import DatabaseAway, in_its_words

_CONNECT_S = 5.0
_STATEMENT_S = 10.0
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@asynccontextmanager
async def asked(
    url: str, *, by: str, statement_s: float | None = _STATEMENT_S
) -> AsyncIterator[Connection]:
    """Give a connection, closed at the block's end.

    Args:
        url: A ``postgresql://`` address.
        by: Who asks, as the database lists it.
        statement_s: How long one statement may take; None sets no limit.

    Raises:
        DatabaseAway: It cannot be reached, or a statement in the block failed.
    """
    try:
        connection = await asyncpg.connect(
            url,
            timeout=_CONNECT_S,
            command_timeout=statement_s,
            server_settings={"application_name": f"tieline {by}"},
        )
        try:
            yield connection
        finally:
            await connection.close()
    except _AWAY as error:
        raise DatabaseAway(in_its_words(error)) from error
