"""A storm's bench: who dials again, and what counts against the hotline."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.floor.load import load_floor
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.storm import (
    DANGER,
    Storm,
    StormFloor,
    StormSeen,
    redialling,
)

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
PLAN = Storm(per_s=6, for_s=10, rated_per_s=1, calm_s=4)


def a_call(
    dialled_s: float, *, status: int = 200, took_s: float = 0.1, by: str = "us"
) -> SippCall:
    at = START + timedelta(seconds=dialled_s)
    event = "answered" if status == 200 else "refused"
    return SippCall(
        sip_call_id=f"{dialled_s}",
        number=f"{13_000_000_000 + int(dialled_s * 100)}",
        at={"dialled": at, event: at + timedelta(seconds=took_s)},
        status=status,
        hung_up_by=by if status == 200 else None,
    )


def seen(**changed: tuple[SippCall, ...]) -> dict[str, float]:
    calls = {
        "talking": (a_call(0), a_call(1)),
        "calm": tuple(a_call(n) for n in range(4)),
        "storm": tuple(a_call(10 + n, status=486 if n % 2 else 200) for n in range(20)),
        "danger": (a_call(12), a_call(14)),
        "after": tuple(a_call(30 + n) for n in range(4)),
    }
    told = StormSeen(
        plan=PLAN,
        ended_at=START + timedelta(seconds=30),
        cpu_s={"engine": 1.0},
        **(calls | changed),
    )
    return {figure.name: figure.value for figure in told.figures()}


def test_each_caller_dials_so_often_with_the_others_between() -> None:
    order = [
        number for number, _ in redialling(Storm(per_s=5, for_s=6, retry_after_s=2))
    ]

    assert len(order) == 30
    assert set(Counter(order).values()) == {3}
    places = [place for place, number in enumerate(order) if number == order[0]]
    assert places == [0, 10, 20]


def test_a_storm_that_went_well_holds_every_floor() -> None:
    assert seen() == {
        "storm_talking_lost": 0,
        "storm_refused_unanswered": 1,
        "storm_refusal_max": 0.1,
        "storm_refusal_p99": 0.1,
        "storm_admitted_of_calm": 1,
        "storm_danger_served": 1,
        "storm_normal_again": 0,
    }


def test_what_goes_wrong_is_counted_against_the_hotline() -> None:
    cut_off = seen(talking=(a_call(0), a_call(1, by="them")))
    endangered = seen(danger=(a_call(12), a_call(14, status=486)))
    slow = seen(after=(a_call(31), a_call(37, took_s=4), a_call(40)))
    pending = seen(storm=(a_call(10), a_call(11, status=503, took_s=40)))

    assert cut_off["storm_talking_lost"] == 1
    assert endangered["storm_danger_served"] == 0.5
    assert slow["storm_normal_again"] == 7
    assert pending["storm_refusal_max"] == 40
    assert pending["storm_admitted_of_calm"] == 0.1


def test_its_floor_takes_its_rate_and_keeps_lines_for_danger(tmp_path: Path) -> None:
    plan = StormFloor(agents=3, danger_agents=2, rated_per_s=5)

    floor = load_floor(*plan.write(tmp_path))

    assert floor.numbers[DANGER].reserved
    assert floor.admission.overall.per_s == 6
    assert len(floor.policy.agents) == 5
