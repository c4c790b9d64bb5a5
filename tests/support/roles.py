"""Roles of a test's database with the rights that the product gives them."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from services.store.roles import Role, grant
from tests.support.postgres import server


@dataclass
class Roles:
    """Names by role, all with one password."""

    database: str
    names: dict[Role, str]
    password: str

    def url(self, role: Role) -> str:
        """Return the database's address for a role."""
        parts = urlsplit(self.database)
        login = f"{self.names[role]}:{self.password}"
        return f"postgresql://{login}@{parts.hostname}:{parts.port}{parts.path}"


@asynccontextmanager
async def granted_roles(database: str) -> AsyncIterator[Roles]:
    """Make roles for a database that has its tables; they are dropped afterwards."""
    tail = secrets.token_hex(4)
    names = {role: f"test_{role.value}_{tail}" for role in Role}
    roles = Roles(database, names, secrets.token_hex(12))
    admin = await asyncpg.connect(server().admin_url(urlsplit(database).path[1:]))
    try:
        for name in names.values():
            await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{roles.password}'")
        await grant(database, names)
        yield roles
    finally:
        for name in names.values():
            await admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        await admin.close()
