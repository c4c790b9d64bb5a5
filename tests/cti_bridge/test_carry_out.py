"""What decisions become on the wire, and what comes of them."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from acd.vocabulary.decisions import (
    BridgeCall,
    DismissAgent,
    EndCall,
    RingAgent,
    StopRinging,
)
from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import AgentId, CallId, DeviceId, LegId, OfferId
from acd.vocabulary.leg_facts import BridgeFailed, LegEnded, LegEnding
from cti_bridge.ami import carry_out as module
from cti_bridge.ami.carry_out import CarryOut
from cti_bridge.ami.connection import Account, Connection, Limits
from cti_bridge.ami.window import WindowLimits
from tests.support.builders import at
from tests.support.fake_pbx import BOOTED

CALL = CallId("7c5c2a0e-5f0e-4b39-9d0e-0d7c9f0f6b11")
OFFER = OfferId("3f8f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22")
CALLER = LegId("tl1-1795301595.1")
CHANNEL = "PJSIP/trunk-00000001"

RING = RingAgent(
    offer_id=OFFER,
    call_id=CALL,
    agent_id=AgentId("1001"),
    device_id=DeviceId("dev-1001"),
    caller_leg_id=CALLER,
    caller_number="13800138000",
    ring_s=15.0,
)
JOIN = BridgeCall(call_id=CALL, offer_id=OFFER, caller_leg_id=CALLER)

Answers = Callable[[dict[str, str]], str | None]
"""What the peer answers an action: "" for success, a reason, or None for silence."""


class Peer:
    """A manager that logs everybody in and answers as it is told."""

    def __init__(self, answers: Answers) -> None:
        self.heard: list[dict[str, str]] = []
        self.left = asyncio.Event()
        self._answers = answers

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                frame = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = self._read(frame)
                if action["Action"] in (
                    "Login",
                    "ListCommands",
                    "CoreSettings",
                    "Ping",
                ):
                    reason: str | None = ""
                else:
                    self.heard.append(action)
                    reason = self._answers(action)
                if reason is not None:
                    word = "Error" if reason else "Success"
                    head = f"Response: {word}\r\nActionID: {action['ActionID']}\r\n"
                    writer.write(f"{head}Message: {reason or 'done'}\r\n\r\n".encode())
                if action["Action"] == "Login":
                    writer.write(BOOTED)
        except (asyncio.IncompleteReadError, ConnectionError):
            """The link was left."""
        finally:
            writer.close()
            self.left.set()

    def _read(self, frame: str) -> dict[str, str]:
        pairs = re.findall(r"^(\w+): (.*?)\r$", frame, re.MULTILINE)
        action: dict[str, str] = {}
        for key, value in pairs:
            action[key] = f"{action[key]} {value}" if key in action else value
        return action


class World:
    """A CarryOut on a live link to a peer, and the facts it told."""

    def __init__(
        self, peer: Peer, channels: dict[LegId, str], window: WindowLimits | None
    ) -> None:
        self.peer = peer
        self.facts: list[LegFact] = []
        self.carry_out = CarryOut(
            tell=self.facts.append,
            channel=channels.get,
            now=lambda: at(0),
            window=window,
        )

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not is_so():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)


@asynccontextmanager
async def world(
    answers: Answers,
    *,
    channels: dict[LegId, str] | None = None,
    window: WindowLimits | None = None,
) -> AsyncIterator[World]:
    peer = Peer(answers)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = await Connection.open(
        Account(host="127.0.0.1", port=port, username="t", secret="s" * 16),
        epoch=1,
        nonce="n",
        sink=lambda _: None,
        limits=Limits(action_s=0.3),
    )
    made = World(peer, {CALLER: CHANNEL} if channels is None else channels, window)
    made.carry_out.link = link
    try:
        yield made
    finally:
        link.close()
        await peer.left.wait()
        server.close()
        await server.wait_closed()


def fine(_: dict[str, str]) -> str | None:
    return ""


async def test_an_agent_is_rung_as_a_leg_with_the_offers_id() -> None:
    async with world(fine) as made:
        made.carry_out(RING)
        await made.until(lambda: bool(made.peer.heard))

    (sent,) = made.peer.heard
    assert sent["Action"] == "Originate"
    assert sent["Channel"] == "PJSIP/dev-1001"
    assert sent["ChannelId"] == OFFER
    assert (sent["Context"], sent["Exten"], sent["Priority"]) == ("cc-offer", "s", "1")
    assert sent["Timeout"] == "17000"
    assert sent["CallerID"] == "<13800138000>"
    # Whom it is joined with, by name: of an id, 1.1 would join 1.10 (asterisk.md).
    assert sent["Variable"] == (
        f"CC_STATE=offer CC_CALLER={CHANNEL} CC_CALL_ID={CALL} CC_OFFER_ID={OFFER}"
        " CC_AGENT=1001"
    )
    assert made.facts == []


async def test_a_refused_ring_is_told_as_an_unreachable_device() -> None:
    async with world(lambda _: "Extension does not exist") as made:
        made.carry_out(RING)
        await made.until(lambda: bool(made.facts))

    leg_id = LegId(OFFER)
    assert made.facts == [
        LegEnded(at=at(0), leg_id=leg_id, ending=LegEnding.UNREACHABLE)
    ]


async def test_a_number_that_would_inject_is_not_sent_and_told() -> None:
    forged = RingAgent(
        offer_id=OFFER,
        call_id=CALL,
        agent_id=AgentId("1001"),
        device_id=DeviceId("dev-1001"),
        caller_leg_id=CALLER,
        caller_number="1>\r\nAction: Hangup",
        ring_s=15.0,
    )

    async with world(fine) as made:
        made.carry_out(forged)
        await made.until(lambda: bool(made.facts))

    assert made.peer.heard == []
    assert isinstance(made.facts[0], LegEnded)


async def test_an_agent_is_led_to_where_the_leg_joins_the_caller_by_itself() -> None:
    async with world(fine) as made:
        made.carry_out(JOIN)
        await made.until(lambda: bool(made.peer.heard))

    (sent,) = made.peer.heard
    assert (sent["Action"], sent["Channel"]) == ("Redirect", OFFER)
    assert (sent["Context"], sent["Exten"], sent["Priority"]) == ("cc-join", "s", "1")
    assert made.facts == []


async def test_a_pair_that_could_not_be_joined_is_told() -> None:
    async with world(lambda _: "Channel not existent") as made:
        made.carry_out(JOIN)
        await made.until(lambda: bool(made.facts))

    assert made.facts == [
        BridgeFailed(at=at(0), offer_id=OFFER, detail="Channel not existent")
    ]
    assert [sent["Action"] for sent in made.peer.heard] == ["Redirect"]


async def test_a_caller_who_is_gone_is_joined_with_nobody() -> None:
    async with world(fine, channels={}) as made:
        made.carry_out(JOIN)
        await made.until(lambda: bool(made.facts))

    assert isinstance(made.facts[0], BridgeFailed)
    assert made.peer.heard == []


async def test_a_caller_whom_the_switch_kept_is_hung_up_by_name() -> None:
    async with world(fine) as made:
        made.carry_out(EndCall(call_id=CALL, leg_id=CALLER))
        made.carry_out(EndCall(call_id=CALL, leg_id=LegId("gone")))
        await made.until(lambda: bool(made.peer.heard))

    (sent,) = made.peer.heard
    assert (sent["Action"], sent["Channel"]) == ("Hangup", CHANNEL)


async def test_a_leg_that_is_not_there_yet_is_hung_up_as_soon_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_STOP_AGAIN_S", (0.01, 0.01, 0.01))
    left = iter(["No such channel", "No such channel", ""])

    async with world(lambda _: next(left)) as made:
        made.carry_out(StopRinging(offer_id=OFFER))
        await made.until(lambda: len(made.peer.heard) == 3)

    assert {sent["Action"] for sent in made.peer.heard} == {"Hangup"}
    assert {sent["Channel"] for sent in made.peer.heard} == {OFFER}


async def test_an_agent_who_answered_in_vain_is_told_so_by_the_dialplan() -> None:
    async with world(fine) as made:
        made.carry_out(DismissAgent(offer_id=OFFER))
        await made.until(lambda: bool(made.peer.heard))

    (sent,) = made.peer.heard
    assert (sent["Action"], sent["Context"]) == ("Redirect", "cc-dismiss")


@pytest.mark.parametrize(
    "decision",
    [RING, JOIN, DismissAgent(offer_id=OFFER), StopRinging(offer_id=OFFER)],
)
async def test_silence_is_no_outcome_and_nothing_is_sent_again(
    decision: RingAgent | BridgeCall | DismissAgent | StopRinging,
) -> None:
    async with world(lambda _: None) as made:
        made.carry_out(decision)
        await asyncio.sleep(0.5)

    actions = [sent["Action"] for sent in made.peer.heard]
    assert made.facts == []
    assert len(actions) == len(set(actions))


async def test_without_a_link_nothing_is_done_and_nothing_is_raised() -> None:
    facts: list[LegFact] = []
    carry_out = CarryOut(tell=facts.append, channel=lambda _: None, now=lambda: at(0))

    carry_out(RING)

    assert facts == []


ONE = WindowLimits(least=1, first=1, most=1, waiting=1)
OTHER = OfferId("0b1f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22")


async def test_a_device_whose_turn_does_not_come_is_not_rung_and_nobody_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_TURN_WITHIN_S", 0.05)
    async with world(lambda _: None, window=ONE) as made:
        made.carry_out(StopRinging(offer_id=OTHER))
        await made.until(lambda: bool(made.peer.heard))
        made.carry_out(RING)
        await made.until(lambda: bool(made.facts))
        made.carry_out(StopRinging(offer_id=OFFER))
        await asyncio.sleep(0.5)

    assert made.facts == [
        LegEnded(at=at(0), leg_id=LegId(OFFER), ending=LegEnding.LOST)
    ]
    assert [sent["Channel"] for sent in made.peer.heard] == [OTHER]


async def test_a_ring_that_waits_and_is_taken_back_is_never_asked_for() -> None:
    async with world(lambda _: None, window=ONE) as made:
        made.carry_out(StopRinging(offer_id=OTHER))
        await made.until(lambda: bool(made.peer.heard))
        made.carry_out(RING)
        made.carry_out(StopRinging(offer_id=OFFER))
        await asyncio.sleep(0.5)

    assert [sent["Channel"] for sent in made.peer.heard] == [OTHER]
    assert made.facts == []


async def test_with_too_much_waiting_a_pair_is_told_as_not_joined() -> None:
    async with world(lambda _: None, window=ONE) as made:
        made.carry_out(StopRinging(offer_id=OTHER))
        made.carry_out(DismissAgent(offer_id=OTHER))
        await made.until(lambda: made.carry_out.window.waiting == 1)
        made.carry_out(JOIN)
        await made.until(lambda: bool(made.facts))

    (failed,) = made.facts
    assert isinstance(failed, BridgeFailed)
    assert "1 actions wait for their turn" in failed.detail
