"""Calls in hand, on real telephones: who hears whom, and what is kept."""

import asyncio
import os
import signal
from array import array

import httpx
import pytest

from services.phone.sound import SAMPLE_RATE_HZ, voice_like
from tests.journeys.in_hand import (
    A_HZ,
    B_HZ,
    CALLER_HZ,
    SECRET_HZ,
    Hand,
    hears,
    is_in,
    talking,
    until,
)
from tests.support.instance import RunningInstance

_FRAME = 4
"""Bytes of one instant of a recording: two channels of 16 bits."""


def channels(sound: bytes) -> tuple[bytes, bytes]:
    """Return what came from the caller, and what from the agent."""
    samples = array("h", sound[: len(sound) // _FRAME * _FRAME])
    return samples[0::2].tobytes(), samples[1::2].tobytes()


def has_tone(sound: bytes, hz: float) -> bool:
    """Tell whether a tone is in any half second of a piece of sound."""
    step = SAMPLE_RATE_HZ
    return any(is_in(sound[n : n + step], hz) for n in range(0, len(sound), step))


async def test_a_caller_on_hold_hears_music_and_the_recording_can_be_paused(
    instance: RunningInstance,
) -> None:
    async with talking(instance, "one") as hand:
        assert await hears(hand.caller, A_HZ)
        assert await hears(hand.agent, CALLER_HZ)

        await hand.ask("hold")
        await hand.until_call("held")
        before_s = hand.caller.ear.heard_s
        assert await hears(hand.caller), "music, and no word of the agent's"
        assert hand.caller.ear.heard_s > before_s, "music"
        assert await hears(hand.agent)
        with pytest.raises(httpx.HTTPStatusError) as twice:
            await hand.ask("hold")
        assert twice.value.response.status_code == 409

        await hand.ask("take-back")
        await hand.until_call("talking")
        assert await hears(hand.caller, A_HZ)
        assert await hears(hand.agent, CALLER_HZ)

        await hand.ask("pause-recording", for_s=3)
        await asyncio.sleep(0.5)
        hand.caller.say(voice_like(SECRET_HZ), repeat=True)
        hand.agent.say(voice_like(SECRET_HZ), repeat=True)
        assert await hears(hand.caller, SECRET_HZ), "they hear each other all the same"
        hand.caller.say(voice_like(CALLER_HZ), repeat=True)
        hand.agent.say(voice_like(A_HZ), repeat=True)
        await asyncio.sleep(3)

        assert await hears(hand.agent, CALLER_HZ)
        await hand.caller.hang_up()
        story = await hand.story()

    [talk] = story["conversations"]
    kinds = [fact["kind"] for fact in story["facts"]]
    assert kinds.count("call_held") == kinds.count("call_taken_back") == 1
    assert 1 < talk["hold_s"] < 20
    [pause] = story["recording_pauses"]
    assert pause["is_by_limit"]
    [row] = await instance.rows(
        "SELECT * FROM recordings WHERE call_id = $1", hand.call_id
    )
    from_caller, from_agent = channels(instance.recording(row))
    assert has_tone(from_agent, A_HZ)
    assert has_tone(from_caller, CALLER_HZ)
    assert not has_tone(from_agent, SECRET_HZ), "said in the pause"
    assert not has_tone(from_caller, SECRET_HZ), "said in the pause"


async def test_a_hold_outlives_the_engine(instance: RunningInstance) -> None:
    async with talking(instance, "two") as hand:
        await hand.ask("hold")
        await hand.until_call("held")
        killed = instance.pid("engine")
        assert killed is not None
        os.kill(killed, signal.SIGKILL)

        async def is_back() -> bool:
            if instance.pid("engine") in (None, killed):
                return False
            try:
                return await hand.is_call("held") or await hand.is_call("talking")
            except httpx.HTTPError:
                return False

        await until(is_back, "an engine that knows of the hold")
        await until(lambda: _taken_back(hand), "taking back")
        await hand.until_call("talking")
        assert await hears(hand.caller, A_HZ)
        await hand.agent.hang_up()
        story = await hand.story()

    kinds = [fact["kind"] for fact in story["facts"]]
    assert kinds.count("conversation_ended") == kinds.count("call_closed") == 1
    assert story["conversations"][0]["hold_s"] > 0


async def test_a_caller_is_transferred_to_another_agent(
    instance: RunningInstance,
) -> None:
    async with talking(instance, "three", with_b=True) as hand:
        b = hand.agent_id("b")
        await hand.ask("transfer", to_agent=b, note="asks for b")
        other = await hand.ring()
        other.say(voice_like(B_HZ), repeat=True)

        assert await hears(hand.caller, B_HZ)
        assert await hears(other, CALLER_HZ)
        assert await hand.agent.wait_ended(10) is not None
        await other.hang_up()
        story = await hand.story()

    talks = [(it["agent_id"], it["ended_by"]) for it in story["conversations"]]
    assert talks == [(hand.agent_id(), "agent"), (b, "agent")]
    [first, second] = story["conversations"]
    assert first["ended_at"] <= second["started_at"]
    of_caller = [it for it in story["segments"] if it["kind"] != "wrap_up"]
    whose = [(it["kind"], it["agent_id"]) for it in of_caller if it["kind"] == "talk"]
    assert whose == [("talk", hand.agent_id()), ("talk", b)]
    ends = [it["ended_at"] for it in of_caller]
    assert ends[:-1] == [it["started_at"] for it in of_caller[1:]], "end to end"
    assert of_caller[0]["started_at"] == story["call"]["arrived_at"]
    assert ends[-1] == story["call"]["ended_at"]
    facts = {fact["kind"]: fact["body"] for fact in story["facts"]}
    assert facts["call_transferred"]["note"] == "asks for b"
    assert story["call"]["close_reason"] == "completed"
    assert len(story["recordings"]) == 2


async def test_a_caller_on_hold_whose_agent_is_gone_is_served_by_another(
    instance: RunningInstance,
) -> None:
    async with talking(instance, "four", with_b=True) as hand:
        await hand.ask("hold")
        await hand.until_call("held")
        await hand.agent.hang_up()

        other = await hand.ring()
        other.say(voice_like(B_HZ), repeat=True)
        assert await hears(hand.caller, B_HZ)
        await hand.caller.hang_up()
        story = await hand.story()

    talks = [(it["agent_id"], it["ended_by"]) for it in story["conversations"]]
    assert talks == [(hand.agent_id(), "agent"), (hand.agent_id("b"), "caller")]
    facts = {fact["kind"]: fact["body"] for fact in story["facts"]}
    assert facts["call_transferred"]["is_asked"] is False


async def _taken_back(hand: Hand) -> bool:
    """Ask for it; an engine that is long away has the switch do it by itself."""
    try:
        if not await hand.is_call("talking"):
            await hand.ask("take-back")
    except httpx.HTTPError:
        return False
    return True
