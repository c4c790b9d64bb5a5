"""Logging in and out: sessions that begin, are used, and end."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import structlog

from services.people.errors import TooManyTries, WrongLogIn
from services.people.notes import Notes
from services.people.passwords import Passwords
from services.people.register import Register, audited, sum_of
from services.people.rights import Asker
from services.people.sessions import Session, Sessions
from services.people.tries import Tries
from services.store.audit import Act
from services.store.errors import DatabaseAway
from services.store.people import PeopleTables, PersonRow

log = structlog.get_logger()

_READ_AGAIN_S = 2.0
_LOOK_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A session that begins."""

    token: str
    """For the browser alone; nobody can be told it again."""
    asker: Asker
    over_at: datetime


class LogIns:
    """Lets people in and out."""

    def __init__(
        self,
        register: Register,
        tables: PeopleTables,
        sessions: Sessions,
        *,
        passwords: Passwords,
        notes: Notes,
        now: Callable[[], datetime],
    ) -> None:
        """Join who there is with their sessions; nobody is known until ``run``.

        Args:
            register: Who there is.
            tables: Where sessions are kept.
            sessions: Who is logged in.
            passwords: Who looks at passwords.
            notes: Gets what is refused.
            now: The time, aware, UTC.
        """
        self._register = register
        self._tables = tables
        self._sessions = sessions
        self._passwords = passwords
        self._notes = notes
        self._now = now
        self._to_forget: set[tuple[str, str]] = set()
        """Sessions that are over here and not yet in the tables, and whose."""
        self.tries = Tries()
        self.known = asyncio.Event()
        """Set once it is known who there is."""
        self.present: Callable[[], Iterable[str]] = tuple
        """Tells whose live streams are open: they use their sessions."""

    def by_session(self, token: str) -> Asker | None:
        """Return whose session it is, and note that it is used; None for nobody's.

        Raises:
            PeopleUnread: Nobody is known yet.
        """
        self._register.people_known()
        session = self._sessions.used(sum_of(token), self._now())
        if session is None:
            return None
        return self._register.asker(session.person, session.sum)

    def over_at(self, session: str) -> datetime | None:
        """Return when a session is over for good; None for what is no session."""
        found = self._sessions.get(session)
        return None if found is None else self._sessions.over_at(found)

    @property
    def logged_in(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    async def log_in(
        self, name: str, password: str, *, address: str, instead_of: str = ""
    ) -> LoggedIn:
        """Begin a session.

        Args:
            name: Who says to be there.
            password: What proves it.
            address: Where from.
            instead_of: The session that this browser had before; it ends.

        Raises:
            WrongLogIn: They do not belong together, or may not log in.
            TooManyTries, TooManyAtOnce: It was not looked at.
            PeopleUnread, DatabaseAway: Nobody can log in now.
        """
        self._register.people_known()
        now = self._now()
        # Of a name that is none: it may be a password, typed in the wrong place.
        who = name if self._register.found(name) else "of an unknown name"
        if wait_s := self.tries.begin(name, address, now):
            self._notes.refuse(f"log-in {who}", why=f"too many tries from {address}")
            raise TooManyTries(wait_s)
        person = self._register.found(name)
        may_log_in = person is not None and person.disabled_at is None
        kept = person.password if person is not None and may_log_in else None
        is_right = await self._passwords.is_right(kept, password)
        # As they are now: they may have been disabled while the password was looked at.
        person = self._register.found(name)
        if not is_right or person is None or person.password != kept:
            self._notes.refuse(f"log-in {who}", why=f"wrong, from {address}")
            raise WrongLogIn
        self.tries.right(name, address)
        return await self._begin(person, address, ended={instead_of} - {""})

    async def log_out(self, asker: Asker) -> None:
        """End a session; in the tables too, as soon as they can be written."""
        self._sessions.end({asker.session})
        self._to_forget.add((asker.session, asker.name))
        try:
            await self._forget()
        except DatabaseAway as away:
            log.warning("session_not_forgotten", why=away.why)

    async def _forget(self) -> None:
        for session, name in sorted(self._to_forget):
            told = audited(Act.LOGGED_OUT, name, name)
            await self._tables.end([session], told)
            self._to_forget.discard((session, name))

    async def change_own_password(
        self, asker: Asker, *, old: str, new: str, address: str
    ) -> LoggedIn:
        """Change a password, end all sessions of before, and begin a new one.

        Raises:
            WrongLogIn: The old one is wrong.
            PasswordUnfit: The new one is too easily found.
            TooManyTries, TooManyAtOnce: It was not looked at.
            DatabaseAway: It could not be kept; the old one holds.
        """
        if wait_s := self.tries.begin(asker.name, address, self._now()):
            raise TooManyTries(wait_s)
        person = self._register.person(asker.name)
        if not await self._passwords.is_right(person.password, old):
            self._notes.refuse(
                f"password of {asker.name}", why=f"wrong, from {address}"
            )
            raise WrongLogIn
        self.tries.right(asker.name, address)
        await self._register.put_password(asker.name, new, by=asker.name)
        return await self._begin(self._register.person(asker.name), address, ended=())

    async def _begin(
        self, person: PersonRow, address: str, *, ended: Iterable[str]
    ) -> LoggedIn:
        token, now = secrets.token_urlsafe(32), self._now()
        session = Session(
            sum=sum_of(token),
            person=person.name,
            address=address,
            begun_at=now,
            seen_at=now,
        )
        told = audited(Act.LOGGED_IN, person.name, person.name, address=address)
        await self._tables.begin(session.row(), told, ended=ended)
        self._sessions.end(ended)
        # What was changed while it was written counts: the session is another's then.
        self._sessions.add(session)
        found = self._register.found(person.name)
        asker = self._register.asker(person.name, session.sum)
        if asker is None or found is None or found.password != person.password:
            self._sessions.end({session.sum})
            await self._tables.end([session.sum])
            raise WrongLogIn
        over_at = self._sessions.over_at(session)
        return LoggedIn(token=token, asker=asker, over_at=over_at)

    async def run(self, first: Callable[[], Awaitable[None]] | None = None) -> NoReturn:
        """Read who there is, then look after sessions and audit, for ever.

        Args:
            first: Adds the first people where there are none.
        """
        await self._read_until_read(first)
        await self._look_after()

    async def read(self) -> None:
        """Read who there is, once.

        Raises:
            DatabaseAway: It cannot be read.
        """
        people, sessions = await self._tables.all()
        for row in sessions:
            self._sessions.add(Session.from_row(row))
            self.tries.note_usual(row.person, row.address)
        self._register.begin(people)

    async def _read_until_read(
        self, first: Callable[[], Awaitable[None]] | None
    ) -> None:
        while True:
            try:
                await self.read()
                if first is not None and not self._register.people():
                    await first()
            except DatabaseAway as away:
                log.warning("people_not_read", why=away.why)
                await asyncio.sleep(_READ_AGAIN_S)
            else:
                self.known.set()
                return

    async def _look_after(self) -> NoReturn:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self.look()
            except DatabaseAway as away:
                log.warning("sessions_not_kept", why=away.why)

    async def look(self) -> None:
        """End what is over, and keep what was used.

        Raises:
            DatabaseAway: It could not be kept; it is so all the same.
        """
        await self._forget()
        now = self._now()
        for one in self.present():
            self._sessions.used(one, now)
        over = [session.sum for session in self._sessions.over(now)]
        self._sessions.end(over)
        if over:
            await self._tables.end(over)
        if used := self._sessions.taken_used():
            await self._tables.seen(sorted(used), now)
