"""The register of people: who there is, and every change of that."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from acd.vocabulary.ids import AgentId
from services.people.errors import (
    NotForPrograms,
    PeopleUnread,
    PersonKnown,
    UnknownPerson,
)
from services.people.passwords import Passwords, new_password, refuse_unfit
from services.people.rights import Asker, Grant, Kind, Role, Scope
from services.people.sessions import Sessions
from services.store.audit import Act
from services.store.people import Audited, PeopleTables, PersonRow, RoleRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody who is to be added."""

    name: str
    kind: Kind = Kind.PERSON
    shown_name: str = ""
    agent_id: str | None = None
    grants: tuple[Grant, ...] = ()
    password: str | None = None
    """None to have one made."""


def _nowhere(_name: str) -> None:
    """Know of no file with a password."""


class Register:
    """Knows people from the tables, and goes on by memory while the database is away.

    It is the only one that writes those tables: what it knows is what is so.
    """

    def __init__(
        self,
        tables: PeopleTables,
        sessions: Sessions,
        passwords: Passwords,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Know nobody until ``know`` was told of all.

        Args:
            tables: Where they are kept.
            sessions: Of them; a change may end some.
            passwords: Who looks at passwords.
            now: The time, aware, UTC.
        """
        self._tables = tables
        self._sessions = sessions
        self._passwords = passwords
        self._now = now
        self._people: dict[str, PersonRow] = {}
        self._by_token: dict[str, str] = {}
        self._is_read = False
        self._changing = asyncio.Lock()
        self.password_void: Callable[[str], None] = _nowhere
        """Told whose password is not the one of before, or opens nothing any more."""

    def begin(self, people: Iterable[PersonRow]) -> None:
        """Know all of them; from now on others may ask."""
        for person in people:
            self._know(person)
        self._is_read = True

    def by_token(self, token: str) -> Asker | None:
        """Return whose token it is; None for nobody's.

        Raises:
            PeopleUnread: Nobody is known yet.
        """
        self.people_known()
        name = self._by_token.get(sum_of(token))
        return None if name is None else _asker(self._people.get(name), name)

    def asker(self, name: str, session: str) -> Asker | None:
        """Return somebody as one who asks; None for who is not, or is disabled.

        Raises:
            PeopleUnread: Nobody is known yet.
        """
        self.people_known()
        return _asker(self._people.get(name), session)

    def people(self) -> Sequence[PersonRow]:
        """Return everybody, by name.

        Raises:
            PeopleUnread: Nobody is known yet.
        """
        self.people_known()
        return [person for _, person in sorted(self._people.items())]

    def person(self, name: str) -> PersonRow:
        """Return one of them.

        Raises:
            UnknownPerson: Nobody is called so.
            PeopleUnread: Nobody is known yet.
        """
        self.people_known()
        if name not in self._people:
            raise UnknownPerson(name)
        return self._people[name]

    def found(self, name: str) -> PersonRow | None:
        """Return one of them, or None."""
        return self._people.get(name)

    async def add(self, new: NewPerson, *, by: str) -> str:
        """Add somebody.

        Returns:
            What they log in by, or the program's token, where it was made here; "" for
            a password that was given.

        Raises:
            PersonKnown: There is one of that name.
            PasswordUnfit: The one given is too easily found.
            NotForPrograms: A program is given a password.
            DatabaseAway: They could not be kept.
        """
        self.people_known()
        is_program = new.kind is Kind.PROGRAM
        if is_program and new.password is not None:
            raise NotForPrograms(new.name)
        if new.name in self._people:
            raise PersonKnown(new.name)
        if new.password is not None:
            refuse_unfit(new.password, name=new.name)
        secret = new_token() if is_program else new.password or new_password()
        person = PersonRow(
            name=new.name,
            kind=new.kind.value,
            shown_name=new.shown_name or new.name,
            agent_id=new.agent_id,
            password=None if is_program else await self._passwords.kept(secret),
            token_sum=sum_of(secret) if is_program else None,
            made_at=self._now(),
            roles=tuple(map(_row, new.grants)),
        )
        told = _changed(
            by, new.name, change="added", roles=[*map(words_of, new.grants)]
        )
        if not await self._tables.add(person, told):
            raise PersonKnown(new.name)
        self._know(person)
        return "" if new.password is not None else secret

    async def give_roles(
        self, name: str, grants: tuple[Grant, ...], *, by: str
    ) -> None:
        """Let somebody have these roles and no others, at once.

        Raises:
            UnknownPerson: Nobody is called so.
            DatabaseAway: It could not be kept; they have what they had.
        """
        told = _changed(by, name, change="roles", roles=[*map(words_of, grants)])
        await self._put(name, told, roles=tuple(map(_row, grants)))
        # Their streams end; with what they may now, they ask for others.
        for one in (*self._sessions.of(name), name):
            self._sessions.ended(one)

    async def disable(self, name: str, *, by: str) -> None:
        """Keep somebody out from now on: sessions, streams and token are void.

        Raises:
            UnknownPerson: Nobody is called so.
            DatabaseAway: It is so, but only until the next start.
        """
        at = self._now()
        # First they are out, then it is written: this must not wait for a database.
        self._know(replace(self.person(name), disabled_at=at))
        self._sessions.end(self._sessions.of(name))
        self._sessions.ended(name)
        self.password_void(name)
        told = _changed(by, name, change="disabled")
        await self._put(name, told, ends_sessions=True, disabled_at=at)

    async def enable(self, name: str, *, by: str) -> None:
        """Let somebody in again.

        Raises:
            UnknownPerson: Nobody is called so.
            DatabaseAway: It could not be kept.
        """
        await self._put(name, _changed(by, name, change="enabled"), disabled_at=None)

    async def set_password(self, name: str, password: str | None, *, by: str) -> str:
        """Give somebody a password, or a program a token; sessions of theirs end.

        Returns:
            What was made here; "" where it was given.

        Raises:
            UnknownPerson: Nobody is called so.
            PasswordUnfit, NotForPrograms: It cannot be theirs.
            DatabaseAway: It could not be kept.
        """
        if self.person(name).kind == Kind.PROGRAM:
            if password is not None:
                raise NotForPrograms(name)
            token = new_token()
            told = _changed(by, name, change="token")
            await self._put(name, told, token_sum=sum_of(token))
            self._sessions.ended(name)
            return token
        made = password if password is not None else new_password()
        await self.put_password(name, made, by=by)
        return "" if password is not None else made

    async def put_password(self, name: str, password: str, *, by: str) -> None:
        """Give somebody a password; sessions of theirs end.

        Raises:
            UnknownPerson, PasswordUnfit, DatabaseAway: As ``set_password``.
        """
        refuse_unfit(password, name=name)
        kept = await self._passwords.kept(password)
        told = _changed(by, name, change="password")
        await self._put(name, told, ends_sessions=True, password=kept)
        self._sessions.end(self._sessions.of(name))
        self.password_void(name)

    async def _put(
        self,
        name: str,
        told: Audited,
        *,
        ends_sessions: bool = False,
        **fields: Any,  # noqa: ANN401 - of PersonRow
    ) -> None:
        """Change somebody, in the tables and then here; one change at a time."""
        async with self._changing:
            person = replace(self.person(name), **fields)
            await self._tables.change(person, told, ends_sessions=ends_sessions)
            # Of what was changed here meanwhile, as by disable, nothing is undone.
            self._know(replace(self.person(name), **fields))

    def people_known(self) -> None:
        """See that they are.

        Raises:
            PeopleUnread: Nobody is known yet.
        """
        if not self._is_read:
            raise PeopleUnread

    def _know(self, person: PersonRow) -> None:
        before = self._people.get(person.name)
        if before is not None and before.token_sum is not None:
            self._by_token.pop(before.token_sum, None)
        self._people[person.name] = person
        if person.token_sum is not None:
            self._by_token[person.token_sum] = person.name


def _asker(person: PersonRow | None, session: str) -> Asker | None:
    if person is None or person.disabled_at is not None:
        return None
    return Asker(
        name=person.name,
        kind=Kind(person.kind),
        agent_id=None if person.agent_id is None else AgentId(person.agent_id),
        grants=grants_of(person),
        session=session,
    )


def audited(act: Act, actor: str, what: str, **detail: object) -> Audited:
    """Return what the audit is told of an act."""
    return Audited(act=act, actor=actor, what=what, detail=detail)


def _changed(by: str, name: str, **detail: object) -> Audited:
    return audited(Act.PERSON_CHANGED, by, name, **detail)


def grants_of(person: PersonRow) -> tuple[Grant, ...]:
    """Return somebody's roles; one that this release does not know counts for none."""
    known = {role.value for role in Role}
    return tuple(
        Grant(
            role=Role(row.role),
            scope=Scope(province=row.province, unit=row.unit, queue_id=row.queue_id),
        )
        for row in person.roles
        if row.role in known
    )


def sum_of(token: str) -> str:
    """Return by what a token is known; the token cannot be found from it."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """Return a token for a program: 43 characters that nobody knows."""
    return secrets.token_urlsafe(32)


def _row(grant: Grant) -> RoleRow:
    scope = grant.scope
    return RoleRow(
        role=grant.role.value,
        province=scope.province,
        unit=scope.unit,
        queue_id=scope.queue_id,
    )


def words_of(grant: Grant) -> str:
    """Return a role and where it holds, as people write it: ``supervisor@YJ/YZ``."""
    scope = grant.scope
    if scope.queue_id is not None:
        return f"{grant.role.value}@queue:{scope.queue_id}"
    where = "/".join(part for part in (scope.province, scope.unit) if part)
    return f"{grant.role.value}@{where}" if where else grant.role.value
