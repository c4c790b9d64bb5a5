"""A real PostgreSQL for tests: one server a session, a fresh database each time."""

import asyncio
import atexit
import functools
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from services.runtime.embedded import postgres
from services.runtime.embedded.postgres import PostgresPlace
from services.runtime.parts import postgres as postgres_part
from services.runtime.privileges import service_user
from services.runtime.settings import read_settings


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def fresh_database() -> AsyncIterator[str]:
    """Give the address (postgresql://…) of an empty database, dropped afterwards."""
    place = await asyncio.to_thread(server)
    name = f"test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(place.admin_url())
    try:
        await admin.execute(f"CREATE DATABASE {name} OWNER {postgres.ROLE}")
        yield place.url().rpartition("/")[0] + f"/{name}"
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


_one_at_a_time = threading.Lock()


def server() -> PostgresPlace:
    """Return the session's server, started at the first call, stopped at the end."""
    with _one_at_a_time:
        return _server()


@functools.cache
def _server() -> PostgresPlace:
    folder = Path(tempfile.mkdtemp(prefix="tieline-test-pg-"))
    # mkdtemp gives 0700 to us alone; the server may be another user.
    folder.chmod(0o711)
    place = PostgresPlace(
        part=postgres_part.obtain(read_settings().parts),
        data=folder,
        host="127.0.0.1",
        port=free_port(),
        user=service_user(None),
        # Nothing here outlives the session; a power cut may have it.
        options={"fsync": "off"},
    )
    # A loop of its own: each test has another one, and the server outlives them all.
    # Its thread lives as long as we do, so the server ends when we do.
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="postgres").start()
    child = asyncio.run_coroutine_threadsafe(postgres.start(place), loop).result()

    def stop() -> None:
        asyncio.run_coroutine_threadsafe(postgres.stop(child), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return place
