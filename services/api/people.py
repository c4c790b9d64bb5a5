"""People over HTTP: who there is, in which roles, and every change of that."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from acd.vocabulary.ids import AgentId
from services.api.log_in import Password, RoleOut
from services.api.ports import Floor
from services.api.problems import told_by
from services.api.rights import OfAsker, needs, of_agent, refused
from services.api.who_asks import Doors
from services.people.register import NewPerson, Register, grants_of
from services.people.rights import (
    Asker,
    Grant,
    Kind,
    Right,
    Role,
    Scope,
    may,
    may_grant,
)
from services.store.people import PersonRow

router = APIRouter(prefix="/people", tags=["people"])

_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_CODE = r"^[A-Za-z0-9_-]{1,40}$"
_ROLE: dict[str, JsonValue] = {"role": "supervisor", "province": "YJ"}
_ROLES: list[JsonValue] = [_ROLE]
_Code = Annotated[str, Field(pattern=_CODE)]
OfPerson = Annotated[str, Path(max_length=64, examples=["carol"])]


class RoleIn(BaseModel):
    """One role, and where it holds; all over where nothing is said."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _ROLE})

    role: Role
    province: _Code | None = None
    unit: _Code | None = None
    queue_id: Annotated[str, Field(pattern=_CODE)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "RoleIn":
        if self.unit is not None and self.province is None:
            raise ValueError("a unit needs its province")
        if self.queue_id is not None and self.province is not None:
            raise ValueError("a queue is named alone, without a province")
        return self

    def grant(self) -> Grant:
        """Return it as rights are decided by it."""
        scope = Scope(province=self.province, unit=self.unit, queue_id=self.queue_id)
        return Grant(role=self.role, scope=scope)


class RolesIn(BaseModel):
    """All roles that somebody is to have."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"roles": _ROLES}}
    )

    roles: Annotated[list[RoleIn], Field(max_length=50)]


class PersonIn(RolesIn):
    """Somebody who is to log in, or a program that comes with a token."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "carol", "roles": _ROLES}},
    )

    name: Annotated[str, Field(pattern=_NAME)]
    is_program: bool = False
    shown_name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,80}$")] = ""
    agent_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Which agent they are, if they are one."""
    password: Password | None = None
    """None to have one made."""


class PasswordIn(BaseModel):
    """A password to be; null to have one made, or a token for a program."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"password": None}}
    )

    password: Password | None = None


class PersonOut(BaseModel):
    """Somebody who may log in, or a program."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "carol",
                "kind": "person",
                "shown_name": "Carol",
                "agent_id": None,
                "made_at": "2026-11-21T08:00:00.000000Z",
                "disabled_at": None,
                "roles": [_ROLE | {"unit": None, "queue_id": None}],
            }
        }
    )

    name: str
    kind: Kind
    shown_name: str
    agent_id: str | None
    made_at: datetime
    disabled_at: datetime | None
    roles: list[RoleOut]

    @classmethod
    def of(cls, row: PersonRow) -> "PersonOut":
        """Show somebody; nothing of a password."""
        return cls(
            name=row.name,
            kind=Kind(row.kind),
            shown_name=row.shown_name,
            agent_id=row.agent_id,
            made_at=row.made_at,
            disabled_at=row.disabled_at,
            roles=[RoleOut.of(grant) for grant in grants_of(row)],
        )


class SecretOut(BaseModel):
    """Somebody, and what was made for them: it is told this once."""

    person: PersonOut
    secret: str
    """A password, or a program's token; "" where one was given."""


def register_of(request: Request) -> Register:
    """Return the register of people."""
    doors: Doors = request.app.state.doors
    return doors.register


_SEEN = needs(Right.SEE_PEOPLE, of="many")
_CHANGED = needs(Right.CHANGE_PEOPLE, of="person")


@router.get("", responses=told_by(503), **_SEEN)
async def people(request: Request, asker: OfAsker) -> list[PersonOut]:
    """List people and programs that one may see, by name."""
    return [
        PersonOut.of(row)
        for row in register_of(request).people()
        if may_grant(asker, grants_of(row), right=Right.SEE_PEOPLE)
    ]


@router.post("", status_code=201, responses=told_by(409, 422, 503), **_CHANGED)
async def add(request: Request, asker: OfAsker, said: PersonIn) -> SecretOut:
    """Add somebody; a password that is not given, or a token, is made and told once."""
    grants = tuple(one.grant() for one in said.roles)
    _must(request, asker, grants)
    _must_reach_agent(request, asker, said.agent_id)
    new = NewPerson(
        name=said.name,
        kind=Kind.PROGRAM if said.is_program else Kind.PERSON,
        shown_name=said.shown_name,
        agent_id=said.agent_id,
        grants=grants,
        password=said.password,
    )
    register = register_of(request)
    secret = await register.add(new, by=asker.name)
    return SecretOut(person=PersonOut.of(register.person(said.name)), secret=secret)


@router.put("/{name}/roles", responses=told_by(404, 422, 503), **_CHANGED)
async def give_roles(
    request: Request, asker: OfAsker, name: OfPerson, said: RolesIn
) -> PersonOut:
    """Let somebody have these roles and no others; their streams begin anew."""
    register = _theirs(request, asker, name)
    grants = tuple(one.grant() for one in said.roles)
    _must(request, asker, grants)
    await register.give_roles(name, grants, by=asker.name)
    return PersonOut.of(register.person(name))


@router.put("/{name}/password", responses=told_by(404, 409, 422, 503), **_CHANGED)
async def set_password(
    request: Request, asker: OfAsker, name: OfPerson, said: PasswordIn
) -> SecretOut:
    """Give somebody another password, or a program another token; sessions end."""
    register = _theirs(request, asker, name)
    secret = await register.set_password(name, said.password, by=asker.name)
    return SecretOut(person=PersonOut.of(register.person(name)), secret=secret)


@router.post("/{name}/disable", responses=told_by(404, 503), **_CHANGED)
async def disable(request: Request, asker: OfAsker, name: OfPerson) -> PersonOut:
    """Keep somebody out: sessions, live streams and token are void at once."""
    register = _theirs(request, asker, name)
    await register.disable(name, by=asker.name)
    return PersonOut.of(register.person(name))


@router.post("/{name}/enable", responses=told_by(404, 503), **_CHANGED)
async def enable(request: Request, asker: OfAsker, name: OfPerson) -> PersonOut:
    """Let somebody in again, by a new log-in."""
    register = _theirs(request, asker, name)
    await register.enable(name, by=asker.name)
    return PersonOut.of(register.person(name))


def _theirs(request: Request, asker: Asker, name: str) -> Register:
    """See that somebody is in reach as they are now: all roles, and who they are."""
    register = register_of(request)
    row = register.person(name)
    _must(request, asker, grants_of(row))
    _must_reach_agent(request, asker, row.agent_id)
    return register


def _must(request: Request, asker: Asker, grants: tuple[Grant, ...]) -> None:
    if not may_grant(asker, grants):
        right = Right.CHANGE_PEOPLE
        why = f"the right {right.value} of {asker.name!r} does not reach so far"
        raise refused(request, asker, right, why)


def _must_reach_agent(request: Request, asker: Asker, agent_id: str | None) -> None:
    """See that nobody makes themselves an agent of elsewhere.

    Who is not on the floor now may have been anywhere, and may come to be.
    """
    if agent_id is None:
        return
    floor: Floor = request.app.state.floor
    view = floor.agent(AgentId(agent_id))
    if view is None:
        _must(request, asker, ())
        return
    right = Right.CHANGE_PEOPLE
    verdict = may(asker, right, of_agent(view))
    if not verdict.is_allowed:
        raise refused(request, asker, right, verdict.why_not)
