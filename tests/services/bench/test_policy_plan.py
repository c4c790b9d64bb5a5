"""Which simulations the bench of policies runs, and how it judges them."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from acd.simulation.figures import Figures, QueueFigures
from acd.simulation.scenario import Burst
from services.runtime.bench.policy.bench import reports_of
from services.runtime.bench.policy.free import checks
from services.runtime.bench.policy.judged import figures_of, saved
from services.runtime.bench.policy.kept_runs import KeptRuns, sum_of
from services.runtime.bench.policy.plan import (
    PolicyBench,
    jobs_of,
    shortened,
    with_fewer,
    without_ringing,
)
from services.runtime.simulate.policies import DEFAULT
from services.runtime.simulate.running import Job, Ran, SimulationDied, run_all
from tests.acd.simulation.small import a_scenario


def test_a_shortened_day_has_as_much_work_in_each_hour() -> None:
    whole = a_scenario()
    burst = Burst(at_s=600, length_s=300, times=12)
    whole = replace(whole, arrivals=replace(whole.arrivals, bursts=(burst,)))

    half = shortened(whole, 0.5)

    assert half.load == pytest.approx(whole.load)
    assert half.open_s == whole.open_s / 2
    assert half.arrivals.bursts[0].at_s == 300


def test_fewer_agents_are_spread_over_the_floor() -> None:
    few = with_fewer(a_scenario(12), 3)

    kept = [int(it.partition("-")[2]) for it in few.floor.agents]
    assert kept == [0, 1, 3, 4, 5, 7, 8, 9, 11]
    assert few.arrivals == a_scenario(12).arrivals


def test_without_ringing_everybody_answers_at_once() -> None:
    habits = without_ringing(a_scenario()).habits

    assert habits.ring_s == (0, 0)
    assert habits.no_answer == 0


@pytest.mark.parametrize(
    ("level", "agents"),
    [(95.0, 0.0), (92.0, 2.0), (89.0, 6.0), (80.0, 8.0)],
)
def test_agents_saved_are_found_between_two_points(level: float, agents: float) -> None:
    assert saved([(0, 94.0), (4, 90.0), (8, 88.0)], level) == pytest.approx(agents)


def _ran(job: Job) -> Ran:
    # Each policy and seed a little other, so that differences have an interval.
    more = job.seed * 0.01 + (1.0 if job.policy == "longest_idle" else 0.0)
    queue = QueueFigures(
        offered=100,
        answered=90,
        service_level=90 - more,
        asa_s=5 + more,
        p95_s=20,
        most_s=60,
        to_offer_s=1 + more,
        abandonment=3 + more,
    )
    figures = Figures(
        whole=queue,
        queues={},
        aht_s=230 + 10 * more,
        occupancy=85,
        occupancy_spread=3 + more,
        occupancy_p95_p5=9,
        calls_most=9,
        calls_least=1,
        idle_gini=0.1,
        unanswered=2,
        decision_us=50,
    )
    told_of = [it.agent_id for it in job.scenario.early]
    return Ran(
        job=job,
        figures=figures,
        answered_within=(1.0, 2.0),
        busy=dict.fromkeys(told_of, (10, 80.0)),
        calls=100,
        cpu_s=0.05,
    )


@pytest.mark.parametrize("is_short", [True, False])
def test_every_floor_of_the_bench_can_be_judged(is_short: bool) -> None:
    ran = [_ran(job) for job in jobs_of(PolicyBench(is_short=is_short, seeds=3))]

    figures = {it.name: it for it in figures_of(ran)}

    assert figures["default_aht"].value == pytest.approx(-10 / 240.2 * 100, rel=0.01)
    assert figures["default_aht"].holds is True
    assert figures["default_occupancy_spread_at_most"].value == pytest.approx(-1.0)
    assert figures["default_aht_above_oracle"].value == 0
    assert figures["service_level_burst"].value == pytest.approx(1.0)
    assert figures["early_hanger_up_rest"].value == 0
    assert figures["simulated_day_of_150000_calls"].value == pytest.approx(75.0)
    assert figures["agents_saved"].value == 8.0
    names = {it.scenario.name for it in reports_of(ran)}
    assert {"120 agents", "2,100 agents", "burst of twelve times"} <= names


def test_what_theory_says_comes_out() -> None:
    figures = {
        it.name: it for it in checks(a_scenario(calls_a_day=60), seeds=3, hours=0.5)
    }

    assert figures["idle_weight_without_bound_is_longest_idle"].value == 0
    assert figures["other_names_change_nothing"].value == 0
    assert figures["erlang_a_occupancy"].n == 3


def test_a_simulation_that_is_finished_is_not_run_again(tmp_path: Path) -> None:
    one, other = (
        Job(scenario=a_scenario(calls_a_day=60), policy=DEFAULT, seed=seed)
        for seed in (1, 2)
    )
    kept = KeptRuns(tmp_path, is_short=False)
    kept.keep(_ran(one))

    again = run_all([one, other], title="", quiet=True, finished=kept)

    assert again[0] == _ran(one)  # these figures are nobody's: it was not simulated
    assert again[1].job == other
    assert kept.find(other) == again[1]
    assert KeptRuns(tmp_path, is_short=True).find(one) is None


def test_what_other_code_came_to_is_not_taken(tmp_path: Path) -> None:
    rules = tmp_path / "acd" / "rules.py"
    rules.parent.mkdir()
    rules.write_text("NTH = 1\n")
    before = sum_of(tmp_path)

    rules.write_text("NTH = 2\n")

    assert sum_of(tmp_path) != before


def test_a_killed_simulation_says_how_far_it_came() -> None:
    class Gone:
        def find(self, job: Job) -> Ran | None:
            return None

        def keep(self, ran: Ran) -> None:
            for child in multiprocessing.active_children():
                child.kill()

    jobs = [
        Job(scenario=a_scenario(calls_a_day=calls), policy=DEFAULT, seed=1)
        for calls in (60, 20_000)
    ]

    with pytest.raises(SimulationDied, match=r"a process was killed after 1 of 2"):
        run_all(jobs, title="", quiet=True, cores=1, finished=Gone())
