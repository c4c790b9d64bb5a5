"""What the floor file says, and every message about one that cannot be used."""

from pathlib import Path

import pytest

from acd.choices import Blend, CMu, LongestIdle
from acd.policy import Rona, RonaRule, Step, Target
from acd.vocabulary.ids import AgentId, Place, QueueId, SkillId
from ivr.load import load_set
from ivr.steps import QueueStep
from services.floor.admission import Bucket
from services.floor.load import FloorRefused, load_floor, load_text

ROOT = Path(__file__).parents[3]

FLOW = """\
name: main
language: zh
entry: person
person: person
steps:
  person:
    queue: q_fault
    skills: [pq]
"""

FLOOR = """\
province: YJ
unit: YZ
numbers:
  6000: {name: 热线, flow: main}
skills:
  fault: 故障
  pq: 质量
queues:
  q_fault:
    name: 故障报修
    skills: [fault]
    ring_s: 10
agents:
  1001: {name: 王芳, skills: [fault, pq]}
  1002: {name: 李强, province: HL, device: phone-2}
"""


def written(tmp_path: Path, floor: str, flow: str) -> tuple[Path, Path]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(flow, encoding="utf-8")
    (tmp_path / "floor.yaml").write_text(floor, encoding="utf-8")
    return tmp_path / "floor.yaml", tmp_path / "flows"


def refusal(tmp_path: Path, floor: str, flow: str = FLOW) -> list[str]:
    with pytest.raises(FloorRefused) as caught:
        load_floor(*written(tmp_path, floor, flow))
    return str(caught.value).replace(f"{tmp_path.as_posix()}/", "").splitlines()


def test_a_floor_is_read_with_its_defaults(tmp_path: Path) -> None:
    floor = load_floor(*written(tmp_path, FLOOR, FLOW))

    assert floor.numbers["6000"].flow == "main"
    assert floor.numbers["6000"].place == Place(province="YJ", unit="YZ")
    queue = floor.policy.queues[QueueId("q_fault")]
    assert (queue.ring_s, queue.wrap_up_s) == (10, 30)
    assert queue.skills == frozenset({SkillId("fault")})
    alice = floor.policy.agents[AgentId("1001")]
    assert alice.device_id == "dev-1001"
    assert sorted(alice.skills) == ["fault", "pq"]
    bob = floor.policy.agents[AgentId("1002")]
    assert (bob.device_id, bob.place) == ("phone-2", Place(province="HL", unit="-"))
    assert set(floor.flows) == {"main"}


def test_the_floor_that_comes_with_the_house_is_right() -> None:
    floor = load_floor(ROOT / "dialplans/floor.yaml", ROOT / "dialplans/flows")

    assert list(floor.numbers) == ["6000", "6001", "6002", "6003", "6010", "6020"]
    assert len(floor.policy.agents) == 12


def test_every_queue_a_flow_names_has_an_agent_who_can_take_its_calls() -> None:
    floor = load_floor(ROOT / "dialplans/floor.yaml", ROOT / "dialplans/flows")

    for flow in floor.flows.values():
        for name, step in flow.steps.items():
            if isinstance(step, QueueStep):
                queue = floor.policy.queues[QueueId(step.queue)]
                needed = queue.skills | set(step.skills)
                able = [a for a in floor.policy.agents.values() if needed <= a.skills]
                assert able, (flow.name, name)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "flow: main",
            "flow: mian",
            "floor.yaml:4: numbers → 6000 → flow: no flow is called 'mian'; "
            "did you mean 'main'?",
        ),
        (
            "skills: [fault]",
            "skills: [fualt]",
            "floor.yaml:11: queues → q_fault → skills → 0: no skill is called 'fualt'; "
            "did you mean 'fault'?",
        ),
        (
            "skills: [fault, pq]",
            "skills: [fault, xyzzy]",
            "floor.yaml:14: agents → 1001 → skills → 1: no skill is called 'xyzzy'; "
            "there is 'fault', 'pq'",
        ),
        (
            "device: phone-2",
            "device: dev-1001",
            "floor.yaml:15: agents → 1002 → device: 'dev-1001' is the device of agent "
            "'1001'; name another",
        ),
        (
            "  1002:",
            "  1001:",
            "floor.yaml:15: agents → 1001: written twice, first at line 14; delete one",
        ),
        (
            "ring_s: 10",
            "ring_s: 900",
            "floor.yaml:12: queues → q_fault → ring_s: input should be less than or "
            "equal to 120, got '900'",
        ),
        (
            "ring_s: 10",
            "wrap_up: 10",
            "floor.yaml:12: queues → q_fault → wrap_up: is not an option here; "
            "did you mean 'wrap_up_s'?",
        ),
        (
            "name: 王芳",
            'name: "王\\r\\nAction: x"',
            "floor.yaml:14: agents → 1001 → name: should be 1 to 80 characters of one "
            "line, got '王\\r\\nAction: x'",
        ),
        (
            "  1001:",
            "  10,01:",
            "floor.yaml:14: agents → 10,01: should be letters, digits, _ and -, "
            "at most 40 long, got '10,01'",
        ),
        (
            "  6000:",
            "  6000a:",
            "floor.yaml:4: numbers → 6000a: should be a number of 0 to 9, +, * and #, "
            "at most 20 long, got '6000a'",
        ),
        (
            "province: YJ",
            "province: Y/J",
            "floor.yaml:1: province: should be a code of letters and digits, at most "
            "12 long, or '-' for all of it, got 'Y/J'",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in FLOOR

    assert refusal(tmp_path, FLOOR.replace(right, wrong, 1)) == [message]


def test_a_flow_that_names_an_unknown_queue_or_skill_is_refused(tmp_path: Path) -> None:
    flow = FLOW.replace("q_fault", "q_falt").replace("[pq]", "[pq, pk]")

    assert refusal(tmp_path, FLOOR, flow) == [
        "flows/main.yaml:7: steps → person → queue: no queue is called 'q_falt'; "
        "did you mean 'q_fault'?",
        "flows/main.yaml:8: steps → person → skills → 1: no skill is called 'pk'; "
        "there is 'fault', 'pq'",
    ]


def test_problems_of_flows_and_floor_come_together(tmp_path: Path) -> None:
    found = refusal(tmp_path, "agents: {}\n", "a: [\n")

    assert [line.split(":")[0] for line in found] == [
        *["floor.yaml"] * 4,
        "flows/main.yaml",
    ]


def test_a_missing_floor_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FloorRefused) as caught:
        load_floor(tmp_path / "floor.yaml", tmp_path / "flows")

    assert str(caught.value).replace(f"{tmp_path.as_posix()}/", "") == (
        "floor.yaml: cannot be read: No such file or directory; is the path right?\n"
        "flows: cannot be read: No such file or directory; "
        "flows are files *.yaml in it"
    )


def test_what_is_taken_of_calls_is_read(tmp_path: Path) -> None:
    limits = "admission: {calls: 50, per_s: 5, burst: 10, caller_per_min: 6}\n"
    lines = FLOOR.replace("flow: main}", "flow: main, reserved: 4}")
    floor = load_floor(*written(tmp_path, lines + limits, FLOW))

    assert floor.numbers["6000"].reserved == 4
    assert floor.admission.calls == 50
    assert floor.admission.overall == Bucket(per_s=5, burst=10)
    assert floor.admission.caller.per_s == 0.1


def test_all_lines_cannot_be_reserved(tmp_path: Path) -> None:
    lines = FLOOR.replace("flow: main}", "flow: main, reserved: 50}")

    assert refusal(tmp_path, lines + "admission:\n  calls: 50\n") == [
        "floor.yaml:17: admission → calls: must be more than the 50 lines that "
        "numbers reserve, got 50"
    ]


def test_an_unknown_limit_of_calls_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, FLOOR + "admission: {burts: 3}\n") == [
        "floor.yaml:16: admission → burts: is not an option here; did you mean 'burst'?"
    ]


ROUTED = FLOOR.replace(
    "    skills: [fault]\n    ring_s: 10\n",
    """    skills: {fault: 4}
    region: unit
    priority: 60
    ageing_s: 2
    floor_s: 180
    target: {share: 0.95, within_s: 10}
    steps:
      - {after_s: 20, skills: {fault: 3}}
      - {after_s: 30, region: any}
      - {after_s: 60, queue: q_help}
      - {after_s: 90, agents: ['1002']}
  q_help: {name: help, skills: [pq], choice: longest_idle, kind: talk}
""",
).replace(
    "agents:\n",
    "choice: {rule: blend, idle_weight: 3}\norder: {rule: cmu, guard_s: 60}\n"
    "rona: {no_answer: {limit: 3, window_s: 60, penalty_s: 30}}\nagents:\n",
)


def test_levels_steps_and_rules_are_read_as_values(tmp_path: Path) -> None:
    policy = load_floor(*written(tmp_path, ROUTED, FLOW)).policy

    fault, pq = SkillId("fault"), SkillId("pq")
    queue = policy.queues[QueueId("q_fault")]
    assert queue.steps == (
        Step(needs={fault: 4}, region="unit", for_s=20),
        Step(needs={fault: 3}, region="unit", for_s=10),
        Step(needs={fault: 4}, region="any", for_s=30),
        Step(needs={pq: 1}, region="unit", for_s=30),
        Step(needs={}, region="unit", agents=frozenset({AgentId("1002")})),
    )
    assert (queue.priority, queue.ageing_s, queue.floor_s) == (60, 2, 180)
    assert (queue.target, queue.kind) == (Target(share=0.95, within_s=10), "q_fault")
    assert queue.choice == Blend(idle_weight=3)
    other = policy.queues[QueueId("q_help")]
    assert (other.choice, other.kind) == (LongestIdle(), "talk")
    assert policy.order == CMu(guard_s=60)
    rule = RonaRule(limit=3, window_s=60, penalty_s=30)
    assert policy.rona == Rona(no_answer=rule)


def test_a_skill_without_a_level_is_of_the_plain_one_and_any_will_do(
    tmp_path: Path,
) -> None:
    policy = load_floor(*written(tmp_path, FLOOR, FLOW)).policy

    fault, pq = SkillId("fault"), SkillId("pq")
    assert policy.agents[AgentId("1001")].levels == {fault: 3, pq: 3}
    assert policy.queues[QueueId("q_fault")].steps == (Step(needs={fault: 1}),)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "{fault: 4}",
            "{fault: 6}",
            "floor.yaml:11: queues → q_fault → skills → fault: input should be less "
            "than or equal to 5, got '6'",
        ),
        (
            "skills: {fault: 3}",
            "skills: {fualt: 3}",
            "floor.yaml:18: queues → q_fault → steps → 0 → skills → fualt: no skill is "
            "called 'fualt'; did you mean 'fault'?",
        ),
        (
            "after_s: 30",
            "after_s: 20",
            "floor.yaml:19: queues → q_fault → steps → 1 → after_s: must be more than "
            "the 20 s before it, got 20",
        ),
        (
            "queue: q_help",
            "queue: q_halp",
            "floor.yaml:20: queues → q_fault → steps → 2 → queue: no queue is called "
            "'q_halp'; did you mean 'q_help'?",
        ),
        (
            "agents: ['1002']",
            "agents: ['1003']",
            "floor.yaml:21: queues → q_fault → steps → 3 → agents → 0: no agent is "
            "called '1003'; did you mean '1002'?",
        ),
        (
            "kind: talk",
            "steps: [{after_s: 9, queue: q_fault}]",
            "floor.yaml:17: queues → q_fault → steps: overflows in a circle, "
            "q_fault → q_help → q_fault; break it",
        ),
        (
            "choice: longest_idle",
            "choice: {rule: longest_idle, clamp: 0.1}",
            "floor.yaml:22: queues → q_help → choice → clamp: is an option of `blend`, "
            "the rule is 'longest_idle'; delete it",
        ),
        (
            "idle_weight",
            "idle_wait",
            "floor.yaml:23: choice → idle_wait: is not an option here; "
            "did you mean 'idle_weight'?",
        ),
        (
            "{rule: cmu, guard_s: 60}",
            "{rule: fixed_ratio}",
            "floor.yaml:24: order → shares: are what `fixed_ratio` is of, "
            "and no other rule",
        ),
    ],
)
def test_what_cannot_be_routed_by_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert ROUTED.count(right) == 1
    assert refusal(tmp_path, ROUTED.replace(right, wrong)) == [message]


def test_two_queues_of_one_name_are_refused(tmp_path: Path) -> None:
    alike = FLOOR.replace(
        "agents:\n", "  q_pq: {name: ' 故障报修', skills: [pq]}\nagents:\n"
    )

    assert refusal(tmp_path, alike) == [
        "floor.yaml:13: queues → q_pq → name: ' 故障报修' is the name of queue "
        "'q_fault'; name it otherwise"
    ]


def test_a_queue_whose_callers_nobody_could_ever_take_is_refused(
    tmp_path: Path,
) -> None:
    floor = FLOOR.replace(
        "agents:\n",
        "  q_pq:\n    name: quality\n    skills: {pq: 5}\n"
        "    steps: [{after_s: 9, skills: {pq: 4}}, {after_s: 20, agents: ['1002'], "
        "skills: {pq: 1}}]\nagents:\n",
    )

    assert refusal(tmp_path, floor) == [
        "floor.yaml:15: queues → q_pq → skills: nobody could ever take its calls, "
        "they need pq 5, or pq 4, or pq 1 of 1002; give an agent the level, or ask "
        "for less"
    ]


def test_a_queue_that_a_later_step_can_serve_is_taken(tmp_path: Path) -> None:
    floor = FLOOR.replace(
        "agents:\n",
        "  q_pq:\n    name: quality\n    skills: {pq: 5}\n"
        "    steps: [{after_s: 9, skills: {pq: 3}}]\nagents:\n",
    )

    assert load_floor(*written(tmp_path, floor, FLOW)).policy.queues


def test_a_flow_that_asks_of_a_queue_what_nobody_of_it_can_is_refused(
    tmp_path: Path,
) -> None:
    floor = FLOOR.replace("[fault, pq]", "[fault]")

    assert refusal(tmp_path, floor) == [
        "flows/main.yaml:8: steps → person → skills: nobody could ever take its calls, "
        "they need pq 1 and fault 1; give an agent the level, or ask for less"
    ]


def test_a_floor_without_any_agent_is_being_set_up(tmp_path: Path) -> None:
    begin = FLOOR.index("agents:")
    floor = FLOOR[:begin] + "agents: {}\n"

    assert load_floor(*written(tmp_path, floor, FLOW)).policy.agents == {}


def test_a_text_that_is_no_file_is_named_as_it_is_called(tmp_path: Path) -> None:
    _, flows = written(tmp_path, FLOOR, FLOW)

    with pytest.raises(FloorRefused) as caught:
        load_text(
            FLOOR.replace("YJ", "Y?J"),
            lambda: load_set(flows),
            file="floor version 7",
        )

    assert str(caught.value).startswith("floor version 7:1: province: should be a code")


def test_a_floor_of_thousands_of_agents_is_read(tmp_path: Path) -> None:
    more = "".join(
        f"  {n}: {{name: A{n}, skills: {{fault: 3, pq: 2}}}}\n"
        for n in range(2000, 4100)
    )

    floor = load_floor(*written(tmp_path, FLOOR + more, FLOW))

    assert len(floor.policy.agents) == 2102
