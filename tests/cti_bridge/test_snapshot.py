"""What a snapshot tells of the legs that live."""

import pytest

from acd.vocabulary.leg_facts import (
    CallQueued,
    LegAnswered,
    LegJoined,
    LegRang,
    LegRole,
    LegSeen,
)
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.snapshot import facts_of, legs_seen
from tests.support import traces
from tests.support.builders import at


def seen() -> list[LegSeen]:
    messages = Frames().feed(traces.ami("calls/snapshot"))
    return list(legs_seen(m for m in messages if m.event == "Status"))


def test_callers_and_agents_are_told_by_their_own_variables() -> None:
    by_role = sorted((leg.role, leg.is_up, leg.number) for leg in seen())

    assert by_role == [
        (LegRole.OFFER, True, ""),
        (LegRole.WAITING, True, "6000"),
        (LegRole.WAITING, True, "6000"),
    ]


def test_a_talking_pair_shares_a_bridge_and_a_call() -> None:
    pair = [leg for leg in seen() if leg.bridge_id]

    assert len(pair) == 2
    assert len({leg.bridge_id for leg in pair}) == 1
    assert len({leg.call_id for leg in pair}) == 1
    agent = next(leg for leg in pair if leg.role is LegRole.OFFER)
    assert [str(agent.offer_id), agent.agent_id] == [agent.leg_id, "1001"]


def test_a_waiting_caller_brings_queue_and_skills() -> None:
    waiting = [leg for leg in seen() if leg.bridge_id is None]

    assert [(leg.queue_id, leg.skills) for leg in waiting] == [("main", ("main", "zh"))]


@pytest.mark.parametrize(
    ("variables", "role"),
    [
        (b"Variable: CC_STATE=flow", LegRole.FLOW),
        (b"Variable: CC_STATE=open", LegRole.OTHER),
        (b"Variable: CC_STATE=(null)", LegRole.OTHER),
        (b"Variable: CC_STATE=waiting", LegRole.WAITING),
        (b"Variable: CC_STATE=(null)\r\nVariable: CC_OFFER_ID=o", LegRole.OFFER),
        (b"Variable: CC_STATE=offer\r\nVariable: CC_OFFER_ID=o", LegRole.OFFER),
    ],
)
def test_the_role_of_a_leg(variables: bytes, role: LegRole) -> None:
    head = b"Event: Status\r\nUniqueid: a-1.1\r\nChannelState: 6\r\n"

    (leg,) = legs_seen([Message(head + variables)])

    assert leg.role is role


@pytest.mark.parametrize("entered", ["", "(null)", "soon", "1e400", "nan"])
def test_a_time_that_is_none_is_left_out(entered: str) -> None:
    head = "Event: Status\r\nUniqueid: a-1.1\r\nChannelState: 6\r\n"

    (leg,) = legs_seen([Message(f"{head}Variable: CC_T0={entered}".encode())])

    assert leg.queued_at is None


def test_one_leg_asked_for_is_told_as_its_events_would_have_been() -> None:
    waiting = next(leg for leg in seen() if leg.bridge_id is None)
    agent = next(leg for leg in seen() if leg.role is LegRole.OFFER)

    assert [type(f) for f in facts_of(waiting, at=at(0))] == [CallQueued]
    assert [type(f) for f in facts_of(agent, at=at(0))] == [LegAnswered, LegJoined]


def test_an_offer_that_rings_is_told_as_ringing() -> None:
    (leg,) = legs_seen(
        [
            Message(
                b"Event: Status\r\nUniqueid: o\r\nChannelState: 5\r\n"
                b"Variable: CC_OFFER_ID=o"
            )
        ]
    )

    assert [type(f) for f in facts_of(leg, at=at(0))] == [LegRang]
