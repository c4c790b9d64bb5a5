"""Asterisk's events, told as facts of the vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import CallId, LegId, OfferId, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    CallQueued,
    LegAnswered,
    LegEnded,
    LegEnding,
    LegJoined,
    LegParted,
    LegRang,
)
from cti_bridge.ami import causes, snapshot
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.snapshot import DEVICES
from cti_bridge.forms import LEG, UUID

SETTLES_S: Final = 0.3
"""A refused leg's ``Hangup``, which says why, may come after ``OriginateResponse``,
which does not. Seen within 50 ms; where no leg was made it never comes."""

_ENDED_KEPT: Final = 1000
"""Legs remembered as ended: more than end while one ``OriginateResponse`` is late."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A leg of which Asterisk should be asked whether it lives."""

    leg_id: LegId
    after_s: float
    """How long to wait before asking: better news may be under way."""
    ending: LegEnding
    """What it means when Asterisk does not know the leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one message means: nothing, facts, or a doubt."""

    facts: tuple[LegFact, ...] = ()
    doubts: tuple[Doubt, ...] = ()


NOTHING: Final = Told()


class Translator:
    """Turns messages into facts, and remembers the names of legs, no more."""

    def __init__(self) -> None:
        """Begin with no leg known."""
        self.passed_over: Counter[str] = Counter()
        """Messages that became no fact, by event name, ``doubtful`` or ``unusable``."""
        self.names: dict[LegId, str] = {}
        """Asterisk's names of live legs."""
        self._failing: set[LegId] = set()
        self._ended: dict[LegId, None] = {}

    def channel(self, leg_id: LegId) -> str | None:
        """Return Asterisk's name of a live leg, or None when it is not known.

        ``Bridge`` must be given names: it takes an id for the beginning of one, and
        joined leg 1.10 where 1.1 was gone (seen on 22.10.1).
        """
        return self.names.get(leg_id)

    def is_failing(self, leg_id: LegId) -> bool:
        """Tell whether it is still not known why a leg could not be made."""
        return leg_id in self._failing

    def begin(self, channels: dict[LegId, str]) -> None:
        """Take a snapshot's legs for all that live."""
        self.names = dict(channels)
        self._failing.clear()

    def forget(self, leg_id: LegId) -> None:
        """Take a leg for gone that Asterisk does not know."""
        self.names.pop(leg_id, None)
        self._failing.discard(leg_id)
        self._ended[leg_id] = None
        if len(self._ended) > _ENDED_KEPT:
            del self._ended[next(iter(self._ended))]

    def take(self, message: Message, at: datetime) -> Told:
        """Say what a message means.

        Args:
            message: An event; what is not understood or not believed is counted.
            at: When it was read.
        """
        if message.is_doubtful:
            return self._doubt(message)
        match message.event:
            case "UserEvent":
                return self._of_dialplan(message, at)
            case "Newstate":
                return self._of_state(message, at)
            case "BridgeEnter" | "BridgeLeave":
                return self._of_bridge(message, at)
            case "Hangup":
                return self._of_end(message, at)
            case "OriginateResponse":
                return self._of_failure(message)
            case other:
                return self._pass_over(other or "headless")

    def _of_dialplan(self, message: Message, at: datetime) -> Told:
        leg_id = self._leg(message)
        match message.get("UserEvent"):
            case "CCWaiting":
                call_id, queue = message.get("CallId"), message.get("Queue")
                skills = [*filter(None, (message.get("Skills") or "").split(":"))]
                if not _fits(UUID, call_id) or not _fits(_NAME, queue, *skills):
                    return self._pass_over("unusable")
                return _one(
                    CallQueued(
                        at=at,
                        call_id=CallId(call_id or ""),
                        leg_id=leg_id,
                        queue_id=QueueId(queue or ""),
                        skills=tuple(SkillId(skill) for skill in sorted(skills)),
                        call_class=snapshot.call_class(message.get("Class")),
                    )
                )
            case "CCOffered":
                return _one(LegAnswered(at=at, leg_id=leg_id))
            case "CCNotJoined":
                return self._of_join(message, at)
            case other:
                return self._pass_over(f"UserEvent {other}")

    def _of_join(self, message: Message, at: datetime) -> Told:
        offer_id, why = message.get("OfferId"), message.get("Why")
        if not _fits(UUID, offer_id) or not _fits(_NAME, why):
            return self._pass_over("unusable")
        offer = OfferId(offer_id or "")
        return _one(BridgeFailed(at=at, offer_id=offer, detail=why or ""))

    def _of_state(self, message: Message, at: datetime) -> Told:
        leg_id = self._leg(message)
        if message.get("ChannelState") != str(causes.RINGING):
            return self._pass_over("Newstate")
        return _one(LegRang(at=at, leg_id=leg_id))

    def _of_bridge(self, message: Message, at: datetime) -> Told:
        leg_id, bridge_id = self._leg(message), message["BridgeUniqueid"]
        if message.event == "BridgeEnter":
            return _one(LegJoined(at=at, leg_id=leg_id, bridge_id=bridge_id))
        return _one(LegParted(at=at, leg_id=leg_id, bridge_id=bridge_id))

    def _of_end(self, message: Message, at: datetime) -> Told:
        if not message["Channel"].startswith(DEVICES):
            return self._pass_over("Hangup")
        leg_id = LegId(message["Uniqueid"])
        self.forget(leg_id)
        cause = _integer(message["Cause"]) or 0
        return _one(
            LegEnded(
                at=at,
                leg_id=leg_id,
                ending=causes.ending(
                    state=_integer(message["ChannelState"]) or 0,
                    cause=cause,
                    sip_code=_integer(message.get("TechCause")),
                ),
                cause=cause,
            )
        )

    def _of_failure(self, message: Message) -> Told:
        leg_id = message["Uniqueid"]
        is_news = message["Response"] == "Failure" and leg_id not in self._ended
        if not is_news or not _fits(UUID, leg_id):
            return self._pass_over("OriginateResponse")
        self._failing.add(LegId(leg_id))
        return _asked(LegId(leg_id), SETTLES_S, LegEnding.UNREACHABLE)

    def _doubt(self, message: Message) -> Told:
        """Believe nothing of it, but ask of each live leg that it names."""
        self.passed_over["doubtful"] += 1
        named = {LegId(v) for k, v in message.pairs() if k.lower() == "uniqueid"}
        return Told(
            doubts=tuple(
                Doubt(leg_id=leg_id, after_s=0.0, ending=LegEnding.LOST)
                for leg_id in sorted(named & self.names.keys())
            )
        )

    def _leg(self, message: Message) -> LegId:
        leg_id = LegId(message["Uniqueid"])
        if message["Channel"].startswith(DEVICES) and _fits(LEG, leg_id):
            self.names[leg_id] = message["Channel"]
        return leg_id

    def _pass_over(self, why: str) -> Told:
        self.passed_over[why] += 1
        return NOTHING


def _one(fact: LegFact) -> Told:
    return Told(facts=(fact,))


def _asked(leg_id: LegId, after_s: float, ending: LegEnding) -> Told:
    return Told(doubts=(Doubt(leg_id=leg_id, after_s=after_s, ending=ending),))


def _fits(form: re.Pattern[str], *texts: str | None) -> bool:
    return all(text is not None and form.fullmatch(text) for text in texts)


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch("[0-9]{1,4}", text) else None
