"""I-1 to I-10: what every fault must leave whole, counted from the evidence."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.evidence import CallOnRecord, Evidence
from services.runtime.bench.tally import CROSSING_S

SOUND_WITHIN_S = 3.0
"""A caller hears something within so long of any hand-over; so does a new one."""
RED_WITHIN_S = 10.0
_SAME_S = 1.0
_RECONCILE_S = 15.0
_AT_ONCE = timedelta(milliseconds=50)
"""Two devices rung within so long were rung together."""
_SWITCH_LOOKS = timedelta(seconds=1.05)
"""In the open queue each caller looks once a second whether there are agents enough for
all before: while there are, whoever looks first is rung for first."""
_GRAIN = timedelta(seconds=1.05)
"""Places are kept to the second of the switch's clock; its seconds are not SIPp's, but
who came so much later came in another one."""
_CROSSING = timedelta(seconds=CROSSING_S)
"""The BYE of the call before and the next INVITE leave the switch together."""
_DESCRIPTORS = 10
_THREADS = 4
_RSS_KB = 50 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often something was not so, of how many times it had to be."""

    invariant: str
    name: str
    found: int
    of: int


def counts(evidence: Evidence) -> list[Count]:
    """Count what every invariant says of one round."""
    return [
        *talking_goes_on(evidence),
        *waiting_is_kept(evidence),
        *order_is_kept(evidence),
        *no_double_offer(evidence),
        *one_record_each(evidence),
        *durations_are_sane(evidence),
        *agents_are_as_before(evidence),
        *nothing_grows(evidence),
        *fault_is_seen(evidence),
        *new_calls_are_answered(evidence),
    ]


def talking_goes_on(evidence: Evidence) -> Iterator[Count]:
    """I-1: who talks goes on talking."""
    calls = list(evidence.of("probe", "talking"))
    lost = sum(is_lost(call, evidence.window.ended_at) for call in calls)
    yield Count(invariant="I-1", name="talks lost", found=lost, of=len(calls))


def waiting_is_kept(evidence: Evidence) -> Iterator[Count]:
    """I-2: nobody who waits or is in a flow is hung up on; the wait is not silent."""
    window = evidence.window
    flows = list(evidence.of("in_flow"))
    lost = sum(is_lost(call, window.ended_at) for call in flows)
    yield Count(
        invariant="I-2", name="callers in flows lost", found=lost, of=len(flows)
    )
    calls = list(evidence.of("waiting"))
    lost = sum(is_lost(call, window.ended_at) for call in calls)
    yield Count(invariant="I-2", name="waiting callers lost", found=lost, of=len(calls))
    gaps = [gap_ms for call in calls if (gap_ms := silence_ms(evidence, call))]
    silent = sum(gap_ms > SOUND_WITHIN_S * 1000 for gap_ms in gaps)
    yield Count(
        invariant="I-2", name="waiting callers in silence", found=silent, of=len(gaps)
    )


def order_is_kept(evidence: Evidence) -> Iterator[Count]:
    """I-3: pairs of waiting callers of whom the later was served first."""
    waited = _waited(evidence)
    inversions = sum(1 for _ in _out_of_order(waited))
    yield Count(
        invariant="I-3", name="served out of order", found=inversions, of=len(waited)
    )


def no_double_offer(evidence: Evidence) -> Iterator[Count]:
    """I-4: a device with two calls at once; a caller who rings at two at once."""
    rung = [call for call in evidence.devices if "rang" in call.at]
    left_at = {
        call.number: call.at["hung_up"]
        for call in evidence.all_callers
        if "hung_up" in call.at
    }
    by_device = _overlaps(
        (call.device, call.at["rang"], _free_at(call, left_at.get(call.number)))
        for call in rung
    )
    by_caller = _overlaps(
        (call.number, call.at["rang"], _ringing_until(call)) for call in rung
    )
    yield Count(
        invariant="I-4", name="agents offered two", found=by_device, of=len(rung)
    )
    yield Count(
        invariant="I-4", name="callers offered twice", found=by_caller, of=len(rung)
    )


def one_record_each(evidence: Evidence) -> Iterator[Count]:
    """I-5: each answered call has exactly one record, closed, with a reason."""
    answered = {call.number for call in evidence.all_callers if call.status == 200}
    dialled = {call.number for call in evidence.all_callers}
    times = Counter(record.number for record in evidence.records)
    left_open = [record for record in evidence.records if not _is_closed(record)]
    extra = sum(n - 1 for n in times.values())
    extra += sum(number not in dialled for number in times)
    for name, found in (
        ("records missing", len(answered - times.keys())),
        ("records extra", extra),
        ("records left open", len(left_open)),
    ):
        yield Count(invariant="I-5", name=name, found=found, of=len(answered))


def durations_are_sane(evidence: Evidence) -> Iterator[Count]:
    """I-6: no negative length, and none other than SIPp's by more than is said."""
    callers = {call.number: call for call in evidence.all_callers}
    negative = wrong = 0
    held = [record for record in evidence.records if record.number in callers]
    for record in held:
        negative += _is_negative(record)
        wrong += _is_wrong(evidence, record, callers[record.number])
    yield Count(invariant="I-6", name="lengths negative", found=negative, of=len(held))
    yield Count(invariant="I-6", name="lengths wrong", found=wrong, of=len(held))


def agents_are_as_before(evidence: Evidence) -> Iterator[Count]:
    """I-7: each agent is as before, or safely away."""
    before, after = evidence.agents_before, evidence.agents_after
    ghosts = sum(state in ("talking", "reserved") for state in after.values())
    changed = sum(
        after.get(agent) not in {state, *evidence.safe_states}
        for agent, state in before.items()
    )
    yield Count(invariant="I-7", name="agents changed", found=changed, of=len(before))
    yield Count(invariant="I-7", name="ghost agents", found=ghosts, of=len(after))


def nothing_grows(evidence: Evidence) -> Iterator[Count]:
    """I-8: when all is over nothing is left, and nothing is larger than before."""
    before, after = evidence.before, evidence.after
    if before is None or after is None:
        return
    for name, more in (
        ("channels left", after.channels - before.channels),
        ("descriptors grown", after.descriptors - before.descriptors - _DESCRIPTORS),
        ("threads grown", after.threads - before.threads - _THREADS),
        ("memory grown, kB", after.rss_kb - before.rss_kb - _RSS_KB),
    ):
        yield Count(invariant="I-8", name=name, found=max(0, more), of=1)


def fault_is_seen(evidence: Evidence) -> Iterator[Count]:
    """I-9: the system itself says that something is wrong, in time, and what."""
    if not evidence.health:
        return
    seen_s = seen_after_s(evidence)
    is_late = seen_s is None or seen_s > RED_WITHIN_S
    yield Count(invariant="I-9", name="faults not seen", found=int(is_late), of=1)


def new_calls_are_answered(evidence: Evidence) -> Iterator[Count]:
    """I-10: who dials while the fault is there is answered, and hears something."""
    calls = list(evidence.of("new"))
    unanswered = sum(not is_served(evidence, call) for call in calls)
    yield Count(
        invariant="I-10", name="new calls not served", found=unanswered, of=len(calls)
    )


def oddities(evidence: Evidence) -> Iterator[str]:
    """Yield in words what stands behind counts that name no call themselves."""
    callers = {call.number: call for call in evidence.all_callers}
    injected_at = evidence.window.injected_at

    def when(at: datetime | None) -> str:
        return "-" if at is None else f"{(at - injected_at).total_seconds():+.2f}"

    for record in evidence.records:
        caller = callers.get(record.number)
        is_wrong = caller is not None and _is_wrong(evidence, record, caller)
        if caller is None or is_wrong or _is_negative(record):
            seen = {} if caller is None else caller.at
            yield (
                f"record of {record.number}, {record.close_reason}: arrived"
                f" {when(record.arrived_at)}, answered {when(record.answered_at)},"
                f" connected {when(record.connected_at)}, ended"
                f" {when(record.ended_at)}, estimated {record.is_estimated}; SIPp:"
                f" {', '.join(f'{name} {when(at)}' for name, at in seen.items())}"
            )
    for earlier, later in _out_of_order(_waited(evidence)):
        yield (
            f"{later.number} waited since {when(later.since)} and was rung for"
            f" {when(later.rung_at)}, {earlier.number} since {when(earlier.since)} and"
            f" {when(earlier.rung_at)}"
        )
    by_number: dict[str, list[SippCall]] = {}
    for call in evidence.devices:
        by_number.setdefault(call.number, []).append(call)
    for number, rung in by_number.items():
        if len(rung) > 1:
            times = (
                f"{call.device} "
                + ", ".join(f"{name} {when(at)}" for name, at in call.at.items())
                for call in rung
            )
            yield f"{number} rang at {'; '.join(times)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waited:
    """A waiting caller: when the wait began, as the phone saw it, and when it ended."""

    since: datetime
    rung_at: datetime
    number: str
    is_opened: bool
    """Whether the caller came to the open queue."""


def _waited(evidence: Evidence) -> list[_Waited]:
    served = rung_first_at(evidence.devices)
    opened = {record.number for record in evidence.records if record.opened_at}
    found = (
        _Waited(
            since=call.at["answered"],
            rung_at=served[call.number],
            number=call.number,
            is_opened=call.number in opened,
        )
        for call in evidence.of("waiting")
        if "answered" in call.at and call.number in served
    )
    return sorted(found, key=lambda one: one.since)


def _out_of_order(waited: Sequence[_Waited]) -> Iterator[tuple[_Waited, _Waited]]:
    """Yield pairs of whom the later was rung for first."""
    for nth, earlier in enumerate(waited):
        for later in waited[nth + 1 :]:
            is_later = later.since - earlier.since > _GRAIN
            by_switch = earlier.is_opened or later.is_opened
            together = _SWITCH_LOOKS if by_switch else _AT_ONCE
            if is_later and later.rung_at + together < earlier.rung_at:
                yield earlier, later


def is_lost(call: SippCall, until: datetime) -> bool:
    """Tell whether a call was not there any more, by no wish of its caller's."""
    if "answered" not in call.at:
        return True
    gone_at = call.at.get("hung_up")
    return gone_at is not None and gone_at < until and call.hung_up_by == "them"


def silence_ms(evidence: Evidence, call: SippCall) -> float | None:
    """Return a caller's longest silence in the window; None if nobody listened."""
    window = evidence.window
    gaps = [
        heard.longest_gap_ms(window.began_at, window.ended_at)
        for heard in evidence.heard_by(call.number)
    ]
    return min(gaps, default=None)


def sound_after_s(evidence: Evidence, call: SippCall) -> float | None:
    """Return how long after dialling a caller first heard something; None if never."""
    dialled_at = call.at["dialled"]
    until = call.at.get("hung_up", evidence.window.ended_at)
    firsts = [
        at
        for heard in evidence.heard_by(call.number)
        if (at := heard.audible_at) is not None and dialled_at <= at <= until
    ]
    return (min(firsts) - dialled_at).total_seconds() if firsts else None


def is_served(evidence: Evidence, call: SippCall) -> bool:
    """Tell whether a new call was answered with something to hear, in time."""
    after_s = sound_after_s(evidence, call)
    return (
        call.status == 200
        and after_s is not None
        and after_s <= evidence.sound_within_s
    )


def seen_after_s(evidence: Evidence) -> float | None:
    """Return how long after the fault the first red look was; None if none was."""
    injected_at = evidence.window.injected_at
    reds = [seen.at for seen in evidence.health if seen.is_red]
    after = [at for at in reds if at >= injected_at]
    return (min(after) - injected_at).total_seconds() if after else None


def rung_first_at(devices: Iterable[SippCall]) -> dict[str, datetime]:
    """Return when a device first rang for each caller's number."""
    first: dict[str, datetime] = {}
    for call in devices:
        if at := call.at.get("rang"):
            first[call.number] = min(at, first.get(call.number, at))
    return first


def _overlaps(
    spans: Iterable[tuple[str, datetime, datetime | None]],
) -> int:
    """Count spans of one name that begin before the one before them is over."""
    by_name: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for name, begin, end in spans:
        by_name.setdefault(name, []).append((begin, end))
    return sum(
        before[1] is not None and after[0] + _CROSSING < before[1]
        for named in by_name.values()
        for before, after in itertools.pairwise(sorted(named, key=_begin))
    )


def _begin(span: tuple[datetime, datetime | None]) -> datetime:
    return span[0]


def _over_at(call: SippCall) -> datetime | None:
    ends = ("cancelled", "refused", "hung_up", "done")
    return min((call.at[end] for end in ends if end in call.at), default=None)


def _free_at(call: SippCall, left_at: datetime | None) -> datetime | None:
    """Return when a phone was free again; None for one whose switch died meanwhile.

    A phone may hear of its caller's end after it is rung for the next one.
    """
    over_at = _over_at(call)
    return None if over_at is None else _earliest(over_at, left_at)


def _ringing_until(call: SippCall) -> datetime | None:
    return _earliest(call.at.get("picked_up"), _over_at(call))


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


def _is_closed(record: CallOnRecord) -> bool:
    has_end = record.ended_at is not None and record.close_reason is not None
    return record.state == "closed" and has_end


def _is_negative(record: CallOnRecord) -> bool:
    in_order = (
        record.arrived_at,
        record.answered_at,
        record.connected_at,
        record.ended_at,
    )
    known = [at for at in in_order if at is not None]
    talks = [(begin, end) for begin, end in record.talks if end is not None]
    return known != sorted(known) or any(end < begin for begin, end in talks)


def _is_wrong(evidence: Evidence, record: CallOnRecord, caller: SippCall) -> bool:
    left_at = caller.at.get("hung_up")
    injected_at = evidence.window.injected_at
    if evidence.ends_calls and caller.at["dialled"] < injected_at:
        left_at = _earliest(left_at, injected_at)
    if record.ended_at is None or left_at is None:
        return False
    allowed_s = _RECONCILE_S if record.is_estimated else _SAME_S
    return abs((record.ended_at - left_at).total_seconds()) > allowed_s
