"""What an agent does with the call in hand: hold, and the pause of the recording."""

from dataclasses import replace
from datetime import timedelta

import pytest

from acd.core.remembered import remember, restore
from acd.core.watch import Watch
from acd.vocabulary.control_facts import (
    CallHeld,
    CallTakenBack,
    Control,
    ControlFailed,
    HoldAsked,
    NuisanceMarked,
    PauseAsked,
    RecordingMuted,
    RecordingPaused,
    RecordingResumed,
    ResumeAsked,
    TakeBackAsked,
)
from acd.vocabulary.decisions import (
    DismissAgent,
    EndLeg,
    HoldCall,
    MuteRecording,
    TakeCallBack,
)
from acd.vocabulary.errors import (
    ControlPending,
    IllegalTransition,
    NotControlled,
    NotInHand,
)
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId
from acd.vocabulary.leg_facts import LegChecked, LegJoined, LegParted, LegRole, LegSeen
from acd.vocabulary.offer_facts import CallClosed, ConversationEnded, Party
from acd.vocabulary.states import CallState
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BOB,
    Desk,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    seen,
)


def talking() -> tuple[Desk, LegId]:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    return desk, desk.talk(1, 3)


def hold(desk: Desk, seconds: float, agent: AgentId = ALICE) -> None:
    desk.tell(HoldAsked(at=at(seconds), call_id=call_id(1), agent_id=agent))


def parted(desk: Desk, *legs: LegId, seconds: float) -> None:
    for leg in legs:
        desk.tell(LegParted(at=at(seconds), leg_id=leg, bridge_id="bridge-1"))


def held(desk: Desk, leg: LegId, seconds: float) -> None:
    hold(desk, seconds)
    parted(desk, caller_leg(1), leg, seconds=seconds)


def take_back(desk: Desk, leg: LegId, seconds: float) -> None:
    asked = TakeBackAsked(at=at(seconds), call_id=call_id(1), agent_id=ALICE)
    desk.tell(asked)
    for one in (caller_leg(1), leg):
        desk.tell(LegJoined(at=at(seconds), leg_id=one, bridge_id="bridge-2"))


def muted(desk: Desk, leg: LegId, seconds: float, *, is_muted: bool) -> None:
    told = RecordingMuted(
        at=at(seconds), call_id=call_id(1), offer_id=OfferId(leg), is_muted=is_muted
    )
    desk.tell(told)


def state(desk: Desk) -> CallState:
    return desk.engine.floor.calls[call_id(1)].state


def test_an_agent_puts_a_caller_on_hold_and_takes_them_back() -> None:
    desk, leg = talking()

    hold(desk, 10)
    assert [type(it) for it in desk.last.decisions] == [HoldCall]
    assert state(desk) is CallState.TALKING, "a wish is no fact"
    parted(desk, caller_leg(1), leg, seconds=10.5)
    assert state(desk) is CallState.HELD
    take_back(desk, leg, 30.5)

    assert state(desk) is CallState.TALKING
    assert len(desk.said(CallHeld)) == 1
    [back] = desk.said(CallTakenBack)
    assert back.hold_s == 20
    assert desk.said(ConversationEnded) == []
    assert desk.state_of(ALICE) == ("talking", "")


def test_hold_is_counted_and_is_part_of_the_handling_time() -> None:
    desk, leg = talking()
    held(desk, leg, 10)
    take_back(desk, leg, 15)
    held(desk, leg, 20)
    take_back(desk, leg, 22.25)

    desk.tell(hung_up(caller_leg(1), 40))

    [ended] = desk.said(ConversationEnded)
    assert ended.hold_s == 7.25
    handling = desk.engine.floor.agents[ALICE].handling
    assert handling is not None
    assert handling.talk_s == 37


def test_a_hold_that_goes_on_at_the_end_is_counted_too() -> None:
    desk, leg = talking()
    held(desk, leg, 10)

    desk.tell(hung_up(caller_leg(1), 14))

    [ended] = desk.said(ConversationEnded)
    assert (ended.hold_s, ended.ended_by) == (4, Party.CALLER)
    # The agent's leg is in no bridge that could let go of it.
    assert EndLeg(offer_id=OfferId(leg)) in desk.last.decisions
    assert desk.state_of(ALICE) == ("wrap_up", "")
    assert len(desk.said(CallClosed)) == 1


def test_a_conversation_that_ends_before_the_hold_is_done_is_over() -> None:
    desk, leg = talking()
    hold(desk, 10)

    # The caller hung up in the same moment: their leg leaves the bridge, then is gone.
    parted(desk, caller_leg(1), leg, seconds=10.1)
    desk.tell(hung_up(caller_leg(1), 10.2), hung_up(leg, 10.3))

    [ended] = desk.said(ConversationEnded)
    assert ended.ended_by is Party.CALLER
    assert desk.engine.floor.calls == {}


def test_only_the_agent_who_has_the_call_may_ask() -> None:
    desk, _leg = talking()

    with pytest.raises(NotInHand):
        hold(desk, 10, BOB)
    assert state(desk) is CallState.TALKING


def test_a_call_that_waits_is_in_nobodys_hand() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1))

    with pytest.raises(NotInHand):
        hold(desk, 10)


def test_one_thing_is_done_at_a_time() -> None:
    desk, _leg = talking()
    hold(desk, 10)

    with pytest.raises(ControlPending):
        hold(desk, 11)


def test_who_is_on_hold_is_not_put_there_again() -> None:
    desk, leg = talking()
    held(desk, leg, 10)

    with pytest.raises(IllegalTransition):
        hold(desk, 11)


def test_a_hold_that_the_switch_refused_leaves_all_as_it_was() -> None:
    desk, leg = talking()
    hold(desk, 10)

    desk.tell(
        ControlFailed(
            at=at(10.1),
            call_id=call_id(1),
            offer_id=OfferId(leg),
            agent_id=ALICE,
            what=Control.HOLD,
            detail="no such channel",
        )
    )
    parted(desk, caller_leg(1), seconds=12)

    assert desk.said(CallHeld) == []
    assert len(desk.said(ConversationEnded)) == 1


def test_a_wish_of_which_nothing_is_heard_is_given_up_in_time() -> None:
    desk, _leg = talking()
    hold(desk, 10)

    desk.tick(15)

    [failed] = desk.said(ControlFailed)
    assert failed.what is Control.HOLD
    hold(desk, 16)  # and may be wished again
    assert [type(it) for it in desk.last.decisions] == [HoldCall]


def test_a_switch_that_joins_them_by_itself_has_taken_the_caller_back() -> None:
    desk, leg = talking()
    held(desk, leg, 10)

    for one in (caller_leg(1), leg):
        desk.tell(LegJoined(at=at(20), leg_id=one, bridge_id="bridge-9"))

    assert state(desk) is CallState.TALKING
    assert len(desk.said(CallTakenBack)) == 1


def seen_on_hold(leg: LegId) -> tuple[LegSeen, LegSeen]:
    return (
        LegSeen(
            leg_id=leg,
            role=LegRole.HELD,
            call_id=call_id(1),
            offer_id=OfferId(leg),
            agent_id=ALICE,
            is_up=True,
        ),
        LegSeen(
            leg_id=caller_leg(1), role=LegRole.HELD, call_id=call_id(1), is_up=True
        ),
    )


def test_a_hold_that_was_done_unheard_is_found_in_the_switch() -> None:
    desk, leg = talking()

    desk.tell(seen(30, *seen_on_hold(leg)))

    assert state(desk) is CallState.HELD
    assert desk.said(ConversationEnded) == []


def test_an_engine_that_comes_back_knows_who_is_on_hold() -> None:
    desk, leg = talking()
    held(desk, leg, 10)
    known = loaded(dumped(remember(desk.engine.floor)))
    other = Desk()
    restore(other.engine.floor, known)

    other.tell(seen(30, *seen_on_hold(leg)))
    take_back(other, leg, 40)

    [back] = other.said(CallTakenBack)
    assert back.hold_s == 30
    assert other.said(ConversationEnded) == []


def pause(desk: Desk, seconds: float, for_s: float = 60) -> None:
    asked = PauseAsked(at=at(seconds), call_id=call_id(1), agent_id=ALICE, for_s=for_s)
    desk.tell(asked)


def test_a_recording_is_paused_and_goes_on_when_asked() -> None:
    desk, leg = talking()

    pause(desk, 10)
    assert desk.said(RecordingPaused) == [], "not before the switch says so"
    muted(desk, leg, 10.1, is_muted=True)
    desk.tell(ResumeAsked(at=at(20), call_id=call_id(1), agent_id=ALICE))
    muted(desk, leg, 20.1, is_muted=False)

    [paused] = desk.said(RecordingPaused)
    assert paused.until_at == at(10.1) + timedelta(seconds=60)
    [resumed] = desk.said(RecordingResumed)
    assert (resumed.paused_at, resumed.at) == (at(10.1), at(20.1))
    assert not resumed.is_by_limit


def test_a_pause_ends_by_itself_and_is_asked_for_until_it_does() -> None:
    desk, leg = talking()
    pause(desk, 10, for_s=30)
    muted(desk, leg, 10, is_muted=True)

    def unmutes() -> list[bool]:
        found = desk.last.decisions
        return [it.is_muted for it in found if isinstance(it, MuteRecording)]

    desk.tick(39)
    assert unmutes() == []
    desk.tick(40)
    assert unmutes() == [False]
    desk.tick(41)  # the first was lost with the link
    assert unmutes() == [False]
    muted(desk, leg, 41.1, is_muted=False)
    desk.tick(43)

    assert unmutes() == []
    [resumed] = desk.said(RecordingResumed)
    assert resumed.is_by_limit


def test_a_pause_ends_with_the_conversation() -> None:
    desk, leg = talking()
    pause(desk, 10)
    muted(desk, leg, 10, is_muted=True)

    desk.tell(hung_up(caller_leg(1), 12))

    [resumed] = desk.said(RecordingResumed)
    assert resumed.paused_at == at(10)


@pytest.mark.parametrize("for_s", [0, -1, 301, float("inf"), float("nan")])
def test_a_pause_without_an_end_is_refused(for_s: float) -> None:
    desk, _leg = talking()

    with pytest.raises(NotControlled):
        pause(desk, 10, for_s=for_s)


def test_a_silence_in_the_recording_that_nobody_asked_for_is_ended() -> None:
    desk, leg = talking()
    of_caller = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.WAITING,
        call_id=call_id(1),
        bridge_id="bridge-1",
        is_up=True,
    )
    of_agent = LegSeen(
        leg_id=leg,
        role=LegRole.OFFER,
        call_id=call_id(1),
        offer_id=OfferId(leg),
        bridge_id="bridge-1",
        is_up=True,
        is_muted=True,
    )

    desk.tell(seen(30, of_agent, of_caller))

    found = [it for it in desk.last.decisions if isinstance(it, MuteRecording)]
    assert [it.is_muted for it in found] == [False]


def nuisance(desk: Desk, seconds: float, agent: AgentId = ALICE) -> None:
    desk.tell(NuisanceMarked(at=at(seconds), call_id=call_id(1), agent_id=agent))


def test_who_has_a_call_or_wraps_it_up_may_say_that_the_caller_disturbs() -> None:
    desk, leg = talking()

    nuisance(desk, 10)
    assert desk.last.decisions == (), "nothing is done to the call"
    with pytest.raises(NotInHand):
        nuisance(desk, 11, BOB)
    desk.tell(hung_up(caller_leg(1), 20), hung_up(leg, 20))
    nuisance(desk, 25)
    desk.tick(50)
    with pytest.raises(NotInHand):
        nuisance(desk, 51)

    assert len(desk.said(NuisanceMarked)) == 2


def test_who_is_only_rung_cannot_say_that_the_caller_disturbs() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))

    with pytest.raises(NotInHand):
        nuisance(desk, 2)


def test_taking_back_asks_for_the_two_legs() -> None:
    desk, leg = talking()
    held(desk, leg, 10)

    desk.tell(TakeBackAsked(at=at(20), call_id=call_id(1), agent_id=ALICE))

    assert desk.last.decisions == (
        TakeCallBack(
            call_id=call_id(1),
            offer_id=OfferId(leg),
            agent_id=ALICE,
            caller_leg_id=caller_leg(1),
        ),
    )


def unmutes(desk: Desk) -> list[bool]:
    found = desk.last.decisions
    return [it.is_muted for it in found if isinstance(it, MuteRecording)]


def test_a_pause_of_which_nothing_is_heard_is_undone_until_it_surely_is() -> None:
    desk, leg = talking()
    pause(desk, 10)

    # It may have been done: only the answer is lost, or comes late.
    desk.tick(15)
    assert [it.what for it in desk.said(ControlFailed)] == [Control.PAUSE]
    assert unmutes(desk) == [False]
    desk.tick(16)
    assert unmutes(desk) == [False]
    muted(desk, leg, 16.1, is_muted=False)
    desk.tick(30)

    assert unmutes(desk) == []
    assert desk.said(RecordingPaused) == []
    assert desk.said(RecordingResumed) == []


def test_a_pause_wished_again_is_not_undone_with_the_one_before() -> None:
    desk, leg = talking()
    pause(desk, 10)
    desk.tick(15)

    pause(desk, 15.5)
    muted(desk, leg, 15.6, is_muted=False)  # the answer for the one before
    desk.tick(16.5)
    assert unmutes(desk) == []
    muted(desk, leg, 16.6, is_muted=True)
    desk.tick(20)

    assert unmutes(desk) == []
    [paused] = desk.said(RecordingPaused)
    assert paused.until_at == at(76.6)
    assert len(desk.said(ControlFailed)) == 1


def test_a_silence_that_nobody_asked_for_is_ended_on_hold_as_well() -> None:
    desk, leg = talking()
    held(desk, leg, 10)
    of_agent, of_caller = seen_on_hold(leg)

    desk.tell(seen(30, replace(of_agent, is_muted=True), of_caller))

    assert unmutes(desk) == [False]
    assert state(desk) is CallState.HELD


def test_a_hold_given_up_and_done_late_leaves_no_leg_behind() -> None:
    desk, leg = talking()
    hold(desk, 10)
    desk.tick(15)

    parted(desk, caller_leg(1), seconds=16)

    assert len(desk.said(ConversationEnded)) == 1
    assert EndLeg(offer_id=OfferId(leg)) in desk.last.decisions


def test_an_agents_leg_that_was_on_hold_once_is_ended_with_the_conversation() -> None:
    # What tells the leg that the hold is over may be lost; it would wait on for ever.
    desk, leg = talking()
    held(desk, leg, 10)
    take_back(desk, leg, 15)

    desk.tell(hung_up(caller_leg(1), 20))

    assert EndLeg(offer_id=OfferId(leg)) in desk.last.decisions


def test_an_agents_leg_that_outlives_its_conversation_is_sent_away() -> None:
    desk, leg = talking()
    held(desk, leg, 10)
    desk.tell(hung_up(caller_leg(1), 20))
    of_agent, _ = seen_on_hold(leg)
    watch = Watch(desk.engine.floor)
    # A list of legs does not tell who is on hold.
    listed = LegSeen(leg_id=leg, role=LegRole.OFFER, call_id=CallId(""), is_up=True)

    for one in (listed, of_agent):
        assert not watch.is_odd(one, at(29))
        assert watch.is_odd(one, at(31))
    desk.tell(LegChecked(at=at(32), taken_at=at(32), leg=of_agent))

    assert DismissAgent(offer_id=OfferId(leg)) in desk.last.decisions


def test_who_is_in_a_bridge_is_not_on_hold_whatever_the_leg_says() -> None:
    # Joined again; what tells the legs so is lost, or under way.
    desk, leg = talking()
    held(desk, leg, 10)
    take_back(desk, leg, 15)
    asked = PauseAsked(at=at(29.9), call_id=call_id(1), agent_id=ALICE, for_s=60)
    desk.tell(asked)

    legs = [replace(it, bridge_id="bridge-2") for it in seen_on_hold(leg)]
    desk.tell(seen(30, *legs))

    assert state(desk) is CallState.TALKING
    assert len(desk.said(CallHeld)) == 1
    assert desk.engine.floor.calls[call_id(1)].intent is Control.PAUSE
