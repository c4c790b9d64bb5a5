"""Who may do what to what: roles, scopes, and the one table by which it is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from acd.vocabulary.ids import CENTRE, AgentId, Place


class Right(StrEnum):
    """What may be done."""

    OWN_SESSION = "own_session"
    """To see oneself, log out, and change one's own password."""
    SEE_AGENTS = "see_agents"
    ACT_AS_AGENT = "act_as_agent"
    """Sign in and out, ready and not ready, the end of wrap-up."""
    CONTROL_CALLS = "control_calls"
    """Hold, pause of the recording and the like, with the call in an agent's hand."""
    OWN_PHONE = "own_phone"
    """The telephone in one's own page."""
    SEE_CALLS = "see_calls"
    """Live and on record; callers' numbers masked without ``see_numbers``."""
    SEE_NUMBERS = "see_numbers"
    """Callers' numbers and names whole."""
    TELL_CALLS = "tell_calls"
    """One call whole, with its facts."""
    SEE_REASONS = "see_reasons"
    """Why each offer was made to whom."""
    DISPOSE_CALLS = "dispose_calls"
    HEAR = "hear"
    """Recordings."""
    WATCH = "watch"
    """A live stream."""
    CHANGE_VIEWERS = "change_viewers"
    """Give who watches other rights, or take them."""
    SEE_ESTIMATES = "see_estimates"
    TAKE_ESTIMATES = "take_estimates"
    SEE_FLOOR = "see_floor"
    CHANGE_FLOOR = "change_floor"
    CHANGE_FLAGS = "change_flags"
    """As when a storm comes; who sees flows sees them."""
    SEE_FLOWS = "see_flows"
    CHANGE_FLOWS = "change_flows"
    SEE_PEOPLE = "see_people"
    CHANGE_PEOPLE = "change_people"


class Role(StrEnum):
    """What somebody is; what that allows, and where, are two other matters."""

    AGENT = "agent"
    """For their own work alone, wherever it is."""
    SUPERVISOR = "supervisor"
    OPERATIONS = "operations"
    AUDITOR = "auditor"
    ADMIN = "admin"
    """Of people; sees no call."""
    LISTENER = "listener"
    """Hears recordings and nothing else, by a token."""


_SEES = frozenset({Right.OWN_SESSION, Right.SEE_AGENTS, Right.SEE_CALLS, Right.WATCH})
_PUBLISHED = frozenset({Right.SEE_FLOOR, Right.SEE_FLOWS})
_LOOKS_INTO = frozenset({Right.SEE_NUMBERS, Right.TELL_CALLS, Right.SEE_REASONS})

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.AGENT: _SEES
        | {
            Right.ACT_AS_AGENT,
            Right.CONTROL_CALLS,
            Right.OWN_PHONE,
            Right.SEE_NUMBERS,
            Right.DISPOSE_CALLS,
        },
        Role.SUPERVISOR: _SEES
        | _PUBLISHED
        | _LOOKS_INTO
        | {
            Right.ACT_AS_AGENT,
            Right.CONTROL_CALLS,
            Right.CHANGE_FLAGS,
            Right.DISPOSE_CALLS,
            Right.HEAR,
            Right.SEE_ESTIMATES,
        },
        Role.OPERATIONS: _SEES
        | _PUBLISHED
        | {
            Right.SEE_REASONS,
            Right.SEE_ESTIMATES,
            Right.TAKE_ESTIMATES,
            Right.CHANGE_FLAGS,
            Right.CHANGE_FLOOR,
            Right.CHANGE_FLOWS,
        },
        Role.AUDITOR: _SEES
        | _PUBLISHED
        | _LOOKS_INTO
        | {Right.HEAR, Right.SEE_ESTIMATES, Right.SEE_PEOPLE},
        Role.ADMIN: frozenset(
            {
                Right.OWN_SESSION,
                Right.CHANGE_VIEWERS,
                Right.SEE_PEOPLE,
                Right.CHANGE_PEOPLE,
            }
        ),
        Role.LISTENER: frozenset({Right.HEAR}),
    }
)
"""What each role may do, within its scope; what is not named is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is to be done something to: where it belongs, and to whom."""

    place: Place = CENTRE
    queue_id: str | None = None
    agent_id: AgentId | None = None
    """Whose it is: the agent, or the agent who has the call or had it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a role holds: all over, in a province, in a unit of it, or for a queue."""

    province: str | None = None
    unit: str | None = None
    """Of use only with a province."""
    queue_id: str | None = None
    """Of use only without a province."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all over."""
        return self.province is None and self.queue_id is None

    def covers(self, thing: Thing) -> bool:
        """Tell whether a thing lies in it.

        What belongs to the centre is the whole scope's alone, and what belongs to a
        whole province is not for its units.
        """
        if self.queue_id is not None:
            return thing.queue_id == self.queue_id
        if self.province is None:
            return True
        if thing.place.province != self.province:
            return False
        return self.unit is None or thing.place.unit == self.unit

    def holds(self, other: "Scope") -> bool:
        """Tell whether another scope lies in it."""
        if self.is_whole or self == other:
            return True
        if self.queue_id is not None or other.province is None:
            return False
        return self.province == other.province and self.unit is None


WHOLE = Scope()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """One role, where it holds."""

    role: Role
    scope: Scope = WHOLE


class Kind(StrEnum):
    """By what somebody is known."""

    OPERATOR = "operator"
    """Whoever may read this machine's secrets: owns the instance, and may all."""
    PERSON = "person"
    PROGRAM = "program"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, once that is proved."""

    name: str
    kind: Kind
    agent_id: AgentId | None = None
    """Which agent they are, if they are one."""
    grants: tuple[Grant, ...] = ()
    session: str = ""
    """Sum of the session's token; "" for who comes without a session."""


OPERATOR = Asker(name="operator", kind=Kind.OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something may be done, and if not, why."""

    why_not: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether it may."""
        return not self.why_not


_ALLOWED = Verdict()


def may(asker: Asker, right: Right, thing: Thing) -> Verdict:
    """Say whether somebody may do something to a thing."""
    if not holds(asker, right):
        return Verdict(why_not=f"no role of {asker.name!r} has the right {right.value}")
    if asker.kind is Kind.OPERATOR or any(
        _reaches(grant, asker, thing) for grant in _with(asker, right)
    ):
        return _ALLOWED
    return Verdict(
        why_not=f"the right {right.value} of {asker.name!r} does not reach so far"
    )


def holds(asker: Asker, right: Right) -> bool:
    """Say whether somebody may do something to anything at all."""
    return asker.kind is Kind.OPERATOR or bool(_with(asker, right))


def may_grant(
    asker: Asker, grants: tuple[Grant, ...], *, right: Right = Right.CHANGE_PEOPLE
) -> bool:
    """Say whether somebody's right to people reaches over all of these roles.

    Who has no role is for those whose right is whole.
    """
    if asker.kind is Kind.OPERATOR:
        return True
    own = [grant.scope for grant in _with(asker, right)]
    asked = [grant.scope for grant in grants] or [WHOLE]
    return all(any(scope.holds(other) for scope in own) for other in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """All that a right reaches: scopes, and besides what is an agent's own."""

    scopes: tuple[Scope, ...]
    agent_id: AgentId | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return any(scope.is_whole for scope in self.scopes)


def extent(asker: Asker, right: Right) -> Extent:
    """Return all that somebody may do something to; of use for lists."""
    if asker.kind is Kind.OPERATOR:
        return Extent(scopes=(WHOLE,))
    grants = _with(asker, right)
    is_agent = any(grant.role is Role.AGENT for grant in grants)
    return Extent(
        scopes=tuple(g.scope for g in grants if g.role is not Role.AGENT),
        agent_id=asker.agent_id if is_agent else None,
    )


def _with(asker: Asker, right: Right) -> list[Grant]:
    return [grant for grant in asker.grants if right in RIGHTS[grant.role]]


def _reaches(grant: Grant, asker: Asker, thing: Thing) -> bool:
    if grant.role is Role.AGENT:
        return asker.agent_id is not None and thing.agent_id == asker.agent_id
    return grant.scope.covers(thing)
