"""What is otherwise for callers, told from two sets of files."""

import pytest

from ivr.sounds import Language
from ivr.wording import told as in_language
from services.flows.changes import changes

MAIN = """\
name: main
language: zh
entry: welcome
person: person
steps:
  welcome:
    say: {zh: 您好。, en: Hello.}
    goto: services
  services:
    menu: {zh: 报修请按1。}
    keys: {1: fault, 2: bill}
    timeout_s: 5
  fault: {queue: q_fault}
  bill: {queue: q_bill, skills: [bill]}
  person: {queue: q_bill}
"""


def told(*edits: tuple[str, str]) -> list[str]:
    after = MAIN
    for old, new in edits:
        assert old in after
        after = after.replace(old, new)
    return [*changes({"flows/main.yaml": MAIN}, {"flows/main.yaml": after})]


def test_the_same_is_told_as_the_same_whatever_its_form() -> None:
    assert told() == ["nothing is otherwise"]
    assert told(("{1: fault, 2: bill}", "{1: fault,   2: 'bill'}  # a remark")) == [
        "nothing is otherwise"
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1: fault,", "1: bill,", "services: key 1 leads to bill, it led to fault"),
        (", 2: bill}", "}", "services: key 2 leads nowhere any more, it led to bill"),
        (
            "{1: fault",
            "{3: person, 1: fault",
            "services: key 3 is new, it leads to person",
        ),
        (
            "您好。",
            "您好，暴雨。",
            "welcome: says in zh '您好，暴雨。', it said '您好。'",
        ),
        (", en: Hello.", "", "welcome: says in en nothing any more, it said 'Hello.'"),
        (
            "menu: {zh: 报修请按1。}",
            "menu: {zh: 报修请按1。}\n    on_wrong: {zh: 错。}",
            "services: on_wrong says in zh '错。', and said nothing in it",
        ),
        ("timeout_s: 5", "timeout_s: 8", "services: timeout_s is 8, it was 5"),
        (
            "    timeout_s: 5\n",
            "",
            "services: timeout_s is not written any more, it was 5",
        ),
        (
            "goto: services",
            "goto: bill",
            "welcome: goto leads to bill, it led to services",
        ),
        ("[bill]}", "[bill, en]}", "bill: skills is [bill, en], it was [bill]"),
        (
            "fault: {queue: q_fault}",
            "fault: {queue: q_pq}",
            "fault: queue is q_pq, it was q_fault",
        ),
        (
            "fault: {queue: q_fault}",
            "fault: {hang_up: {zh: 再见。}}",
            "fault: is hang_up '再见。', was queue q_fault",
        ),
    ],
)
def test_a_change_is_told_as_the_callers_way(old: str, new: str, sentence: str) -> None:
    assert told((old, new)) == [f"main → {sentence}"]


def test_a_new_step_is_told_with_the_keys_that_lead_there() -> None:
    found = told(
        ("2: bill}", "2: bill, 7: storm}"),
        ("  person:", "  storm: {queue: q_storm}\n  person:"),
        ("  fault: {queue: q_fault}\n", ""),
        ("1: fault, ", ""),
        ("person: person\n", "person: storm\n"),
    )

    assert found == [
        "main: person leads to storm, it led to person",
        "main → services: key 7 is new, it leads to storm",
        "main → services: key 1 leads nowhere any more, it led to fault",
        "main → storm: is new, queue q_storm; reached by key 7 at services",
        "main → fault: is gone, queue q_fault",
    ]


def test_flows_that_come_and_go_and_other_files_are_told() -> None:
    hours = "work: {mon: 8-18}\n"
    before = {"flows/main.yaml": MAIN, "hours.yaml": hours}
    after = {"flows/vip.yaml": MAIN, "hours.yaml": hours.replace("18", "20")}

    assert changes(before, after) == [
        "main: is gone, a flow of 5 steps",
        "vip: is a new flow of 5 steps",
        "hours.yaml: work → mon is 8-20, it was 8-18",
    ]


def test_long_texts_are_shown_from_where_they_differ() -> None:
    text = "很长" * 60
    before = MAIN.replace("您好。", text + "旧")
    after = MAIN.replace("您好。", text + "新")

    [found] = changes({"flows/main.yaml": before}, {"flows/main.yaml": after})

    assert len(found) < 200
    assert "长新'" in found
    assert "长旧'" in found


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("1: fault,", "1: bill,", "services: 按键 1 转到 bill，原来转到 fault"),
        (", 2: bill}", "}", "services: 按键 2 已取消，原来转到 bill"),
        ("{1: fault", "{3: person, 1: fault", "services: 新增按键 3，转到 person"),
        (
            "您好。",
            "您好，暴雨。",
            "welcome: 中文播报改为 '您好，暴雨。'，原为 '您好。'",
        ),
        (", en: Hello.", "", "welcome: 英文播报已取消，原为 'Hello.'"),
        (
            "menu: {zh: 报修请按1。}",
            "menu: {zh: 报修请按1。}\n    on_wrong: {zh: 错。}",
            "services: on_wrong 中文播报新增 '错。'",
        ),
        ("timeout_s: 5", "timeout_s: 8", "services: timeout_s 为 8，原来为 5"),
        ("    timeout_s: 5\n", "", "services: timeout_s 不再写明，原来为 5"),
        (
            "goto: services",
            "goto: bill",
            "welcome: goto 转到 bill，原来转到 services",
        ),
        (
            "fault: {queue: q_fault}",
            "fault: {hang_up: {zh: 再见。}}",
            "fault: 改为 hang_up '再见。'，原为 queue q_fault",
        ),
    ],
)
def test_a_change_is_told_in_chinese_as_well(old: str, new: str, sentence: str) -> None:
    [found] = told((old, new))

    assert in_language(found, Language.ZH) == f"main → {sentence}"


def test_what_comes_and_goes_is_told_in_chinese_as_well() -> None:
    before = {"flows/main.yaml": MAIN}
    new_step = MAIN.replace("2: bill}", "2: bill, 7: storm}").replace(
        "  person:", "  storm: {queue: q_storm}\n  person:"
    )
    found = [
        *changes(before, {"flows/vip.yaml": MAIN}),
        *changes(before, {"flows/main.yaml": new_step}),
        *changes({"flows/main.yaml": new_step}, before),
        *changes(before, before),
    ]

    assert [in_language(it, Language.ZH) for it in found] == [
        "main: 流程已删除，原有 5 步",
        "vip: 新流程，共 5 步",
        "main → services: 新增按键 7，转到 storm",
        "main → storm: 新步骤，queue q_storm；由 services 的按键 7 进入",
        "main → services: 按键 7 已取消，原来转到 storm",
        "main → storm: 已删除，原为 queue q_storm",
        "没有变化",
    ]
