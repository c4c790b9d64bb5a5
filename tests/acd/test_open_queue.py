"""What the switch did while nobody decided, taken note of."""

from acd.core.conversations import is_ours
from acd.core.watch import Watch
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentSignedIn,
    AgentSignedOut,
    DeviceChosen,
)
from acd.vocabulary.decisions import MirrorAgents, OpenMember, StoreRecording
from acd.vocabulary.ids import AgentId, DeviceId, LegId, OfferId, QueueId, page_device
from acd.vocabulary.leg_facts import CallQueued, LegJoined, LegParted, LegRole, LegSeen
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    ConversationEnded,
    OfferStarted,
    OfferWithdrawn,
    Party,
)
from acd.vocabulary.open_facts import (
    CallbackLeft,
    OpenQueueJoined,
    OpenQueueLeft,
    OpenQueueServed,
    OpenTalkEnded,
)
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    FAULT,
    YZ,
    Desk,
    a_floor,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    rings,
    seen,
)

TALK = OfferId("3f8f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22")
AGENTS_LEG = LegId("b1-1700000000.77")


def came(n: int, seconds: float, queue_id: QueueId = FAULT) -> OpenQueueJoined:
    return OpenQueueJoined(
        at=at(seconds),
        place=YZ,
        call_id=call_id(n),
        leg_id=caller_leg(n),
        queue_id=queue_id,
        call_class=0,
        arrived_at=at(seconds - 1),
        queued_at=at(seconds),
        number="6000",
        caller_number="13800138000",
        caller_name="",
        sip_call_id=f"{n}@sipp",
    )


def served(n: int, seconds: float) -> OpenQueueServed:
    return OpenQueueServed(
        at=at(seconds),
        call_id=call_id(n),
        offer_id=TALK,
        leg_id=AGENTS_LEG,
        agent_id=ALICE,
    )


def closings(desk: Desk) -> list[tuple[str, str, bool]]:
    return [
        (f.reason.value, f.ended_by.value, f.is_estimated)
        for f in desk.said(CallClosed)
    ]


def test_a_call_that_came_and_went_unheard_is_closed_once_with_the_truth() -> None:
    desk = Desk()
    desk.ready(ALICE)

    desk.tell(
        came(1, 10),
        served(1, 12),
        OpenTalkEnded(at=at(30), leg_id=caller_leg(1), ended_by=Party.AGENT),
    )
    ended = desk.tell(hung_up(AGENTS_LEG, 30))
    desk.tell(hung_up(caller_leg(1), 30))

    assert closings(desk) == [("completed", "agent", False)]
    assert [f.at for f in desk.said(CallConnected)] == [at(12)]
    assert [f.at for f in desk.said(ConversationEnded)] == [at(30)]
    assert StoreRecording(call_id=call_id(1), offer_id=TALK) in ended.decisions
    assert desk.state_of(ALICE) == ("wrap_up", "")


def test_what_is_told_twice_is_old_news() -> None:
    desk = Desk()
    desk.ready(ALICE)
    told = (came(1, 10), served(1, 12), hung_up(caller_leg(1), 20))
    desk.tell(*told)

    assert [desk.tell(fact).facts for fact in told] == [(), (), ()]
    assert len(desk.said(CallClosed)) == 1


def test_a_waiting_caller_keeps_the_time_and_leaves_the_line() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), came(1, 10))
    desk.ready(ALICE)

    assert desk.engine.floor.calls[call_id(1)].queued_at == at(1)
    assert desk.said(OfferStarted) == [], "the switch looks for an agent by itself"


def test_who_is_wanted_by_the_open_queue_is_not_rung_by_us() -> None:
    desk = Desk()
    desk.tell(came(1, 0), arrived(2, 1), queued(2, 2), arrived(3, 3))
    desk.tell(queued(3, 4, BILL))
    desk.ready(ALICE, BOB)
    before = desk.said(OfferStarted)
    done = desk.tell(hung_up(caller_leg(1), 5))

    assert before == []
    assert [ring.call_id for ring in rings(done)] == [call_id(2), call_id(3)]


def test_an_offer_to_a_caller_who_was_led_away_is_taken_back() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.tell(came(1, 10))

    assert [f.by for f in desk.said(OfferWithdrawn)] == [Party.SYSTEM]
    assert desk.state_of(ALICE) == ("ready", "")


def test_an_agent_who_was_believed_to_talk_has_ended_that_before() -> None:
    desk = Desk(a_floor(wrap_up_s=30))
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 2)
    desk.tell(came(2, 10), served(2, 20))

    assert [f.call_id for f in desk.said(ConversationEnded)] == [call_id(1)]
    assert desk.state_of(ALICE) == ("talking", "")
    assert desk.engine.floor.agents[ALICE].call_id == call_id(2)


def test_who_wanted_no_work_wants_none_after_such_a_call() -> None:
    desk = Desk(a_floor(wrap_up_s=0))
    desk.tell(AgentSignedIn(at=at(0), agent_id=ALICE))
    desk.tell(AgentNotReady(at=at(1), agent_id=ALICE, reason="break"))
    desk.tell(came(1, 2), served(1, 3), hung_up(caller_leg(1), 9))

    assert desk.state_of(ALICE) == ("not_ready", "break")


def test_which_leg_left_the_bridge_first_does_not_tell_who_hung_up() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(came(1, 0), served(1, 1))
    desk.tell(LegJoined(at=at(2), leg_id=AGENTS_LEG, bridge_id="b"))
    desk.tell(LegParted(at=at(5), leg_id=AGENTS_LEG, bridge_id="b"))
    desk.tell(OpenTalkEnded(at=at(5), leg_id=AGENTS_LEG, ended_by=Party.CALLER))
    desk.tell(hung_up(AGENTS_LEG, 5), hung_up(caller_leg(1), 5))

    assert closings(desk) == [("completed", "caller", False)]


def test_a_number_that_was_left_is_why_the_call_is_closed() -> None:
    desk = Desk()
    desk.tell(came(1, 0), OpenQueueLeft(at=at(1), call_id=call_id(1), is_final=False))
    desk.tell(
        CallbackLeft(
            at=at(5),
            call_id=call_id(1),
            callback_number="13800138000",
            queue_id=FAULT,
            language="zh",
        ),
        hung_up(caller_leg(1), 9),
    )

    assert closings(desk) == [("callback_left", "caller", False)]


def test_whom_nobody_took_is_unserved() -> None:
    desk = Desk()
    desk.tell(came(1, 0), OpenQueueLeft(at=at(600), call_id=call_id(1), is_final=True))
    desk.tell(hung_up(caller_leg(1), 605))

    assert closings(desk) == [("unserved", "system", False)]


def test_legs_that_the_log_did_not_tell_of_are_taken_in_when_seen() -> None:
    desk = Desk()
    desk.ready(ALICE)
    agents = LegSeen(
        leg_id=AGENTS_LEG,
        role=LegRole.SERVED,
        call_id=call_id(1),
        offer_id=TALK,
        agent_id=ALICE,
        is_up=True,
        bridge_id="b",
    )
    callers = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.OPEN,
        call_id=call_id(1),
        queue_id=FAULT,
        queued_at=at(3),
        call_class=20,
        number="6000",
        is_up=True,
        bridge_id="b",
    )

    desk.tell(seen(10, agents, callers))

    call = desk.engine.floor.calls[call_id(1)]
    assert (call.arrived_at, call.queued_at, call.call_class) == (at(3), at(3), 20)
    assert desk.state_of(ALICE) == ("talking", "")


def test_a_caller_of_the_open_queue_came_no_later_than_now() -> None:
    desk = Desk()
    ahead_of_us = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.OPEN,
        call_id=call_id(1),
        queue_id=FAULT,
        queued_at=at(11),
        number="6000",
        is_up=True,
    )

    desk.tell(seen(10, ahead_of_us))

    call = desk.engine.floor.calls[call_id(1)]
    assert call.queued_at == call.arrived_at <= at(10)


def test_the_open_queue_is_told_who_works_when_that_changes() -> None:
    desk = Desk()
    signed_in = desk.tell(AgentSignedIn(at=at(0), agent_id=BOB))
    whole = desk.tell(seen(9))

    member = OpenMember(
        agent_id=BOB,
        device_id=DeviceId("dev-bob"),
        queue_ids=(FAULT, BILL),
        is_paused=True,
    )
    assert signed_in.decisions == (MirrorAgents(members=(member,)),)
    assert whole.decisions == (MirrorAgents(members=(member,), is_whole=True),)


def test_a_call_of_a_higher_class_goes_before_who_waited_longer() -> None:
    desk = Desk()
    danger = CallQueued(
        at=at(5),
        call_id=call_id(2),
        leg_id=caller_leg(2),
        queue_id=FAULT,
        skills=(),
        call_class=20,
    )
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 4), danger)
    desk.ready(ALICE, seconds=6)

    assert [f.call_id for f in desk.said(OfferStarted)] == [call_id(2)]


def test_a_talk_whose_end_was_noted_in_whole_seconds_has_no_negative_length() -> None:
    desk = Desk()
    desk.ready(ALICE)

    desk.tell(came(1, 10), served(1, 12.7))
    desk.tell(OpenTalkEnded(at=at(12), leg_id=caller_leg(1), ended_by=Party.AGENT))

    assert [f.at for f in desk.said(ConversationEnded)] == [at(12.7)]


def test_a_leg_that_serves_the_open_queue_is_believed_to_live() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(came(1, 10), served(1, 12))

    watch = Watch(desk.engine.floor)

    assert watch.missing((), at(20)) == [caller_leg(1), AGENTS_LEG]
    assert watch.has(AGENTS_LEG)


def test_of_a_conversation_that_we_joined_the_switch_notes_nothing() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 1), came(3, 2), served(3, 3))
    floor = desk.engine.floor
    agents_leg = desk.talk(1, 4)
    talking = [is_ours(floor, leg) for leg in (caller_leg(1), agents_leg)]
    desk.tell(LegParted(at=at(9), leg_id=agents_leg, bridge_id="b1"))
    desk.tell(hung_up(agents_leg, 9))
    others = (caller_leg(2), caller_leg(3), AGENTS_LEG, caller_leg(4))

    assert talking == [True, True]
    assert is_ours(floor, caller_leg(1)), "the caller's leg ends behind the agent's"
    assert [is_ours(floor, leg) for leg in others] == [False] * 4


def test_who_chooses_the_page_is_rung_there_also_without_the_engine() -> None:
    desk = Desk()
    desk.ready(ALICE, seconds=0)
    before = member(desk, "alice")

    chosen = desk.tell(DeviceChosen(at=at(2), agent_id=ALICE, is_on_page=True))

    (mirror,) = [it for it in chosen.decisions if isinstance(it, MirrorAgents)]
    gone, new = mirror.members
    page = page_device(before.device_id)
    assert (gone.device_id, gone.queue_ids) == (before.device_id, ())
    assert (new.device_id, new.queue_ids) == (page, before.queue_ids)
    desk.tell(arrived(1, 3), queued(1, 4))
    assert [it.device_id for it in desk.facts if isinstance(it, OfferStarted)] == [page]


def test_who_signs_out_and_comes_again_is_rung_on_their_own_device() -> None:
    desk = Desk()
    desk.ready(ALICE, seconds=0)
    own = member(desk, "alice").device_id
    desk.tell(DeviceChosen(at=at(2), agent_id=ALICE, is_on_page=True))

    out = desk.tell(AgentSignedOut(at=at(3), agent_id=ALICE))

    (mirror,) = [it for it in out.decisions if isinstance(it, MirrorAgents)]
    assert all(it.queue_ids == () for it in mirror.members)
    assert {it.device_id for it in mirror.members} == {own, page_device(own)}
    desk.ready(ALICE, seconds=5)
    assert member(desk, "alice").device_id == own


def test_the_same_device_chosen_again_is_old_news() -> None:
    desk = Desk()
    desk.ready(ALICE, seconds=0)

    again = desk.tell(DeviceChosen(at=at(2), agent_id=ALICE, is_on_page=False))

    assert (again.facts, again.decisions) == ((), ())


def member(desk: Desk, agent_id: str) -> OpenMember:
    return desk.engine.floor.shown[AgentId(agent_id)]
