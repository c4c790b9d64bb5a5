"""Figures of a fault: what its rounds came to, beside the control run's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.runtime.bench.chaos import invariants
from services.runtime.bench.chaos.bounds import at_most_share
from services.runtime.bench.chaos.evidence import Evidence
from services.runtime.bench.chaos.fault import Fault
from services.runtime.bench.chaos.invariants import SOUND_WITHIN_S, Count
from services.runtime.bench.figures import Figure, percentile

GAP_FLOOR_MS, GAP_GOAL_MS = 100.0, 40.0
_ENOUGH = 20
"""Below so many trials nothing is said of a count that is 0."""
_NEW_EVERY = timedelta(seconds=0.5)
EARS: Mapping[str, Sequence[str]] = {
    "talk": ("talking", "devices"),
    "wait": ("listening",),
}
"""Which probes tell of whom."""


def figures(
    fault: Fault, rounds: Sequence[Evidence], control: Sequence[Evidence] = ()
) -> list[Figure]:
    """Return every figure of a fault; names begin with its id.

    Args:
        fault: What was done.
        rounds: What was witnessed, at least once.
        control: The same scene without the fault; without it there is no figure of
            what the fault adds.
    """
    found = [
        *_counted(fault, rounds),
        *_gaps(fault, rounds, control),
        *_new_calls(fault, rounds),
        *_marks(fault, rounds),
        *_seen(fault, rounds),
        *_unserved(fault, rounds),
    ]
    return [replace(figure, name=f"{fault.fault_id} {figure.name}") for figure in found]


def summed(rounds: Sequence[Evidence]) -> list[Count]:
    """Return each invariant's counts over all rounds."""
    totals: dict[tuple[str, str], Count] = {}
    for evidence in rounds:
        for count in invariants.counts(evidence):
            key = (count.invariant, count.name)
            before = totals.get(key)
            totals[key] = (
                count
                if before is None
                else replace(
                    count, found=before.found + count.found, of=before.of + count.of
                )
            )
    return list(totals.values())


def _counted(fault: Fault, rounds: Sequence[Evidence]) -> Iterator[Figure]:
    enough = {"I-1": fault.enough_talking, "I-2": fault.enough_waiting}
    enough |= {"I-3": fault.enough_waiting, "I-8": 1, "I-9": 1}
    for count in summed(rounds):
        is_exempt = count.invariant in fault.exempt
        yield none_lost(
            f"{count.invariant} {count.name}",
            count.found,
            count.of,
            enough=enough.get(count.invariant, _ENOUGH),
            is_promised=not is_exempt,
        )


def none_lost(
    name: str, found: int, of: int, *, enough: int, is_promised: bool = True
) -> Figure:
    """Return the figure of something that must not happen once.

    One that did is enough to say that it does not hold; that none did says little of
    few trials.
    """
    more = {"share_at_most_95": round(at_most_share(min(found, of), of), 5)}
    return Figure(
        name=name,
        value=found,
        unit="times",
        n=of,
        floor=0 if is_promised else None,
        goal=0 if is_promised else None,
        enough=0 if found else enough,
        more=more if of > 1 else {},
    )


def _gaps(
    fault: Fault, rounds: Sequence[Evidence], control: Sequence[Evidence]
) -> Iterator[Figure]:
    for name, invariant in (("talk", "I-1"), ("wait", "I-2")):
        sorts = EARS[name]
        calm = [gap for evidence in control for gap in gaps_ms(evidence, sorts)]
        found = [gap for evidence in rounds for gap in gaps_ms(evidence, sorts)]
        if not found:
            continue
        worst, calmest = max(found), max(calm, default=0.0)
        is_judged = bool(calm) and invariant not in fault.exempt
        floor_ms = GAP_FLOOR_MS if name == "talk" else SOUND_WITHIN_S * 1000
        yield Figure(
            name=f"{name} gap above control",
            value=max(0.0, worst - calmest),
            unit="ms",
            n=len(found),
            floor=floor_ms if is_judged else None,
            goal=GAP_GOAL_MS if is_judged and name == "talk" else None,
            more={
                "longest_ms": round(worst, 1),
                "control_ms": round(calmest, 1),
                "p99_ms": round(percentile(found, 99), 1),
            },
        )


def gaps_ms(evidence: Evidence, sorts: Sequence[str]) -> list[float]:
    """Return the longest gap of each leg of these sorts that was there at the start."""
    window = evidence.window
    return [
        heard.longest_gap_ms(window.began_at, window.ended_at)
        for heard in evidence.heard
        if heard.sort in sorts and heard.first_at < window.began_at
    ]


def _new_calls(fault: Fault, rounds: Sequence[Evidence]) -> Iterator[Figure]:
    pairs = [(evidence, call) for evidence in rounds for call in evidence.of("new")]
    after_s = [
        invariants.sound_after_s(evidence, call) or 2 * fault.sound_within_s
        for evidence, call in pairs
    ]
    if after_s:
        yield Figure(
            name="new call's first sound p99",
            value=percentile(after_s, 99),
            unit="s",
            n=len(after_s),
            floor=fault.sound_within_s if "I-10" not in fault.exempt else None,
            goal=fault.sound_goal_s if "I-10" not in fault.exempt else None,
            enough=_ENOUGH,
            more={"p50_s": round(percentile(after_s, 50), 3)},
        )


def _marks(fault: Fault, rounds: Sequence[Evidence]) -> Iterator[Figure]:
    names = dict.fromkeys(name for evidence in rounds for name in evidence.marks)
    for name in names:
        values = [e.marks[name] for e in rounds if name in e.marks]
        limit = fault.limits.get(name)
        unit = name.rpartition("_")[2]
        yield Figure(
            name=name.removesuffix(f"_{unit}").replace("_", " "),
            value=max(values),
            unit=limit.unit if limit else unit,
            n=len(values),
            floor=limit.floor if limit else None,
            goal=limit.goal if limit else None,
            more={"p50": round(percentile(values, 50), 3)},
        )


def _seen(fault: Fault, rounds: Sequence[Evidence]) -> Iterator[Figure]:
    after_s = [s for e in rounds if (s := invariants.seen_after_s(e)) is not None]
    if after_s and "I-9" not in fault.exempt:
        yield Figure(
            name="seen as red after",
            value=max(after_s),
            unit="s",
            n=len(after_s),
            floor=invariants.RED_WITHIN_S,
        )


def _unserved(fault: Fault, rounds: Sequence[Evidence]) -> Iterator[Figure]:
    yield Figure(
        name="not served",
        value=max(unserved_s(fault, evidence) for evidence in rounds),
        unit="s",
        n=len(rounds),
        more={"of": "the worst round"},
    )


def unserved_s(fault: Fault, evidence: Evidence) -> float:
    """Return for how many seconds somebody was not served.

    A new call that was not answered with sound within 3 s stands for the half second
    until the next one; who talks or waits, for each silence longer than 3 s.
    """
    spans = [
        *_new_unserved(fault, evidence),
        *_silences(fault, evidence),
    ]
    total, until = (
        timedelta(),
        datetime.min.replace(tzinfo=evidence.window.began_at.tzinfo),
    )
    for begin, end in sorted(spans):
        total += max(timedelta(), end - max(begin, until))
        until = max(until, end)
    return total.total_seconds()


def _new_unserved(
    fault: Fault, evidence: Evidence
) -> Iterator[tuple[datetime, datetime]]:
    if "new" not in fault.unserved_from:
        return
    for call in evidence.of("new"):
        if not invariants.is_served(evidence, call):
            yield call.at["dialled"], call.at["dialled"] + _NEW_EVERY


def _silences(fault: Fault, evidence: Evidence) -> Iterator[tuple[datetime, datetime]]:
    sorts = {"talking": "talking", "devices": "talking", "listening": "waiting"}
    window = evidence.window
    for heard in evidence.heard:
        who = sorts.get(heard.sort, "")
        if who not in fault.unserved_from or heard.first_at >= window.began_at:
            continue
        for begin, end in heard.silences(window.injected_at, window.ended_at):
            if (end - begin).total_seconds() > SOUND_WITHIN_S:
                yield begin, end


def new_call_rows(evidence: Evidence) -> list[tuple[float, float | None]]:
    """Return of each new call when it dialled, from the fault on, and its wait."""
    injected_at = evidence.window.injected_at
    return [
        (
            round((call.at["dialled"] - injected_at).total_seconds(), 2),
            None
            if (after_s := invariants.sound_after_s(evidence, call)) is None
            else round(after_s, 3),
        )
        for call in evidence.of("new")
    ]
