"""What a snapshot tells of the legs that live."""

import pytest

from acd.vocabulary.leg_facts import LegRole, LegSeen
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.snapshot import leg_listed, legs_seen
from tests.support import traces


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
        (b"Variable: CC_STATE=open", LegRole.OPEN),
        (b"Variable: CC_STATE=served\r\nVariable: CC_OFFER_ID=o", LegRole.SERVED),
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


def test_a_leg_in_asterisks_list_is_told_as_far_as_its_line_goes() -> None:
    messages = Frames().feed(traces.ami("offer/answered-and-listed"))
    listed = [m for m in messages if m.event == "CoreShowChannel"]

    caller, agent = map(leg_listed, listed)

    assert [caller.role, agent.role] == [LegRole.WAITING, LegRole.OFFER]
    assert caller.bridge_id == agent.bridge_id is not None
    assert [caller.is_up, agent.is_up] == [True, True]


def test_a_leg_in_a_flow_and_one_that_rings_are_told_apart() -> None:
    offer = b"3f8f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22"
    legs = [
        leg_listed(
            Message(
                b"Event: CoreShowChannel\r\nChannel: PJSIP/x\r\nContext: cc-flow\r\n"
                b"ChannelState: 5\r\nBridgeId: \r\nUniqueid: " + leg_id
            )
        )
        for leg_id in (b"b1-1795301576.0", offer)
    ]

    assert [leg.role for leg in legs] == [LegRole.OTHER, LegRole.OFFER]
    assert [(leg.is_up, leg.bridge_id) for leg in legs] == [(False, None)] * 2
