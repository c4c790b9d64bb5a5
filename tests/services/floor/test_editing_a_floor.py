"""One change to a floor's text: what it is not about stays letter by letter."""

import pytest

from services.floor.edit import edited

FLOOR = """\
# The floor of the tests.
province: YJ
unit: "-"

numbers:
  6000: {name: 热线, flow: main}   # the main one
skills:
  fault: 故障
  bill: 电费
queues:
  q_fault: {name: 故障报修, skills: [fault], ring_s: 10}
agents:
  # Those who know most.
  1001: {name: 王芳, skills: [fault, bill]}
  1002:
    name: 李强
    skills: {fault: 2}   # learns
"""


def test_a_level_is_changed_and_nothing_else() -> None:
    after = edited(FLOOR, {"agents": {"1002": {"skills": {"fault": 4}}}})

    assert after == FLOOR.replace("{fault: 2}", "{fault: 4}")


def test_a_list_of_skills_becomes_levels_where_one_is_given() -> None:
    after = edited(FLOOR, {"agents": {"1001": {"skills": {"fault": 5}}}})

    assert after == FLOOR.replace("[fault, bill]", "{fault: 5, bill: 3}")


def test_what_is_null_is_taken_out() -> None:
    change = {"agents": {"1001": None, "1002": {"skills": {"fault": None, "bill": 1}}}}

    after = edited(FLOOR, change)

    assert "王芳" not in after
    assert "skills: {bill: 1}" in after
    assert "q_fault: {name: 故障报修, skills: [fault], ring_s: 10}" in after


def test_a_queue_gets_an_option_that_it_did_not_have() -> None:
    after = edited(FLOOR, {"queues": {"q_fault": {"priority": 40}}})

    assert after == FLOOR.replace("ring_s: 10}", "ring_s: 10, priority: 40}")


def test_somebody_new_is_added() -> None:
    new = {"name": "张敏", "skills": {"bill": 3}}

    after = edited(FLOOR, {"agents": {"1003": new}})

    assert after.startswith(FLOOR)
    assert "1003" in after.removeprefix(FLOOR)


@pytest.mark.parametrize(
    "text", ["yes", "0x10", "1e3", "~", "null", "07", "1_000", "2026-11-22", "a: b # c"]
)
def test_texts_that_look_like_something_else_stay_what_they_are(text: str) -> None:
    from ivr.source import parse_source

    floor = FLOOR.replace("王芳", f'"{text}"')
    after = edited(floor, {"agents": {"1002": {"name": text}}})

    agents = parse_source(after.encode(), file="x").value["agents"]
    assert (agents["1001"]["name"], agents["1002"]["name"]) == (text, text)
