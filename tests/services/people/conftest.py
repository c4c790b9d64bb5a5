"""A register of people over a real PostgreSQL, as the role of the HTTP edge."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from services.people.log_ins import LogIns
from services.people.notes import Notes
from services.people.passwords import Passwords
from services.people.register import NewPerson, Register
from services.people.rights import Grant
from services.people.sessions import Sessions
from services.store.audit import Audit, latest
from services.store.migrate import upgrade
from services.store.people import PeopleTables
from services.store.roles import Role
from tests.support.builders import at
from tests.support.postgres import fresh_database
from tests.support.roles import granted_roles

PASSWORD = "correct horse battery"
HERE = "192.0.2.7"


@dataclass
class House:
    """Everything of people, and a clock that a test sets."""

    owner: str
    url: str
    now: datetime = field(default_factory=lambda: at(0))
    ended: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin anew, as after a restart."""
        tables = PeopleTables(self.url, Audit(self.url))
        self.sessions = Sessions(idle=timedelta(hours=1), whole=timedelta(hours=12))
        self.sessions.ended = self.ended.append
        passwords = Passwords()
        self.notes = Notes(tables, now=self.clock)
        self.register = Register(tables, self.sessions, passwords, now=self.clock)
        self.log_ins = LogIns(
            self.register,
            tables,
            self.sessions,
            passwords=passwords,
            notes=self.notes,
            now=self.clock,
        )

    def clock(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def add(self, name: str, *grants: Grant) -> None:
        new = NewPerson(name=name, grants=grants, password=PASSWORD)
        await self.register.add(new, by="test")

    async def token(self, name: str, *, address: str = HERE) -> str:
        return (await self.log_ins.log_in(name, PASSWORD, address=address)).token

    async def audit(self) -> list[tuple[object, object, object]]:
        await self.notes.tell_all()
        rows = await latest(self.owner, 100)
        return [(row["actor"], row["act"], row["object"]) for row in rows]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with fresh_database() as owner:
        await upgrade(owner)
        async with granted_roles(owner) as roles:
            house = House(owner=owner, url=roles.url(Role.API))
            await house.log_ins.read()
            yield house
