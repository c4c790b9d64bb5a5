"""Each call twice: as SIPp saw it on both sides, and as it stands on record."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.phone.sipp_log import SippCall
from services.runtime.bench.trail import CallTrail

CROSSING_S = 0.15
"""Signals that leave two phones within so long cross in the switch: which is first
there, no phone can know. Such calls are told one by one, and may stand either way."""

ROUTING_S = 0.6
"""From the key that leads to a queue to the queue: the key's length, the flow's next
steps. Who leaves in this time may stand as in the flow or in the queue."""

COMPLETED = "completed"
IN_FLOW = "abandoned_in_flow"
IN_QUEUE = "abandoned_in_queue"
RINGING = "abandoned_ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What SIPp alone says of one call."""

    caller: SippCall
    devices: tuple[SippCall, ...]
    """That rang for it, in order."""
    ring_s: float
    """How long a device may ring."""
    is_in_menu: bool = False
    """Whether it is a key that leads to the queue."""
    pressed_at: datetime | None = None
    """When the caller pressed it; None for who never did."""
    crossing_s: float = CROSSING_S

    @property
    def left_at(self) -> datetime:
        """When the caller's own call ended."""
        return self.caller.at["hung_up"]

    @property
    def may_be(self) -> frozenset[str]:
        """How it may have ended: one way, or two where signals crossed."""
        picked = [d.at["picked_up"] for d in self.devices if "picked_up" in d.at]
        if picked and _s(min(picked), self.left_at) > self.crossing_s:
            return frozenset({COMPLETED})
        if self.caller.hung_up_by != "us":
            # Nobody was with the caller, and the switch hung up: never right.
            return frozenset()
        if picked and _s(min(picked), self.left_at) > -self.crossing_s:
            return frozenset({COMPLETED, RINGING})
        return frozenset(self._abandoned())

    def _abandoned(self) -> Iterator[str]:
        """Yield whether an agent's device was ringing when the caller left.

        A device that rang proves an offer from before the switch knew that the caller
        had left, however late its ring.
        """
        if not self.devices:
            yield from self._before_ringing()
            return
        over_at = self._over_at(self.devices[-1])
        over_s = _s(self.left_at, over_at) if over_at else float("inf")
        if over_s > -self.crossing_s:
            yield RINGING
        if over_s < self.crossing_s:
            yield IN_QUEUE

    def _before_ringing(self) -> Iterator[str]:
        if self.is_in_menu and self.pressed_at is None:
            yield IN_FLOW
            return
        since = self.pressed_at or self.caller.at["answered"]
        in_flow_s = (
            max(ROUTING_S, self.crossing_s) if self.is_in_menu else self.crossing_s
        )
        if not self.is_in_menu or _s(since, self.left_at) > -self.crossing_s:
            yield IN_QUEUE
        if _s(since, self.left_at) < in_flow_s:
            yield IN_FLOW

    def _over_at(self, device: SippCall) -> datetime | None:
        """Return when the ringing ended by itself, and not because the caller left."""
        if refused_at := device.at.get("refused"):
            return refused_at
        cancelled_at = device.at.get("cancelled")
        if cancelled_at and _s(device.at["rang"], cancelled_at) > self.ring_s - 0.1:
            return cancelled_at
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the comparison of all calls came to."""

    counts: tuple[Mapping[str, object], ...]
    """``name``, ``found`` on record, ``expected`` by SIPp."""
    crossings: tuple[str, ...]
    """Calls that may stand either way, each with its times."""
    problems: tuple[str, ...]
    """What does not agree; empty when all does."""


def seen(
    callers: Sequence[SippCall],
    devices: Sequence[SippCall],
    *,
    ring_s: float,
    pressed: Mapping[str, datetime | None] | None = None,
    crossing_s: float = CROSSING_S,
) -> list[Seen]:
    """Join callers with the devices that rang for them, by the caller's number.

    Args:
        callers: As SIPp saw them.
        devices: That rang.
        ring_s: How long a device may ring.
        pressed: When each caller pressed the key that leads to a queue, by their
            number; None where no key is needed.
        crossing_s: Signals that leave two phones within so long may cross.
    """
    by_number: dict[str, list[SippCall]] = {}
    for device in sorted(devices, key=lambda call: call.at["rang"]):
        by_number.setdefault(device.number, []).append(device)
    return [
        Seen(
            caller=caller,
            devices=tuple(by_number.get(caller.number, ())),
            ring_s=ring_s,
            is_in_menu=pressed is not None,
            pressed_at=(pressed or {}).get(caller.number),
            crossing_s=crossing_s,
        )
        for caller in callers
    ]


def compare(calls: Sequence[Seen], records: Sequence[CallTrail]) -> Tally:
    """Hold every call against its record."""
    by_dialog: dict[str, list[CallTrail]] = {}
    for record in records:
        by_dialog.setdefault(record.sip_call_id, []).append(record)
    problems = [
        problem
        for call in calls
        for problem in _problems(call, by_dialog.get(call.caller.sip_call_id, []))
    ]
    crossings = [
        _crossing(call, by_dialog.get(call.caller.sip_call_id, []))
        for call in calls
        if len(call.may_be) > 1
    ]
    dialled = {call.caller.sip_call_id for call in calls}
    problems += [
        f"{record.call_id}: is on record, and SIPp dialled no such call"
        for record in records
        if record.sip_call_id not in dialled
    ]
    return Tally(
        counts=tuple(_counts(calls, by_dialog)),
        crossings=tuple(crossings),
        problems=tuple(problems),
    )


def _problems(call: Seen, records: Sequence[CallTrail]) -> Iterator[str]:
    where = f"call {call.caller.sip_call_id} of {call.caller.number}"
    if len(records) != 1:
        yield f"{where}: must have one record, found {len(records)}"
        return
    record = records[0]
    closings = record.times.get("call_closed", 0)
    if record.state != "closed" or closings != 1:
        yield f"{where}: must be closed once, found {record.state}, {closings} times"
    if record.close_reason not in call.may_be:
        may_be = " or ".join(sorted(call.may_be)) or "with an agent until the end"
        yield f"{where}: SIPp saw it {may_be}, the record says {record.close_reason}"
    told = {"us": "caller", "them": "agent"}.get(call.caller.hung_up_by or "")
    if call.may_be == {COMPLETED} and record.ended_by != told and not _met(call):
        yield f"{where}: ended by {told}, the record says {record.ended_by}"


def _met(call: Seen) -> bool:
    """Tell whether both sides hung up so near each other that either may be first."""
    ends = [d.at["hung_up"] for d in call.devices if "hung_up" in d.at]
    by_us = {d.hung_up_by for d in call.devices if "hung_up" in d.at}
    is_near = any(abs(_s(end, call.left_at)) < CROSSING_S for end in ends)
    return call.caller.hung_up_by == "us" and "us" in by_us and is_near


def _counts(
    calls: Sequence[Seen], by_dialog: Mapping[str, Sequence[CallTrail]]
) -> Iterator[Mapping[str, object]]:
    sure, found = Counter[str](), Counter[str]()
    crossed = 0
    for call in calls:
        records = by_dialog.get(call.caller.sip_call_id, [])
        if len(call.may_be) == 1:
            sure[next(iter(call.may_be))] += 1
            found.update(str(record.close_reason) for record in records)
        else:
            crossed += 1
    yield {
        "name": "calls",
        "found": sum(map(len, by_dialog.values())),
        "expected": len(calls),
    }
    for name in sorted(sure | found):
        yield {"name": name, "found": found[name], "expected": sure[name]}
    yield {"name": "crossed, either way", "found": crossed, "expected": crossed}


def _crossing(call: Seen, records: Sequence[CallTrail]) -> str:
    reason = records[0].close_reason if records else "none"
    events = [
        f"{name} {_s(call.left_at, at) * 1000:+.1f} ms"
        for device in call.devices
        for name, at in device.at.items()
        if abs(_s(call.left_at, at)) < 2 * CROSSING_S
    ]
    return (
        f"call {call.caller.sip_call_id}: may be {' or '.join(sorted(call.may_be))},"
        f" stands as {reason}; the caller left, and the device {', '.join(events)}"
    )


def _s(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()
