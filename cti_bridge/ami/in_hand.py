"""What agents do with a call in hand, asked of Asterisk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

import structlog

from acd.vocabulary.control_facts import Control, ControlFailed, RecordingMuted
from acd.vocabulary.decisions import (
    EndLeg,
    HoldCall,
    MoveCaller,
    MuteRecording,
    TakeCallBack,
)
from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId
from cti_bridge.ami.actions import Fields
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import TooManyPending, TurnsFull
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.window import Urgency

log = structlog.get_logger(__name__)

ControlDecision = HoldCall | TakeCallBack | MoveCaller | MuteRecording | EndLeg
_Asked = HoldCall | TakeCallBack | MoveCaller | MuteRecording

_HELD: Final = {"Context": "cc-hold", "Exten": "s", "Priority": "1"}
_MOVED: Final = {"Context": "cc-moved", "Exten": "s", "Priority": "1"}
_HELD_BY: Final = {
    "ExtraContext": "cc-held",
    "ExtraExten": "s",
    "ExtraPriority": "1",
}


class Act(Protocol):
    """Asks one action of Asterisk in its turn."""

    def __call__(
        self, link: Connection, action: str, fields: Fields, urgency: Urgency
    ) -> Awaitable[Message]:
        """Return the reply."""


class InHand:
    """Carries out what the engine decides of calls in hand."""

    def __init__(
        self,
        *,
        act: Act,
        tell: Callable[[LegFact], None],
        channel: Callable[[LegId], str | None],
        now: Callable[[], datetime],
    ) -> None:
        """Join it with its surroundings.

        Args:
            act: Asks one action in its turn.
            tell: Takes the facts that come of decisions.
            channel: Asterisk's name of a live leg.
            now: The engine's time.
        """
        self._act = act
        self._tell = tell
        self._channel = channel
        self._now = now

    async def do(self, link: Connection, decision: ControlDecision) -> None:
        """Carry one out.

        Raises:
            AmiError: What became of it is not known.
        """
        match decision:
            case HoldCall():
                await self._hold(link, decision)
            case TakeCallBack():
                await self._take_back(link, decision)
            case MoveCaller():
                await self._move(link, decision)
            case MuteRecording():
                await self._mute(link, decision)
            case EndLeg():
                gone = {"Channel": decision.offer_id}
                await self._act(link, "Hangup", gone, Urgency.STOP)

    async def _hold(self, link: Connection, hold: HoldCall) -> None:
        caller = self._channel(hold.caller_leg_id)
        if caller is None:
            self._not_done(hold, Control.HOLD, "the caller's leg is gone")
            return
        # Whom the switch joins the caller with again if nobody decides any more.
        link.note("Setvar", _set(caller, "CC_HELD_BY", hold.offer_id))
        both = {"Channel": caller, "ExtraChannel": hold.offer_id, **_HELD, **_HELD_BY}
        await self._try(link, "Redirect", both, (hold, Control.HOLD))

    async def _take_back(self, link: Connection, back: TakeCallBack) -> None:
        caller = self._channel(back.caller_leg_id)
        if caller is None:
            self._not_done(back, Control.TAKE_BACK, "the caller's leg is gone")
            return
        both = {"Channel1": caller, "Channel2": back.offer_id, "Tone": "no"}
        if await self._try(link, "Bridge", both, (back, Control.TAKE_BACK)):
            # For the dialplan, which goes on with both when the bridge is over.
            link.note("Setvar", _set(caller, "CC_STATE", "talking"))
            link.note("Setvar", _set(back.offer_id, "CC_STATE", "offer"))

    async def _move(self, link: Connection, move: MoveCaller) -> None:
        caller = self._channel(move.caller_leg_id)
        if caller is None:
            self._not_done(move, Control.TRANSFER, "the caller's leg is gone")
            return
        link.note("Setvar", _set(caller, "CC_TO", move.queue_id))
        led = {"Channel": caller, **_MOVED}
        await self._try(link, "Redirect", led, (move, Control.TRANSFER))

    async def _mute(self, link: Connection, mute: MuteRecording) -> None:
        offer_id = mute.offer_id
        what = Control.PAUSE if mute.is_muted else Control.RESUME
        if mute.is_muted:
            # Before: a silence that nobody knows of must not last.
            link.note("Setvar", _set(offer_id, "CC_MUTED", "1"))
        state = "1" if mute.is_muted else "0"
        told = {"Channel": offer_id, "Direction": "both", "State": state}
        if not await self._try(link, "MixMonitorMute", told, (mute, what)):
            return
        if not mute.is_muted:
            link.note("Setvar", _set(offer_id, "CC_MUTED", ""))
        self._tell(
            RecordingMuted(
                at=self._now(),
                call_id=mute.call_id,
                offer_id=offer_id,
                is_muted=mute.is_muted,
            )
        )

    async def _try(
        self,
        link: Connection,
        action: str,
        fields: Fields,
        wanted: tuple[_Asked, Control],
    ) -> bool:
        """Ask it; where it is refused, tell so and return False."""
        decision, what = wanted
        try:
            reply = await self._act(link, action, fields, Urgency.JOIN)
        except (TooManyPending, TurnsFull) as error:
            self._not_done(decision, what, str(error))
            return False
        if not reply.succeeded:
            detail = reply.get("Message") or "no reason told"
            self._not_done(decision, what, detail)
        return reply.succeeded

    def _not_done(
        self,
        decision: _Asked,
        what: Control,
        detail: str,
    ) -> None:
        log.warning("control_failed", what=what.value, reason=detail)
        self._tell(
            ControlFailed(
                at=self._now(),
                call_id=decision.call_id,
                offer_id=decision.offer_id,
                agent_id=decision.agent_id,
                what=what,
                detail=detail,
            )
        )


def _set(channel: str, variable: str, value: str) -> dict[str, str]:
    return {"Channel": channel, "Variable": variable, "Value": value}
