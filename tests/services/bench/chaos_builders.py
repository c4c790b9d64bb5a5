"""Made-up evidence for tests of the lab's own sums."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.evidence import (
    CallOnRecord,
    Evidence,
    Footprint,
    Group,
    HealthSeen,
    Window,
)
from services.runtime.bench.chaos.sound import Heard

BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
CALM = Footprint(rss_kb=100_000, descriptors=20, threads=8, channels=0)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


WINDOW = Window(began_at=at(9), injected_at=at(10), repaired_at=at(17), ended_at=at(20))


def caller(number: str, by: str | None = "us", **times: float) -> SippCall:
    """Make a caller's call; without times it is one that talked to its own end."""
    known = times or {"dialled": 0.0, "answered": 0.1, "hung_up": 30.0}
    return SippCall(
        sip_call_id=f"{number}@sipp",
        number=number,
        at={name: at(s) for name, s in known.items()},
        status=200 if "answered" in known else None,
        hung_up_by=by if "hung_up" in known else None,
    )


def device(number: str, name: str = "dev-1001", **times: float) -> SippCall:
    """Make a device's call."""
    return SippCall(
        sip_call_id=f"{number}-{times['rang']}@switch",
        number=number,
        device=name,
        at={event: at(s) for event, s in times.items()},
    )


def record(number: str, **values: object) -> CallOnRecord:
    """Make the record of a call that ended as ``caller`` makes them."""
    known: dict[str, object] = {
        "state": "closed",
        "close_reason": "completed",
        "arrived_at": at(0.05),
        "answered_at": at(0.1),
        "ended_at": at(30.0),
    }
    return CallOnRecord(number=number, **(known | values))  # type: ignore[arg-type]


def heard(
    port: int, *gaps: tuple[float, float], sort: str = "talking", until: float = 30.0
) -> Heard:
    """Make what a port heard from the first second on."""
    return Heard(
        sort=sort,
        port=port,
        packets=1000,
        first_at=at(1),
        last_at=at(until),
        audible_at=at(1.02),
        gaps=tuple((at(begin), at(end)) for begin, end in gaps),
    )


def seen(seconds: float, *, is_red: bool) -> HealthSeen:
    return HealthSeen(at=at(seconds), is_red=is_red, cause="engine" if is_red else "")


def evidence(
    callers: dict[Group, Sequence[SippCall]],
    records: Sequence[CallOnRecord] | None = None,
    **more: object,
) -> Evidence:
    """Make one round; without records there is a right one of each caller."""
    calls = {group: tuple(some) for group, some in callers.items()}
    found = records
    if found is None:
        found = [record(call.number) for some in calls.values() for call in some]
    known: dict[str, object] = {"devices": (), "before": CALM, "after": CALM}
    return Evidence(
        window=WINDOW,
        callers=calls,
        records=tuple(found),
        **(known | more),  # type: ignore[arg-type]
    )
