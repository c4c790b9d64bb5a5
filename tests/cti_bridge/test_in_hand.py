"""What is asked of Asterisk for calls in hand, and what comes of it."""

from acd.vocabulary.control_facts import Control, ControlFailed, RecordingMuted
from acd.vocabulary.decisions import (
    EndLeg,
    HoldCall,
    MoveCaller,
    MuteRecording,
    TakeCallBack,
)
from acd.vocabulary.ids import AgentId, QueueId
from tests.cti_bridge.test_carry_out import (
    CALL,
    CALLER,
    CHANNEL,
    OFFER,
    fine,
    world,
)
from tests.support.builders import at

WHO = {"call_id": CALL, "offer_id": OFFER, "agent_id": AgentId("1001")}
HOLD = HoldCall(**WHO, caller_leg_id=CALLER)  # type: ignore[arg-type]
MOVE = MoveCaller(**WHO, caller_leg_id=CALLER, queue_id=QueueId("q_bill"))  # type: ignore[arg-type]
BACK = TakeCallBack(**WHO, caller_leg_id=CALLER)  # type: ignore[arg-type]


def mute(*, is_muted: bool) -> MuteRecording:
    return MuteRecording(**WHO, is_muted=is_muted)  # type: ignore[arg-type]


def failed(what: Control, detail: str) -> ControlFailed:
    return ControlFailed(at=at(0), **WHO, what=what, detail=detail)  # type: ignore[arg-type]


async def test_both_legs_go_on_hold_in_one_action() -> None:
    async with world(fine) as made:
        made.carry_out(HOLD)
        await made.until(lambda: len(made.peer.heard) == 2)

    by, hold = made.peer.heard
    # By that the switch joins the two again where nobody decides any more.
    assert (by["Variable"], by["Value"]) == ("CC_HELD_BY", OFFER)
    assert hold["Action"] == "Redirect"
    # One of them alone would end the other, whose bridge is over.
    assert (hold["Channel"], hold["Context"]) == (CHANNEL, "cc-hold")
    assert (hold["ExtraChannel"], hold["ExtraContext"]) == (OFFER, "cc-held")
    assert made.facts == []


async def test_a_hold_that_is_refused_is_told() -> None:
    async with world(lambda _: "no such channel") as made:
        made.carry_out(HOLD)
        await made.until(lambda: bool(made.facts))

    assert made.facts == [failed(Control.HOLD, "no such channel")]


async def test_a_hold_of_nobody_is_not_asked_for() -> None:
    async with world(fine, channels={}) as made:
        made.carry_out(HOLD)
        await made.until(lambda: bool(made.facts))

    assert made.peer.heard == []
    assert made.facts == [failed(Control.HOLD, "the caller's leg is gone")]


async def test_who_is_taken_back_ends_with_the_bridge_again() -> None:
    async with world(fine) as made:
        made.carry_out(BACK)
        await made.until(lambda: len(made.peer.heard) == 3)

    bridge, *marks = made.peer.heard
    assert (bridge["Channel1"], bridge["Channel2"]) == (CHANNEL, OFFER)
    assert [(it["Channel"], it["Value"]) for it in marks] == [
        (CHANNEL, "talking"),
        (OFFER, "offer"),
    ]


async def test_a_join_that_fails_leaves_the_caller_on_hold() -> None:
    async with world(lambda _: "bridge is gone") as made:
        made.carry_out(BACK)
        await made.until(lambda: bool(made.facts))

    # Marked as talking, the caller's dialplan would end the call.
    assert [it["Action"] for it in made.peer.heard] == ["Bridge"]
    assert made.facts == [failed(Control.TAKE_BACK, "bridge is gone")]


async def test_a_caller_is_led_to_a_queue_and_nobody_out_of_the_house() -> None:
    async with world(fine) as made:
        made.carry_out(MOVE)
        await made.until(lambda: len(made.peer.heard) == 2)

    to, led = made.peer.heard
    assert (to["Variable"], to["Value"]) == ("CC_TO", "q_bill")
    # What is dialled is no part of it: the context leads to the waiting room alone.
    assert (led["Channel"], led["Context"], led["Exten"]) == (CHANNEL, "cc-moved", "s")
    assert "ExtraChannel" not in led


async def test_a_transfer_that_is_refused_is_told() -> None:
    async with world(lambda _: "no such channel") as made:
        made.carry_out(MOVE)
        await made.until(lambda: bool(made.facts))

    assert made.facts == [failed(Control.TRANSFER, "no such channel")]


async def test_a_pause_is_told_once_the_switch_has_done_it() -> None:
    async with world(fine) as made:
        made.carry_out(mute(is_muted=True))
        await made.until(lambda: bool(made.facts))

    mark, muted = made.peer.heard
    assert (mark["Variable"], mark["Value"]) == ("CC_MUTED", "1")
    assert (muted["Direction"], muted["State"]) == ("both", "1")
    told = RecordingMuted(at=at(0), call_id=CALL, offer_id=OFFER, is_muted=True)
    assert made.facts == [told]


async def test_a_pause_that_is_not_done_is_not_told() -> None:
    async with world(lambda _: "Cannot set mute flag") as made:
        made.carry_out(mute(is_muted=True))
        await made.until(lambda: bool(made.facts))

    assert made.facts == [failed(Control.PAUSE, "Cannot set mute flag")]


async def test_a_leg_that_nobody_is_joined_with_is_hung_up() -> None:
    async with world(fine) as made:
        made.carry_out(EndLeg(offer_id=OFFER))
        await made.until(lambda: bool(made.peer.heard))

    [sent] = made.peer.heard
    assert (sent["Action"], sent["Channel"]) == ("Hangup", OFFER)
