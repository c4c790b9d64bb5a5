"""A PostgreSQL of our own in the data folder: made once, started, asked, stopped."""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import asyncpg

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import ForeignCluster, NotStarted
from services.runtime.parts.postgres import PostgresPart
from services.runtime.privileges import (
    ServiceUser,
    confined,
    let_pass,
    make_folder,
    service_environment,
)
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.secrets_kept import SecretUnusable, kept_secret
from services.store.roles import Role

START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
DATABASE = ROLE = "tieline"
_ADMIN = "postgres"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlace:
    """Where one embedded PostgreSQL lives and as whom it runs."""

    part: PostgresPart
    data: Path
    """The instance's folder; ours is ``postgres`` in it."""
    host: str
    port: int
    user: ServiceUser | None
    options: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the server; tests turn its syncing off."""

    @property
    def cluster(self) -> Path:
        """The folder of the server's own files."""
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        """The server's words."""
        return self.data / "log" / "postgres.log"

    @property
    def needed(self) -> tuple[Path, ...]:
        """Folders that the server must reach."""
        return (self.data, self.part.program.folder)

    def url(self) -> str:
        """Return the address of the product's database, with its password."""
        return self._url(ROLE, kept_secret(self.data, "database"), DATABASE)

    def role_url(self, role: Role) -> str:
        """Return the address of the product's database for one of its roles."""
        password = kept_secret(self.data, f"database-{role.value}")
        return self._url(role_name(role), password, DATABASE)

    def admin_url(self, database: str = "postgres") -> str:
        """Return an address that may make and drop databases."""
        return self._url(_ADMIN, kept_secret(self.data, "database-admin"), database)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{self.host}:{self.port}/{database}"


def role_name(role: Role) -> str:
    """Return what a role is called in the embedded server."""
    return f"{ROLE}_{role.value}"


async def start(place: PostgresPlace) -> Child:
    """Start the server and return when it answers and has our database.

    Raises:
        ForeignCluster: Its files are another version's.
        NotStarted: It ended or did not answer; its last words are told.
        SecretUnusable: The password kept for it is not its own.
    """
    let_pass(place.data, place.user)
    await _make_cluster(place)
    _forget_stale_pid(place.cluster)
    child = await Child.start(
        "postgresql",
        # Fast shutdown: it ends its clients and leaves files that need no recovery.
        confined(_argv(place), place.user, place.needed, end_by=signal.SIGINT),
        log=place.log,
        environment=_environment(place),
    )
    try:
        await child.until(
            _answers(place), limit_s=START_LIMIT_S, asked="a connection is taken"
        )
        await _make_database(place)
    except asyncpg.InvalidPasswordError:
        await stop(child)
        raise SecretUnusable(
            place.data / SECRETS / "database-admin",
            found=f"not the password that {place.cluster} was made with",
            would_do="put back the one that was there",
        ) from None
    except BaseException:
        await stop(child)
        raise
    return child


async def stop(child: Child) -> None:
    """Stop the server: fast, then at once."""
    await child.stop((signal.SIGINT, STOP_LIMIT_S), (signal.SIGQUIT, 5.0))


def _argv(place: PostgresPlace) -> tuple[str, ...]:
    options = {
        "listen_addresses": place.host,
        "port": str(place.port),
        # A socket's path has 107 characters at most, and a data folder any length.
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The JIT compiler is not fetched, and pays only for reports of minutes.
        "jit": "off",
        "max_connections": "60",
        "cluster_name": "tieline",
    } | dict(place.options)
    settings = (f"--{name}={value}" for name, value in options.items())
    return place.part.command("postgres", "-D", str(place.cluster), *settings)


def _environment(place: PostgresPlace) -> dict[str, str]:
    program = place.part.program
    return service_environment(place.user, place.cluster, program.environment)


async def _make_cluster(place: PostgresPlace) -> None:
    try:
        made_by = (place.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        await _initdb(place)
        return
    if made_by != str(place.part.major):
        raise ForeignCluster(place.cluster, made_by=made_by, running=place.part.major)


async def _initdb(place: PostgresPlace) -> None:
    # Under another name until it is whole: an interrupted one is not believed.
    draft = place.cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, place.user, mode=0o700)
    password = draft.with_name("postgres.password")
    _write_for(password, kept_secret(place.data, "database-admin"), place.user)
    argv = place.part.command(
        "initdb",
        f"--pgdata={draft}",
        f"--username={_ADMIN}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # Sorted by code point, which no new ICU or libc changes under an index; a
        # column or a query that sorts for people names its ICU collation.
        "--locale=C.UTF-8",
        "--no-instructions",
    )
    try:
        child = await Child.start(
            "initdb",
            confined(argv, place.user, place.needed),
            log=place.log,
            environment=_environment(place),
        )
        try:
            code = await child.wait()
        finally:
            await child.stop()
    finally:
        password.unlink(missing_ok=True)
    if code:
        why = f"initdb ended with {code}"
        raise NotStarted("postgresql", why=why, log=place.log)
    # A folder without PG_VERSION is none of PostgreSQL's; only an empty one is taken.
    if place.cluster.exists():
        place.cluster.rmdir()
    draft.rename(place.cluster)


def _write_for(path: Path, text: str, user: ServiceUser | None) -> None:
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as out:
        out.write(text)
    if user:
        os.chown(path, user.uid, user.gid)


def _forget_stale_pid(cluster: Path) -> None:
    # After a reboot the number may be another program's, and the server would think
    # that it runs already. The lock on the data folder says that none of ours does.
    pid_file = cluster / "postmaster.pid"
    try:
        pid = pid_file.read_text(encoding="ascii").split()[0]
        name = Path("/proc", pid, "comm").read_text(encoding="utf-8").strip()
    except (OSError, IndexError):
        return
    if not name.startswith("postgres"):
        pid_file.unlink()


async def _answers(place: PostgresPlace) -> None:
    while True:
        try:
            connection = await asyncpg.connect(place.admin_url(), timeout=5)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return


async def _make_database(place: PostgresPlace) -> None:
    connection = await asyncpg.connect(place.admin_url())
    try:
        await _make_role(connection, ROLE, kept_secret(place.data, "database"))
        for role in Role:
            password = kept_secret(place.data, f"database-{role.value}")
            await _make_role(connection, role_name(role), password)
        found = "SELECT 1 FROM pg_database WHERE datname = $1"
        if not await connection.fetchval(found, DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        # Who has no business here may not even enter, nor make tables of their own.
        names = ", ".join(role_name(role) for role in Role)
        await connection.execute(
            f"REVOKE ALL ON DATABASE {DATABASE}, {_ADMIN} FROM PUBLIC;"
            f"GRANT CONNECT ON DATABASE {DATABASE} TO {names}"
        )
    finally:
        await connection.close()


async def _make_role(connection: Connection, name: str, password: str) -> None:
    found = "SELECT 1 FROM pg_roles WHERE rolname = $1"
    if not await connection.fetchval(found, name):
        await connection.execute(f"CREATE ROLE {name} LOGIN")
    # The password is ours: letters, digits, - and _ only.
    await connection.execute(f"ALTER ROLE {name} PASSWORD '{password}'")
