"""One call, one agent: every way an offer can go."""

from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedOut,
    DeviceChosen,
)
from acd.vocabulary.decisions import (
    BridgeCall,
    DismissAgent,
    RingAgent,
    StopRinging,
    StoreRecording,
)
from acd.vocabulary.ids import LegId, OfferId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    LegAnswered,
    LegEnding,
    LegJoined,
    LegParted,
    LegRang,
)
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    ConversationEnded,
    OfferAnsweredLate,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
    Party,
)
from tests.support.builders import (
    ALICE,
    BOB,
    CAROL,
    Desk,
    a_floor,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    kinds,
    queued,
    rings,
)


def test_a_waiting_call_rings_the_agent_who_has_been_ready_longest() -> None:
    desk = Desk()
    desk.ready(BOB, ALICE)

    outcome = desk.tell(arrived(1, 0), queued(1, 1))

    assert kinds(outcome.facts) == [
        "CallQueued",
        "RoutingDecided",
        "OfferStarted",
        "AgentStateEntered",
    ]
    ring = outcome.decisions[0]
    assert isinstance(ring, RingAgent)
    assert (ring.agent_id, ring.device_id, ring.ring_s) == (BOB, "dev-bob", 15)
    assert ring.caller_number == "13800130001"


def test_an_agent_without_the_skill_is_passed_over_however_long_idle() -> None:
    desk = Desk()
    desk.ready(CAROL, ALICE)

    outcome = desk.tell(arrived(1, 0), queued(1, 1))

    assert [ring.agent_id for ring in rings(outcome)] == [ALICE]


def test_an_answered_offer_is_bridged_and_talks_when_both_legs_are_in() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)

    answered = desk.tell(
        LegRang(at=at(2), leg_id=leg), LegAnswered(at=at(4), leg_id=leg)
    )
    first = desk.tell(LegJoined(at=at(4), leg_id=leg, bridge_id="x"))
    both = desk.tell(LegJoined(at=at(5), leg_id=caller_leg(1), bridge_id="x"))

    assert answered.decisions == (
        BridgeCall(
            call_id=call_id(1), offer_id=OfferId(leg), caller_leg_id=caller_leg(1)
        ),
    )
    assert kinds(first.facts) == ["LegJoined"]
    assert "CallConnected" in kinds(both.facts)
    assert desk.state_of(ALICE) == ("talking", "")


def test_who_leaves_the_bridge_first_ended_the_conversation() -> None:
    for leaver, party in ((0, Party.CALLER), (1, Party.AGENT)):
        desk = Desk()
        desk.ready(ALICE)
        desk.tell(arrived(1, 0), queued(1, 1))
        legs = (caller_leg(1), desk.talk(1, 3))

        desk.tell(
            LegParted(at=at(9), leg_id=legs[leaver], bridge_id="bridge-1"),
            LegParted(at=at(9), leg_id=legs[1 - leaver], bridge_id="bridge-1"),
            hung_up(legs[1 - leaver], 9),
            hung_up(legs[leaver], 9),
        )

        (ended,) = desk.said(ConversationEnded)
        (closed,) = desk.said(CallClosed)
        assert ended.ended_by is party
        assert closed.ended_by is party
        assert closed.reason is CloseReason.COMPLETED


def test_the_recording_is_stored_when_the_agents_leg_of_a_conversation_ends() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 3)
    desk.tell(hung_up(caller_leg(1), 9))

    outcome = desk.tell(hung_up(leg, 9))

    assert outcome.decisions == (
        StoreRecording(call_id=call_id(1), offer_id=OfferId(leg)),
    )


def test_wrap_up_ends_by_its_limit_and_the_agent_is_ready_again() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)
    desk.tell(hung_up(caller_leg(1), 10))

    assert desk.state_of(ALICE) == ("wrap_up", "")
    assert desk.engine.next_deadline is not None
    assert desk.tick(39.9).facts == ()  # the offer's own deadlines are moot now
    assert desk.state_of(ALICE) == ("wrap_up", "")
    desk.tick(40)
    assert desk.state_of(ALICE) == ("ready", "")


def test_a_queue_without_wrap_up_makes_its_agents_ready_at_once() -> None:
    desk = Desk(a_floor(wrap_up_s=0))
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    desk.tell(hung_up(caller_leg(1), 10))

    assert desk.state_of(ALICE) == ("ready", "")


def test_an_agent_who_lets_it_ring_is_made_not_ready_and_the_next_is_rung() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1))
    first = desk.offered_leg(1)

    outcome = desk.tick(16)

    assert desk.state_of(ALICE) == ("not_ready", "rona")
    assert kinds(desk.said(OfferTimedOut)) == ["OfferTimedOut"]
    assert outcome.decisions[0] == StopRinging(offer_id=OfferId(first))
    (ring,) = rings(outcome)
    assert ring.agent_id == BOB
    assert ring.offer_id != OfferId(first)


def test_a_refusal_a_busy_device_and_a_dead_one_each_have_their_own_outcome() -> None:
    cases = {
        LegEnding.DECLINED: (OfferDeclined, "declined"),
        LegEnding.BUSY: (OfferFailed, "busy"),
        LegEnding.UNREACHABLE: (OfferFailed, "unreachable"),
        LegEnding.NO_ANSWER: (OfferTimedOut, "rona"),
    }
    for ending, (kind, reason) in cases.items():
        desk = Desk()
        desk.ready(ALICE, BOB)
        desk.tell(arrived(1, 0), queued(1, 1))

        outcome = desk.tell(hung_up(desk.offered_leg(1), 3, ending))

        assert len(desk.said(kind)) == 1
        assert desk.state_of(ALICE) == ("not_ready", reason)
        assert [ring.agent_id for ring in rings(outcome)] == [BOB]


def test_a_page_that_is_not_reached_rests_and_its_agent_stays_ready() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    for agent_id in (ALICE, BOB):
        desk.tell(DeviceChosen(at=at(0), agent_id=agent_id, is_on_page=True))
    desk.tell(arrived(1, 0), queued(1, 1))

    second = desk.tell(hung_up(desk.offered_leg(1), 2, LegEnding.UNREACHABLE))
    third = desk.tell(hung_up(desk.offered_leg(1), 2, LegEnding.UNREACHABLE))

    assert [ring.agent_id for ring in rings(second)] == [BOB]
    assert [ring.agent_id for ring in rings(third)] == []
    assert len(desk.said(OfferFailed)) == 2
    assert {desk.state_of(it) for it in (ALICE, BOB)} == {("ready", "")}
    assert rings(desk.tick(4)) == []
    assert [ring.agent_id for ring in rings(desk.tick(5))] == [ALICE]


def test_a_page_that_rang_and_then_fails_makes_its_agent_not_ready() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(DeviceChosen(at=at(0), agent_id=ALICE, is_on_page=True))
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(LegRang(at=at(2), leg_id=LegId(leg)))

    desk.tell(hung_up(leg, 3, LegEnding.UNREACHABLE))

    assert desk.state_of(ALICE) == ("not_ready", "unreachable")


def test_who_rests_on_the_page_may_go_and_come_back_at_once() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(DeviceChosen(at=at(0), agent_id=ALICE, is_on_page=True))
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.tell(hung_up(desk.offered_leg(1), 2, LegEnding.UNREACHABLE))

    desk.tell(AgentNotReady(at=at(3), agent_id=ALICE, reason="break"))
    again = desk.tell(AgentReady(at=at(4), agent_id=ALICE))

    assert [ring.agent_id for ring in rings(again)] == [ALICE]
    assert desk.state_of(ALICE) == ("reserved", "")


def test_a_caller_who_leaves_while_it_rings_costs_the_agent_nothing() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)

    outcome = desk.tell(hung_up(caller_leg(1), 5))

    (withdrawn,) = desk.said(OfferWithdrawn)
    (closed,) = desk.said(CallClosed)
    assert withdrawn.by is Party.CALLER
    assert closed.reason is CloseReason.ABANDONED_RINGING
    assert outcome.decisions == (StopRinging(offer_id=OfferId(leg)),)
    assert desk.state_of(ALICE) == ("ready", "")
    assert desk.engine.floor.agents[ALICE].ready_since == at(-50)


def test_a_caller_gone_between_answer_and_bridge_frees_the_agent() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(LegAnswered(at=at(3), leg_id=leg))

    outcome = desk.tell(hung_up(caller_leg(1), 3))

    assert outcome.decisions == (DismissAgent(offer_id=OfferId(leg)),)
    assert desk.state_of(ALICE) == ("ready", "")


def test_an_answer_after_the_end_of_ringing_is_late_and_dismissed() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tick(16)

    outcome = desk.tell(LegAnswered(at=at(16.001), leg_id=leg))

    assert len(desk.said(OfferAnsweredLate)) == 1
    assert outcome.decisions == (DismissAgent(offer_id=OfferId(leg)),)
    assert not desk.said(CallConnected)


def test_a_call_that_cannot_be_joined_waits_a_second_and_is_offered_again() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(LegAnswered(at=at(3), leg_id=leg))

    failed = desk.tell(
        BridgeFailed(at=at(3), offer_id=OfferId(leg), detail="no channel")
    )
    again = desk.tick(4.1)

    assert [type(d) for d in failed.decisions] == [DismissAgent]
    assert [type(d) for d in again.decisions] == [RingAgent]


def test_a_call_that_is_never_joined_is_taken_back_after_the_limit() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.tell(LegAnswered(at=at(3), leg_id=desk.offered_leg(1)))

    desk.tick(13)

    assert len(desk.said(OfferWithdrawn)) == 1
    assert call_id(1) in desk.engine.floor.calls


def test_two_callers_and_one_agent_are_served_in_the_order_of_their_wait() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), arrived(2, 0), queued(2, 1), queued(1, 2))
    desk.talk(2, 3)
    desk.tell(hung_up(caller_leg(2), 10))

    desk.tick(40)

    assert [f.call_id for f in desk.said(OfferStarted)] == [call_id(2), call_id(1)]


def test_a_caller_keeps_the_place_through_a_failed_offer() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), arrived(2, 0), queued(1, 1), queued(2, 2))
    desk.tick(16)

    desk.tell(AgentReady(at=at(20), agent_id=ALICE))

    assert [ring.call_id for ring in rings(desk.last)] == [call_id(1)]


def test_a_wish_for_a_break_waits_until_the_wrap_up_is_over() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    desk.tell(AgentNotReady(at=at(5), agent_id=ALICE, reason="break"))
    assert desk.state_of(ALICE) == ("talking", "")
    desk.tell(hung_up(caller_leg(1), 9))
    assert desk.state_of(ALICE) == ("wrap_up", "")
    desk.tick(39)

    assert desk.state_of(ALICE) == ("not_ready", "break")


def test_signing_out_in_wrap_up_closes_it() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)
    desk.tell(hung_up(caller_leg(1), 9))

    outcome = desk.tell(AgentSignedOut(at=at(12), agent_id=ALICE))

    assert kinds(outcome.facts) == [
        "AgentSignedOut",
        "WrapUpEnded",
        "AgentStateEntered",
    ]
    assert desk.state_of(ALICE) == ("signed_out", "")


def test_asking_for_work_in_wrap_up_ends_it() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)
    desk.tell(hung_up(caller_leg(1), 9))

    desk.tell(AgentReady(at=at(12), agent_id=ALICE))

    assert desk.state_of(ALICE) == ("ready", "")
