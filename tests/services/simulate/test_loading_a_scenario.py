"""What a scenario file says, and every message about one that cannot be used."""

from pathlib import Path

import pytest

from acd.simulation.scenario import Burst, Change, EarlyHangUps
from acd.vocabulary.ids import AgentId, QueueId, SkillId
from services.runtime.simulate.load import ScenarioRefused, load_scenario

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "dialplans" / "scenarios"
FLOWS = ROOT / "dialplans" / "flows"

SCENARIO = """\
name: two queues
skills: {fault: Faults, bill: Bills}
queues:
  q_fault: {name: Faults, skills: [fault]}
  q_bill: {name: Bills, skills: {bill: 2}}
agents:
  f: {count: 3, skills: {fault: 4}}
  m: {count: 4, pick: {of: [fault, bill], least: 1, most: 2}, speed: 0.8}
calls:
  q_fault: {share: 3, handling_s: 200}
  q_bill: {share: 1, handling_s: 240}
arrivals:
  load: 0.5
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioRefused) as found:
        load_scenario(written(tmp_path, text), flows=FLOWS)
    return [
        str(it).replace(tmp_path.as_posix() + "/", "") for it in found.value.problems
    ]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda it: it.stem)
def test_every_shipped_scenario_can_be_used(path: Path) -> None:
    scenario = load_scenario(path, flows=FLOWS)

    assert scenario.floor.agents
    assert 0.5 < scenario.load < 1


def test_shipped_are_the_scenarios_that_count() -> None:
    assert {it.stem for it in SHIPPED.glob("*.yaml")} >= {
        *("small", "medium", "large", "scarce_skills", "burst", "cold_start"),
        *("speed_change", "early_hang_up"),
    }
    sizes = {
        it: len(load_scenario(SHIPPED / f"{it}.yaml", flows=FLOWS).floor.agents)
        for it in ("small", "medium", "large")
    }
    assert sizes == {"small": 30, "medium": 120, "large": 2100}


def test_agents_are_named_by_their_group_and_a_number(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, SCENARIO), flows=FLOWS)

    assert list(scenario.floor.agents) == ["f1", "f2", "f3", "m1", "m2", "m3", "m4"]
    assert scenario.floor.agents[AgentId("f1")].levels == {SkillId("fault"): 4}
    assert scenario.speeds == {AgentId(f"m{n}"): 0.8 for n in (1, 2, 3, 4)}


def test_drawn_skills_go_round_so_that_each_has_its_holders(tmp_path: Path) -> None:
    agents = load_scenario(written(tmp_path, SCENARIO), flows=FLOWS).floor.agents

    assert SkillId("fault") in agents[AgentId("m1")].skills
    assert SkillId("bill") in agents[AgentId("m2")].skills


def test_a_load_is_turned_into_calls(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, SCENARIO), flows=FLOWS)

    assert scenario.arrivals.calls_a_day == pytest.approx(0.5 * 7 * 8 * 3600 / 210)
    assert scenario.load == pytest.approx(0.5)


def test_times_of_day_become_seconds_since_the_opening(tmp_path: Path) -> None:
    text = SCENARIO + (
        '  bursts: [{at: "09:30", minutes: 10, times: 12, queues: [q_bill]}]\n'
        "early: [{agent: f1, share: 0.3}]\n"
        'changes: [{agent: m1, day: 2, at: "09:00", times: 1.3}]\n'
    )

    scenario = load_scenario(written(tmp_path, text), flows=FLOWS)

    queues = frozenset({QueueId("q_bill")})
    assert scenario.arrivals.bursts == (
        Burst(at_s=5400, length_s=600, times=12, queues=queues),
    )
    assert scenario.early == (EarlyHangUps(agent_id=AgentId("f1"), share=0.3),)
    assert scenario.changes == (
        Change(agent_id=AgentId("m1"), at_s=86_400 + 3600, times=1.3),
    )


def test_a_scenario_can_be_of_a_floor_file(tmp_path: Path) -> None:
    floor = (ROOT / "dialplans" / "floor.yaml").read_text(encoding="utf-8")
    (tmp_path / "floor.yaml").write_text(floor, encoding="utf-8")
    text = (
        "name: ours\nfloor: floor.yaml\ncalls: {q_fault: {handling_s: 200}}\n"
        "arrivals: {calls_a_day: 100}\n"
    )

    scenario = load_scenario(written(tmp_path, text), flows=FLOWS)

    assert AgentId("1001") in scenario.floor.agents


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "handling_s: 200",
            "handling_s: -1",
            "one.yaml:10: calls → q_fault → handling_s: input should be greater than 0,"
            " got '-1'",
        ),
        (
            "  q_bill: {share: 1",
            "  q_bil: {share: 1",
            "one.yaml:11: calls → q_bil: no queue is called 'q_bil'; did you mean"
            " 'q_bill'?",
        ),
        (
            "of: [fault, bill]",
            "of: [fault, bil]",
            "one.yaml:8: agents → m → pick → of → 1: no skill is called 'bil'; did you"
            " mean 'bill'?",
        ),
        (
            "least: 1, most: 2",
            "least: 1, most: 3",
            "one.yaml:8: agents → m → pick: goes from 1 to 3 of 2; at most 2, and not"
            " less than `least`",
        ),
        (
            "{count: 3, skills: {fault: 4}}",
            "{count: 3}",
            "one.yaml:7: agents → f: needs `skills` or `pick`, one of them",
        ),
        (
            "skills: {bill: 2}",
            "skills: {bill: 4}",
            "one.yaml:11: calls → q_bill: needs what no agent has; give the skills to"
            " somebody",
        ),
        (
            "  load: 0.5",
            "  load: 0.5\n  calls_a_day: 100",
            "one.yaml:12: arrivals: needs `load` or `calls_a_day`, one",
        ),
        (
            "  load: 0.5",
            "  load: 0.5\n  profile: [0, 0]",
            "one.yaml:14: arrivals → profile: has nothing above 0; one weight would do",
        ),
        (
            "  load: 0.5",
            "  lod: 0.5",
            "one.yaml:13: arrivals → lod: is not an option here; did you mean 'load'?",
        ),
        (
            "  load: 0.5\n",
            '  load: 0.5\n  bursts: [{at: "07:00", minutes: 5, times: 3}]\n',
            "one.yaml:14: arrivals → bursts → 0 → at: is when it is closed, got"
            " '07:00'; name an open hour",
        ),
        (
            "  load: 0.5\n",
            '  load: 0.5\nopens: "25:00"\n',
            "one.yaml:14: opens: should be a time of day as 08:30, up to 24:00, got"
            " '25:00'",
        ),
        (
            "  load: 0.5\n",
            '  load: 0.5\ncloses: "07:00"\n',
            "one.yaml:14: closes: must be later than 08:00, got '07:00'",
        ),
        (
            "  load: 0.5\n",
            "  load: 0.5\nearly: [{agent: f9, share: 0.3}]\n",
            "one.yaml:14: early → 0 → agent: no agent is called 'f9'; there is 'f1',"
            " 'f2', 'f3', 'm1', 'm2', 'm3', 'm4'",
        ),
        (
            "  load: 0.5\n",
            "  load: 0.5\npeople: {ring_s: [6, 2]}\n",
            "one.yaml:14: people → ring_s: goes from less to more, got [6.0, 2.0]",
        ),
        (
            "  load: 0.5\n",
            "  load: 0.5\nfloor: other.yaml\n",
            "one.yaml:2: skills: are those of 'other.yaml'; delete them or `floor`",
        ),
        (
            "  load: 0.5\n",
            "  load: 0.5\nchoice: {rule: longest_idle, clamp: 0.1}\n",
            "one.yaml:14: choice → clamp: is an option of `blend`, the rule is"
            " 'longest_idle'; delete it",
        ),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    assert before in SCENARIO

    assert message in refused(tmp_path, SCENARIO.replace(before, after, 1))
