"""A small model of Asterisk: what lives in it, and the events in their grammar."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from acd.vocabulary.decisions import RingAgent
from acd.vocabulary.ids import CallId, LegId, OfferId, QueueId
from acd.vocabulary.leg_facts import LegRole, LegSeen
from tests.model.frames import frame
from tests.support.builders import at

RINGING, UP = "5", "6"


@dataclass(slots=True, kw_only=True)
class Leg:
    """One channel, as Asterisk knows it."""

    leg_id: LegId
    name: str
    call_id: CallId
    born_s: float
    state: str = UP
    context: str = "cc-flow"
    offer: RingAgent | None = None
    queue_id: QueueId | None = None
    queued_s: float | None = None
    bridge_id: str | None = None

    def seen(self) -> LegSeen:
        """Tell of it as ``Status`` would."""
        role = LegRole.OTHER
        if self.offer is not None:
            role = LegRole.OFFER
        elif self.context == "cc-wait":
            role = LegRole.WAITING
        elif self.context == "cc-flow":
            role = LegRole.FLOW
        return LegSeen(
            leg_id=self.leg_id,
            role=role,
            call_id=self.call_id,
            offer_id=self.offer.offer_id if self.offer else None,
            agent_id=self.offer.agent_id if self.offer else None,
            queue_id=self.queue_id,
            queued_at=None if self.queued_s is None else at(self.queued_s),
            number="6000",
            is_up=self.state == UP,
            bridge_id=self.bridge_id,
        )


After = Callable[[float, Callable[[], None]], None]
"""Do something so many seconds later."""


@dataclass(slots=True, kw_only=True)
class Switch:
    """One Asterisk over several lives."""

    pick: Random
    after: After
    tell: Callable[[bytes], None]
    """Takes each event as it is written."""
    now_s: float = 0.0
    boot: int = 1
    legs: dict[LegId, Leg] = field(default_factory=dict)
    queued_s: dict[CallId, float] = field(default_factory=dict)
    """When callers really began to wait."""
    ended_s: dict[CallId, float] = field(default_factory=dict)
    """When the callers' legs really ended."""
    made: int = 0
    ringing_twice: list[tuple[OfferId, OfferId]] = field(default_factory=list)
    """Offers that rang one device at once."""
    torn: list[CallId] = field(default_factory=list)
    """Callers who were taken out of a conversation for another one."""

    def arrive(self) -> Leg:
        """Take in a caller."""
        self.made += 1
        leg = Leg(
            leg_id=LegId(f"b{self.boot}-1700000000.{self.made}"),
            name=f"PJSIP/trunk-{self.made:08x}",
            call_id=CallId(str(UUID(int=self.pick.getrandbits(128), version=4))),
            born_s=self.now_s,
        )
        self.legs[leg.leg_id] = leg
        return leg

    def wait(self, leg: Leg, queue_id: QueueId) -> None:
        """Lead a caller from the flow to the waiting room."""
        leg.context, leg.queue_id, leg.queued_s = "cc-wait", queue_id, self.now_s
        self.queued_s[leg.call_id] = self.now_s
        more = {"UserEvent": "CCWaiting", "CallId": leg.call_id, "Queue": queue_id}
        self._say("UserEvent", leg, Skills="", **more)

    def originate(self, ring: RingAgent) -> None:
        """Ring a device, in one of the ways in which that goes."""
        for other in self.legs.values():
            if (
                other.offer is not None
                and other.offer.agent_id == ring.agent_id
                and other.state == RINGING
            ):
                self.ringing_twice.append((other.offer.offer_id, ring.offer_id))
        leg = Leg(
            leg_id=LegId(ring.offer_id),
            name=f"PJSIP/{ring.device_id}-{self.made:08x}",
            call_id=ring.call_id,
            born_s=self.now_s,
            state="0",
            context="cc-offer",
            offer=ring,
        )
        self.made += 1
        x = self.pick.random()
        if x < 0.03:
            self._not_made(leg)
            return
        self.legs[leg.leg_id] = leg
        if x < 0.06:
            self.after(0.01, lambda: self.end(leg.leg_id, cause="20"))
            self.after(0.02, lambda: self._not_made(leg))
            return
        self.after(0.02, lambda: self._ring(leg, ring.ring_s))

    def _not_made(self, leg: Leg) -> None:
        self._say(
            "OriginateResponse", leg, Response="Failure", Reason="0", ActionID="1"
        )

    def _ring(self, leg: Leg, ring_s: float) -> None:
        if leg.leg_id not in self.legs:
            return
        leg.state = RINGING
        self._say("Newstate", leg)
        x, after_s = self.pick.random(), self.pick.uniform(0.3, 4)
        if x < 0.75:
            self.after(after_s, lambda: self._answer(leg))
        elif x < 0.85:
            self.after(after_s, lambda: self._refuse(leg))
        self.after(ring_s + 2, lambda: self._unanswered(leg))

    def _answer(self, leg: Leg) -> None:
        if leg.leg_id in self.legs and leg.state == RINGING:
            leg.state = UP
            self._say("UserEvent", leg, UserEvent="CCOffered", CallId=leg.call_id)
            self.after(30, lambda: self._waited_in_vain(leg))

    def _refuse(self, leg: Leg) -> None:
        if leg.state == RINGING:
            self.end(leg.leg_id, cause="21", TechCause="603")

    def _unanswered(self, leg: Leg) -> None:
        if leg.state == RINGING:
            self.end(leg.leg_id, cause="19", TechCause="480")

    def _waited_in_vain(self, leg: Leg) -> None:
        if leg.bridge_id is None:
            self.end(leg.leg_id)

    def bridge(self, caller: str, offer_id: OfferId) -> str | None:
        """Join two legs, or say why not."""
        one = next((leg for leg in self.legs.values() if leg.name == caller), None)
        other = self.legs.get(LegId(offer_id))
        if one is None or other is None or one.state != UP or other.state != UP:
            return "no such channel"
        if one.bridge_id is not None:
            self.torn.append(one.call_id)
        bridge_id = f"bridge-{self.pick.getrandbits(64):x}"
        for leg in self.pick.sample([one, other], 2):
            self._leave(leg)
            leg.bridge_id = bridge_id
            self._say("BridgeEnter", leg, BridgeUniqueid=bridge_id)
        return None

    def dismiss(self, offer_id: OfferId) -> None:
        """Tell an agent that it was in vain; the leg ends a little later."""
        leg = self.legs.get(LegId(offer_id))
        if leg is not None and leg.state == UP:
            if leg.bridge_id is not None:
                self.torn.append(leg.call_id)
            self._leave(leg)
            self.after(2, lambda: self._waited_in_vain(leg))

    def end(self, leg_id: LegId, cause: str = "16", **more: str) -> None:
        """End a leg; the dialplan ends the other one of a pair."""
        leg = self.legs.pop(leg_id, None)
        if leg is None:
            return
        if leg.offer is None:
            self.ended_s[leg.call_id] = self.now_s
        self._leave(leg)
        told = {"Cause": cause, "Cause_txt": "x", **more}
        self._say("Hangup", leg, **told)

    def _leave(self, leg: Leg) -> None:
        """Take a leg out of its bridge; the dialplan ends who is left alone there."""
        if leg.bridge_id is None:
            return
        self._say("BridgeLeave", leg, BridgeUniqueid=leg.bridge_id)
        others = list(self._in_bridge(leg.bridge_id))
        leg.bridge_id = None
        for other in others:
            if other is not leg:
                self._say("BridgeLeave", other, BridgeUniqueid=other.bridge_id or "")
                other.bridge_id, other.context = None, "cc-end"
                self._end_soon(other.leg_id)

    def _end_soon(self, leg_id: LegId) -> None:
        self.after(0.005, lambda: self.end(leg_id))

    def _in_bridge(self, bridge_id: str | None) -> Iterator[Leg]:
        for leg in self.legs.values():
            if bridge_id is not None and leg.bridge_id == bridge_id:
                yield leg

    def restart(self) -> None:
        """Die without a word, and come up empty."""
        for leg in self.legs.values():
            if leg.offer is None:
                self.ended_s[leg.call_id] = self.now_s
        self.legs.clear()
        self.boot += 1

    def _say(self, event: str, leg: Leg, **more: str) -> None:
        self.tell(
            frame(
                event,
                Channel=leg.name,
                ChannelState=leg.state,
                Context=leg.context,
                Uniqueid=leg.leg_id,
                **more,
            )
        )
