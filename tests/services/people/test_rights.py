import pytest

from acd.vocabulary.ids import AgentId, Place
from services.people.rights import (
    OPERATOR,
    RIGHTS,
    WHOLE,
    Asker,
    Grant,
    Kind,
    Right,
    Role,
    Scope,
    Thing,
    extent,
    may,
    may_grant,
)

YJ = Scope(province="YJ")
YZ = Scope(province="YJ", unit="YZ")
FAULTS = Scope(queue_id="q_fault")
IN_YZ = Thing(place=Place(province="YJ", unit="YZ"), queue_id="q_fault")
IN_HL = Thing(place=Place(province="HL", unit="HH"), queue_id="q_bill")
OF_YJ = Thing(place=Place(province="YJ", unit="-"))
OF_CENTRE = Thing()


def asker(role: Role, scope: Scope = WHOLE, agent_id: str | None = None) -> Asker:
    return Asker(
        name="carol",
        kind=Kind.PERSON,
        agent_id=None if agent_id is None else AgentId(agent_id),
        grants=(Grant(role=role, scope=scope),),
    )


@pytest.mark.parametrize("right", list(Right))
def test_who_owns_the_machine_may_do_all(right: Right) -> None:
    assert may(OPERATOR, right, OF_CENTRE).is_allowed


@pytest.mark.parametrize("right", list(Right))
def test_who_has_no_role_may_do_nothing(right: Right) -> None:
    nobody = Asker(name="carol", kind=Kind.PERSON)

    assert not may(nobody, right, IN_YZ).is_allowed
    assert "no role of 'carol'" in may(nobody, right, IN_YZ).why_not


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (WHOLE, [IN_YZ, IN_HL, OF_YJ, OF_CENTRE]),
        (YJ, [IN_YZ, OF_YJ]),
        (YZ, [IN_YZ]),
        (FAULTS, [IN_YZ]),
    ],
)
def test_a_role_holds_in_its_scope_and_nowhere_else(
    scope: Scope, reached: list[Thing]
) -> None:
    who = asker(Role.SUPERVISOR, scope)

    things = [IN_YZ, IN_HL, OF_YJ, OF_CENTRE]
    assert [t for t in things if may(who, Right.SEE_CALLS, t).is_allowed] == reached


def test_an_agent_reaches_their_own_work_wherever_it_is_and_no_other() -> None:
    alice = asker(Role.AGENT, YJ, agent_id="1001")

    own = Thing(place=IN_HL.place, agent_id=AgentId("1001"))
    of_others = Thing(place=IN_YZ.place, agent_id=AgentId("1002"))
    assert may(alice, Right.ACT_AS_AGENT, own).is_allowed
    assert not may(alice, Right.ACT_AS_AGENT, of_others).is_allowed
    assert not may(alice, Right.SEE_CALLS, IN_YZ).is_allowed


def test_an_agents_role_without_an_agent_reaches_nothing() -> None:
    nobody = asker(Role.AGENT)

    assert not may(nobody, Right.SEE_CALLS, OF_CENTRE).is_allowed
    assert extent(nobody, Right.SEE_CALLS).scopes == ()
    assert extent(nobody, Right.SEE_CALLS).agent_id is None


def test_who_keeps_people_sees_no_call_and_who_sees_calls_keeps_no_people() -> None:
    keeps_people = [r for r in Role if Right.CHANGE_PEOPLE in RIGHTS[r]]
    sees_calls = [r for r in Role if Right.SEE_CALLS in RIGHTS[r]]

    assert keeps_people == [Role.ADMIN]
    assert Role.ADMIN not in sees_calls


def test_nobody_gives_more_than_they_have() -> None:
    of_yj = asker(Role.ADMIN, YJ)

    assert may_grant(of_yj, (Grant(role=Role.SUPERVISOR, scope=YZ),))
    assert may_grant(of_yj, (Grant(role=Role.ADMIN, scope=YJ),))
    assert not may_grant(of_yj, (Grant(role=Role.AGENT),))
    assert not may_grant(of_yj, (Grant(role=Role.AUDITOR, scope=FAULTS),))
    assert not may_grant(asker(Role.ADMIN, YZ), (Grant(role=Role.AGENT, scope=YJ),))
    # Who has no role yet, or had a wider one, is not theirs either.
    assert not may_grant(of_yj, ())
    assert not may_grant(asker(Role.SUPERVISOR), (Grant(role=Role.AGENT, scope=YZ),))
