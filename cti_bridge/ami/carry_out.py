"""The engine's decisions, asked of Asterisk; what comes of them returns as facts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog

from acd.vocabulary.decisions import (
    BridgeCall,
    DismissAgent,
    RingAgent,
    StopRinging,
)
from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import BridgeFailed, LegEnded, LegEnding
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import ActionRefused, AmiError, TooManyPending

log = structlog.get_logger(__name__)

SwitchDecision = RingAgent | StopRinging | BridgeCall | DismissAgent
"""Decisions that are Asterisk's to carry out."""

_SAFETY_S: Final = 2.0
"""The engine's own deadline comes first; then nothing is left to withdraw."""

_STOP_AGAIN_S: Final = (0.05, 0.2, 0.5, 1.0)
"""An offer just begun may have no leg yet that could be hung up: it is tried again."""


class CarryOut:
    """Begins each decision at once and in order; never raises, never waits.

    Nothing is sent again over another link: what became of it, the snapshot tells.
    """

    def __init__(
        self,
        *,
        tell: Callable[[LegFact], None],
        channel: Callable[[LegId], str | None],
        now: Callable[[], datetime],
        is_recording: bool = True,
    ) -> None:
        """Join it with its surroundings.

        Args:
            tell: Takes the facts that come of decisions.
            channel: Asterisk's name of a live leg.
            now: The engine's time.
            is_recording: Whether offers begin a recording; off for benches.
        """
        self.link: Connection | None = None
        """The link to ask over; None while there is none."""
        self._tell = tell
        self._channel = channel
        self._now = now
        self._is_recording = is_recording
        self._tasks: set[asyncio.Task[None]] = set()

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

    async def _guarded(self, doing: Awaitable[None], decision: SwitchDecision) -> None:
        name = type(decision).__name__
        try:
            await doing
        except AmiError as error:
            # Timed out or lost on the way: the outcome is unknown, and nobody guesses.
            log.warning("decision_unknown", decision=name, reason=str(error))
        except Exception:
            log.exception("decision_broken", decision=name, offer_id=decision.offer_id)

    async def _ring(self, link: Connection, ring: RingAgent) -> None:
        variables = [
            f"CC_CALL_ID={ring.call_id}",
            f"CC_OFFER_ID={ring.offer_id}",
            f"CC_AGENT={ring.agent_id}",
        ]
        if not self._is_recording:
            variables.append("CC_RECORD=0")
        try:
            reply = await link.act(
                "Originate",
                {
                    "Channel": f"PJSIP/{ring.device_id}",
                    "ChannelId": ring.offer_id,
                    "Context": "cc-offer",
                    "Exten": "s",
                    "Priority": "1",
                    "Timeout": str(round((ring.ring_s + _SAFETY_S) * 1000)),
                    "CallerID": f"<{ring.caller_number}>",
                    "Variable": variables,
                    "Async": "true",
                },
            )
            reason = "" if reply.succeeded else reply.get("Message") or ""
            failed = not reply.succeeded
        except (ActionRefused, TooManyPending) as error:
            # Nothing was sent.
            failed, reason = True, str(error)
        if failed:
            log.warning("ring_refused", offer_id=ring.offer_id, reason=reason)
            leg_id, ending = LegId(ring.offer_id), LegEnding.UNREACHABLE
            self._tell(LegEnded(at=self._now(), leg_id=leg_id, ending=ending))

    async def _stop(self, link: Connection, stop: StopRinging) -> None:
        for pause_s in (*_STOP_AGAIN_S, None):
            if (await link.act("Hangup", {"Channel": stop.offer_id})).succeeded:
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    async def _join(self, link: Connection, pair: BridgeCall) -> None:
        caller = self._channel(pair.caller_leg_id)
        if caller is None:
            self._not_joined(pair, "the caller's leg is gone")
            return
        joined = await link.act(
            "Bridge", {"Channel1": caller, "Channel2": pair.offer_id, "Tone": "no"}
        )
        if not joined.succeeded:
            self._not_joined(pair, joined.get("Message") or "no reason told")

    def _not_joined(self, pair: BridgeCall, detail: str) -> None:
        log.warning("bridge_failed", offer_id=pair.offer_id, reason=detail)
        self._tell(BridgeFailed(at=self._now(), offer_id=pair.offer_id, detail=detail))

    async def _dismiss(self, link: Connection, dismiss: DismissAgent) -> None:
        """Say so and hang up; a leg that is gone already needs neither."""
        await link.act(
            "Redirect",
            {
                "Channel": dismiss.offer_id,
                "Context": "cc-dismiss",
                "Exten": "s",
                "Priority": "1",
            },
        )
