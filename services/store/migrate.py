"""Brings a database to the schema of this release."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.store.errors import SchemaUnknown, ServerUnfit

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic keeps the migration that runs in a module of its own; the database itself
# keeps processes apart, by the lock that migrations/env.py takes.
_one_at_a_time = threading.Lock()

LOWEST_MAJOR = 14
"""Of PostgreSQL; what is older gets no more mends."""
MIGRATIONS = Path(__file__).parent / "migrations"


def engine_url(url: str) -> URL:
    """Return a ``postgresql://`` address as SQLAlchemy with asyncpg takes it."""
    return make_url(url).set(drivername="postgresql+asyncpg")


async def upgrade(url: str) -> None:
    """Bring a database to the newest schema; nothing happens when it has it.

    Safe to run from several processes at once.

    Args:
        url: A ``postgresql://`` address.

    Raises:
        SchemaUnknown: The database was made by a newer release.
        ServerUnfit: The server is too old, or lacks an extension.
        OSError: Nothing answers there.
        DBAPIError: The database refused.
    """
    # A loop of its own: migrations may take long, and calls go on meanwhile.
    await asyncio.to_thread(lambda: asyncio.run(_on_database(url, _upgrade)))


async def _on_database(url: str, act: Callable[[Connection], None]) -> None:
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(act)
            await connection.commit()
    finally:
        await engine.dispose()


def _refuse_unfit(connection: Connection) -> None:
    asked = text(
        "SELECT current_setting('server_version'), "
        "current_setting('server_version_num')::int / 10000"
    )
    version, major = connection.execute(asked).one()
    if major < LOWEST_MAJOR:
        raise ServerUnfit(
            f"it is postgresql {version}", would_do=f"{LOWEST_MAJOR} or newer would do"
        )
    asked = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if not connection.execute(asked).scalar():
        raise ServerUnfit(
            "its extension pg_trgm is missing",
            would_do="install the server's package of extensions (postgresql-contrib)",
        )


def _upgrade(connection: Connection) -> None:
    _refuse_unfit(connection)
    if _found(connection) == _newest():
        return
    # Half a second to load, which a start does without.
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        with _one_at_a_time:
            command.upgrade(_config(connection), "head")
    except CommandError as error:
        if "Can't locate revision" not in str(error):
            raise
        raise SchemaUnknown(str(error).rpartition(" ")[2].strip("'")) from None


def _found(connection: Connection) -> str | None:
    """Return the revision that a database has; None for one without tables."""
    asked = text("SELECT to_regclass('alembic_version') IS NOT NULL")
    if not connection.execute(asked).scalar():
        return None
    told = text("SELECT max(version_num) FROM alembic_version")
    found: str | None = connection.execute(told).scalar()
    return found


def _newest() -> str:
    """Return this release's revision: files are named by theirs, rising."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return max(file.name.partition("_")[0] for file in files)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
