"""The engine's decisions, asked of Asterisk; what comes of them returns as facts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog

from acd.vocabulary.decisions import (
    BridgeCall,
    ControlOrder,
    DismissAgent,
    EndCall,
    MirrorAgents,
    RingAgent,
    StopRinging,
)
from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import BridgeFailed, LegEnded, LegEnding
from cti_bridge.ami.actions import Fields
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import (
    ActionRefused,
    AmiError,
    TooManyPending,
    TurnNotCome,
    TurnsFull,
)
from cti_bridge.ami.in_hand import ControlDecision, InHand
from cti_bridge.ami.open_members import OpenMembers
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.window import Urgency, Window, WindowLimits

log = structlog.get_logger(__name__)

SwitchDecision = (
    RingAgent
    | StopRinging
    | BridgeCall
    | DismissAgent
    | EndCall
    | ControlDecision
    | MirrorAgents
)
"""Decisions that are Asterisk's to carry out."""

_SAFETY_S: Final = 2.0
"""The engine's own deadline comes first; then nothing is left to withdraw."""

_TURN_WITHIN_S: Final = 2.0
"""A device that is not asked for so long is not rung: the offer's time runs, and the
agent would be blamed for a call that never rang."""

_STOP_AGAIN_S: Final = (0.05, 0.2, 0.5, 1.0)
"""An offer just begun may have no leg yet that could be hung up: it is tried again."""


class CarryOut:
    """Takes each decision at once; who is more urgent is asked first. Never raises.

    Nothing is sent again over another link: what became of it, the snapshot tells.
    """

    def __init__(
        self,
        *,
        tell: Callable[[LegFact], None],
        channel: Callable[[LegId], str | None],
        now: Callable[[], datetime],
        is_recording: bool = True,
        window: WindowLimits | None = None,
    ) -> None:
        """Join it with its surroundings.

        Args:
            tell: Takes the facts that come of decisions.
            channel: Asterisk's name of a live leg.
            now: The engine's time.
            is_recording: Whether offers begin a recording; off for benches.
            window: How much is asked at once, and how much may wait for its turn.
        """
        self.link: Connection | None = None
        """The link to ask over; None while there is none."""
        self._tell = tell
        self._channel = channel
        self._now = now
        self._is_recording = is_recording
        self.window = Window(clock_s=time.monotonic, limits=window)
        """How many actions are in flight, and how many wait for their turn."""
        self._unsent: dict[str, asyncio.Task[None]] = {}
        """Rings that wait for their turn, by their offer."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._members = OpenMembers()
        self._in_hand = InHand(act=self._act, tell=tell, channel=channel, now=now)

    def __call__(self, decision: SwitchDecision) -> None:
        """Begin to carry out a decision."""
        link = self.link
        if link is None:
            # The engine offers nothing while the switch is lost; of the rest, what
            # should still be done follows from the next snapshot.
            log.info("decision_without_link", decision=type(decision).__name__)
            return
        task = asyncio.ensure_future(
            self._guarded(self._doing(link, decision), decision)
        )
        self._tasks.add(task)
        if isinstance(decision, RingAgent):
            self._unsent[decision.offer_id] = task
        task.add_done_callback(self._tasks.discard)

    def _doing(self, link: Connection, decision: SwitchDecision) -> Awaitable[None]:
        match decision:
            case RingAgent():
                return self._ring(link, decision)
            case StopRinging():
                return self._stop(link, decision)
            case BridgeCall():
                return self._join(link, decision)
            case DismissAgent():
                return self._dismiss(link, decision)
            case EndCall():
                return self._end(link, decision)
            case ControlOrder():
                return self._in_hand.do(link, decision)
            case MirrorAgents():
                return self._members.show(link, decision)

    async def _guarded(self, doing: Awaitable[None], decision: SwitchDecision) -> None:
        name = type(decision).__name__
        try:
            await doing
        except AmiError as error:
            # Timed out or lost on the way: the outcome is unknown, and nobody guesses.
            log.warning("decision_unknown", decision=name, reason=str(error))
        except Exception:
            log.exception("decision_broken", decision=name, leg_id=_leg_of(decision))

    async def _ring(self, link: Connection, ring: RingAgent) -> None:
        variables = [
            "CC_STATE=offer",
            # By name: an id is taken for the beginning of one.
            f"CC_CALLER={self._channel(ring.caller_leg_id) or 'gone'}",
            f"CC_CALL_ID={ring.call_id}",
            f"CC_OFFER_ID={ring.offer_id}",
            f"CC_AGENT={ring.agent_id}",
        ]
        if not self._is_recording:
            variables.append("CC_RECORD=0")
        fields = {
            "Channel": f"PJSIP/{ring.device_id}",
            "ChannelId": ring.offer_id,
            "Context": "cc-offer",
            "Exten": "s",
            "Priority": "1",
            "Timeout": str(round((ring.ring_s + _SAFETY_S) * 1000)),
            "CallerID": f"<{ring.caller_number}>",
            "Variable": variables,
            "Async": "true",
        }
        try:
            async with self.window.turn(Urgency.RING, within_s=_TURN_WITHIN_S):
                self._unsent.pop(ring.offer_id, None)
                reply = await link.act("Originate", fields)
        except (TooManyPending, TurnNotCome, TurnsFull) as error:
            # Nothing was sent, and nobody is to blame but the switch. That it should
            # stop ringing comes back in a moment, and needs not be asked for either.
            asyncio.get_running_loop().call_later(
                _STOP_AGAIN_S[-1], self._unsent.pop, ring.offer_id, None
            )
            self._not_rung(ring, str(error), LegEnding.LOST)
        except ActionRefused as error:
            self._not_rung(ring, str(error), LegEnding.UNREACHABLE)
        else:
            if not reply.succeeded:
                reason = reply.get("Message") or ""
                self._not_rung(ring, reason, LegEnding.UNREACHABLE)

    def _not_rung(self, ring: RingAgent, reason: str, ending: LegEnding) -> None:
        log.warning("ring_refused", offer_id=ring.offer_id, reason=reason)
        leg_id = LegId(ring.offer_id)
        self._tell(LegEnded(at=self._now(), leg_id=leg_id, ending=ending))

    async def _stop(self, link: Connection, stop: StopRinging) -> None:
        if (unsent := self._unsent.pop(stop.offer_id, None)) is not None:
            # Asterisk has not heard of it.
            unsent.cancel()
            return
        for pause_s in (*_STOP_AGAIN_S, None):
            hang_up = {"Channel": stop.offer_id}
            if (await self._act(link, "Hangup", hang_up, Urgency.STOP)).succeeded:
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    async def _join(self, link: Connection, pair: BridgeCall) -> None:
        """Lead the agent's leg to where it joins the caller by itself.

        ``Bridge`` of ours would take both legs from where they are, and Asterisk makes
        another channel for each that is taken.
        """
        if self._channel(pair.caller_leg_id) is None:
            self._not_joined(pair, "the caller's leg is gone")
            return
        led = _led(pair.offer_id, "cc-join")
        try:
            joining = await self._act(link, "Redirect", led, Urgency.JOIN)
        except (TooManyPending, TurnsFull) as error:
            self._not_joined(pair, str(error))
            return
        if not joining.succeeded:
            self._not_joined(pair, joining.get("Message") or "no reason told")

    def _not_joined(self, pair: BridgeCall, detail: str) -> None:
        log.warning("bridge_failed", offer_id=pair.offer_id, reason=detail)
        self._tell(BridgeFailed(at=self._now(), offer_id=pair.offer_id, detail=detail))

    async def _dismiss(self, link: Connection, dismiss: DismissAgent) -> None:
        """Say so and hang up; a leg that is gone already needs neither."""
        led = _led(dismiss.offer_id, "cc-dismiss")
        await self._act(link, "Redirect", led, Urgency.STOP)

    async def _act(
        self, link: Connection, action: str, fields: Fields, urgency: Urgency
    ) -> Message:
        async with self.window.turn(urgency):
            return await link.act(action, fields)

    async def _end(self, link: Connection, end: EndCall) -> None:
        caller = self._channel(end.leg_id)
        if caller is not None:
            log.warning("call_overstayed", call_id=end.call_id)
            await self._act(link, "Hangup", {"Channel": caller}, Urgency.STOP)


def _leg_of(decision: SwitchDecision) -> str:
    match decision:
        case EndCall():
            return decision.leg_id
        case MirrorAgents():
            return ""
        case _:
            return decision.offer_id


def _led(channel: str, context: str) -> Fields:
    return {"Channel": channel, "Context": context, "Exten": "s", "Priority": "1"}
