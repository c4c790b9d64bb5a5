"""What the lab makes of its counts: figures, bounds, seconds, a card and a page."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from services.runtime.bench.chaos import card_md, scoring
from services.runtime.bench.chaos.bounds import at_most_share
from services.runtime.bench.chaos.config_faults import bad_folders
from services.runtime.bench.chaos.engine_faults import nothing
from services.runtime.bench.chaos.fault import Fault, Limit
from services.runtime.bench.chaos.lab import ChaosBench, card
from services.runtime.bench.chaos.page import drawn
from services.runtime.bench.chaos.soak import Look, slopes
from services.runtime.bench.figures import Figure
from services.runtime.bench.kept import Kept
from tests.services.bench.chaos_builders import (
    CALM,
    at,
    caller,
    evidence,
    heard,
    record,
)

FAULT = Fault(
    fault_id="F-00",
    title="nothing",
    strike=nothing,
    limits={"adopted_s": Limit(floor=5, goal=2)},
    enough_talking=3,
)


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name.removeprefix("F-00 "): figure for figure in figures}


def test_one_that_is_lost_is_enough_and_none_of_few_proves_nothing() -> None:
    few = scoring.none_lost("talks lost", 0, 10, enough=100)
    one = scoring.none_lost("talks lost", 1, 10, enough=100)
    many = scoring.none_lost("talks lost", 0, 100, enough=100)

    assert (few.holds, one.holds, many.holds) == (None, False, True)


@pytest.mark.parametrize(
    ("failures", "trials", "share"),
    [(0, 1000, 0.00299), (0, 20, 0.13911), (1, 100, 0.04656), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_the_bound_is_the_textbooks(failures: int, trials: int, share: float) -> None:
    assert at_most_share(failures, trials) == pytest.approx(share, abs=1e-4)


def test_rounds_are_summed_and_the_worst_measure_counts() -> None:
    lost = caller("1", "them", dialled=0, answered=0.1, hung_up=12)
    first = evidence(
        {"talking": [lost]}, [record("1", ended_at=at(12))], marks={"adopted_s": 1.0}
    )
    second = evidence({"talking": [caller("2")]}, marks={"adopted_s": 6.0})

    found = by_name(scoring.figures(FAULT, [first, second]))

    assert (found["I-1 talks lost"].value, found["I-1 talks lost"].n) == (1, 2)
    assert found["adopted"].value == 6.0
    assert found["adopted"].holds is False


def test_what_a_fault_may_break_is_told_and_not_judged() -> None:
    lost = caller("1", "them", dialled=0, answered=0.1, hung_up=12)
    told = evidence({"talking": [lost]}, [record("1", ended_at=at(12))])
    fault = Fault(fault_id="F-00", title="", strike=nothing, exempt=frozenset({"I-1"}))

    found = by_name(scoring.figures(fault, [told]))

    assert found["I-1 talks lost"].value == 1
    assert found["I-1 talks lost"].holds is None


def test_a_gap_is_what_it_is_above_the_control_runs() -> None:
    control = evidence({}, heard=(heard(41, (12, 12.06)),))
    told = evidence({}, heard=(heard(41, (12, 12.2)), heard(42, (30, 31))))

    found = by_name(scoring.figures(FAULT, [told], [control]))

    assert found["talk gap above control"].value == pytest.approx(140)
    assert found["talk gap above control"].holds is False
    assert (
        by_name(scoring.figures(FAULT, [told]))["talk gap above control"].holds is None
    )


def test_a_leg_that_began_in_the_window_has_no_gap_of_before() -> None:
    was_there = evidence({}, heard=(heard(41),))
    came_late = evidence({}, heard=(replace(heard(41), first_at=at(9.5)),))

    assert scoring.gaps_ms(was_there, ("talking",)) == [20.0]
    assert scoring.gaps_ms(was_there, ("listening",)) == []
    assert scoring.gaps_ms(came_late, ("talking",)) == []


def test_seconds_not_served_are_counted_once_where_they_overlap() -> None:
    unserved = [
        caller(n, None, dialled=s) for n, s in (("1", 10.0), ("2", 10.5), ("3", 16.0))
    ]
    told = evidence(
        {"new": unserved}, [], heard=(heard(41, (10.5, 14.5)), heard(42, (11, 13)))
    )

    # 10 to 11 by new calls, 10.5 to 14.5 by a silence over 3 s, 16 to 16.5.
    assert scoring.unserved_s(FAULT, told) == pytest.approx(5.0)


def result_of(fault: str = "F-00") -> dict[str, Any]:
    figures = scoring.figures(FAULT, [evidence({"talking": [caller("1")]})])
    return {
        "fault": fault,
        "title": "no <fault>",
        "note": "",
        "rounds": 1,
        "took_s": 1.0,
        "figures": [figure.as_json() for figure in figures],
        "unserved_s": 2.5,
        "problems": [],
        "new_calls": [(0.5, 0.1), (1.0, None)],
        "gaps_ms": {"talk": [20.0]},
    }


def test_a_card_has_the_contracts_names_and_a_page_stands_by_itself() -> None:
    machine = {"cores": 2, "memory_mb": 1}

    told = card(ChaosBench(is_short=True), [result_of()], machine)
    page = drawn(told)

    assert told["bench"] == "chaos"
    total = json.loads(json.dumps(told))["figures"][-1]
    assert (total["value"], total["holds"]) == (2.5, True)
    assert "no &lt;fault&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<svg") == 2


def test_what_was_found_by_another_plan_is_not_taken(tmp_path: Path) -> None:
    kept = Kept(folder=tmp_path / "state", plan={"talking": 20})
    kept.keep("F-05", {"figures": []})

    assert kept.find("F-05") == {"figures": []}
    assert kept.find("F-07") is None
    assert Kept(folder=tmp_path / "state", plan={"talking": 100}).find("F-05") is None
    kept.forget()
    assert kept.find("F-05") is None


def test_what_grows_only_at_first_does_not_grow() -> None:
    def looks(*rss_mb: float) -> list[Look]:
        held = [replace(CALM, rss_kb=int(mb * 1024)) for mb in rss_mb]
        return [Look(at_s=60.0 * n, held=one) for n, one in enumerate(held)]

    warming = next(slopes(looks(100, 130, 150, 150, 150, 150)))
    leaking = next(slopes(looks(150, 150, 150, 153, 156, 159)))

    assert warming.value == pytest.approx(0)
    assert leaking.value == pytest.approx(100 * 180 / 154.5)
    assert warming.holds is None  # too few looks to say


def test_descriptors_that_come_and_go_with_calls_do_not_grow() -> None:
    held = [replace(CALM, descriptors=20 + n % 3) for n in range(30)]
    looks = [Look(at_s=5.0 * n, held=one) for n, one in enumerate(held)]

    found = {figure.name: figure.value for figure in slopes(looks)}

    assert found["engine's descriptors grow"] == 0


def test_every_kind_of_bad_configuration_is_another(tmp_path: Path) -> None:
    folders = list(bad_folders(tmp_path))

    assert len(folders) >= 50
    assert len({what for what, _ in folders}) == len(folders)


def test_a_card_sums_what_is_wrong_with_records_over_all_faults() -> None:
    results = [result_of("F-01"), result_of("F-02")]
    missing = next(
        figure
        for figure in results[1]["figures"]
        if figure["name"].endswith("records missing")
    )
    missing["value"] = 3

    told: Any = card(ChaosBench(is_short=True), results, {})

    sums = {figure["name"]: figure for figure in told["sums"]}
    of_all = sums["records missing, all faults"]
    assert (of_all["value"], of_all["n"], of_all["holds"]) == (3, 2, False)
    assert sums["records extra, all faults"]["holds"] is True


def test_a_card_can_be_read_in_a_repository_with_its_chart_beside_it() -> None:
    result = result_of() | {"problems": ["BenchFailed: a | b"]}
    told = card(ChaosBench(is_short=True), [result], {"cores": 2, "memory_mb": 1})

    text, picture = card_md.written(told, "chaos.svg"), card_md.chart(told)

    assert "![seconds not served, by fault](chaos.svg)" in text
    assert "| F-00 | I-4 agents offered two | 0 times | 0 | 0 |" in text
    assert "| F-00 | BenchFailed: a / b | | | | | **could not be done** |" in text
    assert ElementTree.fromstring(picture).tag.endswith("svg")  # noqa: S314 - our own
