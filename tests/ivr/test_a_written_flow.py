"""Every message about a flow that cannot be walked, with file and line."""

from pathlib import Path, PurePath

import pytest

from ivr.load import load_flow, load_flows, load_flows_from
from ivr.problems import FlowRefused
from ivr.sounds import Language
from ivr.steps import MenuStep, QueueStep

ONE_OF = (
    "a step does one of say, menu, collect, confirm, survey, branch, set, speak, "
    "look_up, record, order, sms, queue, transfer, flow, return and hang_up"
)
GOOD = """\
name: main
language: zh
entry: welcome
person: person
steps:
  welcome:
    say: {zh: 您好}
    goto: choices
  choices:
    menu: {zh: 停电报修请按1}
    keys: {1: fault, 2: bye}
    timeout_s: 4
  fault:
    queue: q_fault
    skills: [pq]
  bye:
    hang_up: {zh: 再见}
  person: {queue: q_bill}
"""


def refusal(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "main.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FlowRefused) as caught:
        load_flow(path)
    return [
        str(problem).removeprefix(f"{path.as_posix()}:")
        for problem in caught.value.problems
    ]


def test_a_good_flow_is_read_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "main.yaml"
    path.write_text(GOOD, encoding="utf-8")

    flow = load_flow(path).flow

    assert flow.language is Language.ZH
    menu = flow.steps["choices"]
    assert isinstance(menu, MenuStep)
    assert menu.keys == {"1": "fault", "2": "bye"}
    assert (menu.timeout_s, menu.tries, menu.give_up) == (4.0, 2, None)
    assert flow.steps["fault"] == QueueStep(queue="q_fault", skills=("pq",))


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "goto: choices",
            "goto: choises",
            "8: steps → welcome → goto: no step is called 'choises'; "
            "did you mean 'choices'?",
        ),
        (
            "2: bye}",
            "2: quux}",
            "11: steps → choices → keys → 2: no step is called 'quux'; "
            "there is 'bye', 'choices', 'fault', 'person', 'welcome'",
        ),
        (
            "entry: welcome",
            "entry: welcom",
            "3: entry: no step is called 'welcom'; did you mean 'welcome'?",
        ),
        (
            "timeout_s: 4",
            "timeout_s: 90",
            "12: steps → choices → timeout_s: input should be less than or equal to "
            "60, got '90'",
        ),
        (
            "timeout_s: 4",
            "timeout_s: nan",
            "12: steps → choices → timeout_s: input should be a finite number, "
            "got 'nan'",
        ),
        (
            "timeout_s: 4",
            "timeot_s: 4",
            "12: steps → choices → timeot_s: is not an option here; "
            "did you mean 'timeout_s'?",
        ),
        (
            "{1: fault,",
            "{1: fault, a: fault,",
            "11: steps → choices → keys → a: should be one key of 0123456789*#, "
            "got 'a'",
        ),
        (
            "skills: [pq]",
            "skills: pq",
            "15: steps → fault → skills: should be a list as in `[a, b]`, got 'pq'",
        ),
        (
            "language: zh",
            "language: cn",
            "2: language: should be 'zh' or 'en', got 'cn'",
        ),
        (
            "language: zh\n",
            "",
            "1: language: is required, got nothing",
        ),
        (
            "person: {queue: q_bill}",
            "person: {}",
            f"18: steps → person: {ONE_OF}, got nothing; write one of them",
        ),
        (
            "person: {queue: q_bill}",
            "person: {queue: q_bill, say: {zh: x}}",
            f"18: steps → person: {ONE_OF}, got 'queue', 'say'; write one of them",
        ),
        (
            "say: {zh: 您好}",
            "say: 您好",
            "7: steps → welcome → say: should be a mapping of options, got '您好'",
        ),
        (
            "say: {zh: 您好}",
            "say: {}",
            "7: steps → welcome → say: needs texts by language, a file, or both, "
            "got nothing; write `zh: …`, `en: …` or `file: …`",
        ),
        (
            "say: {zh: 您好}",
            "say: {en: Hello}",
            "7: steps → welcome → say: has no text in 'zh', the language spoken here; "
            "write `zh: …`",
        ),
        (
            "say: {zh: 您好}",
            "say: {zh: '  '}",
            "7: steps → welcome → say → zh: string should have at least 1 character, "
            "got '  '",
        ),
        (
            "name: main",
            "name: mian",
            "1: name: 'mian' is not the file's own name; write 'main'",
        ),
        (
            "person: person\n",
            "person: bye\n",
            "4: person: step 'bye' is not a queue; name a step with `queue: …`",
        ),
        (
            "2: bye}",
            "2: fault}",
            "16: steps → bye: cannot be reached; lead to it or delete it",
        ),
        (
            "timeout_s: 4",
            "give_up: welcome",
            "6: steps → welcome: a caller who presses nothing never gets out of "
            "welcome → choices → welcome; let one of them lead to a queue or hang up",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in GOOD

    found = refusal(tmp_path, GOOD.replace(right, wrong, 1))

    assert message in found


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../b", "a.wav", "", "a//b", "a\\0", "é"]
)
def test_a_prompt_file_cannot_point_out_of_its_folder(
    tmp_path: Path, name: str
) -> None:
    text = GOOD.replace("{zh: 您好}", f"{{file: '{name}'}}")

    assert refusal(tmp_path, text) == [
        "7: steps → welcome → say → file: should be a file below the folder of "
        f"prompts, without its suffix, got {name!r}"
    ]


def test_wrong_names_and_wrong_options_are_told_together(tmp_path: Path) -> None:
    text = GOOD.replace("goto: choices", "goto: choises").replace("4", "x", 1)

    assert [one.partition(":")[0] for one in refusal(tmp_path, text)] == ["8", "12"]


def test_the_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("x: &a 1\n", encoding="utf-8")
    (tmp_path / "c.yml").write_text("", encoding="utf-8")

    with pytest.raises(FlowRefused) as caught:
        load_flows(tmp_path)

    assert str(caught.value).replace(f"{tmp_path.as_posix()}/", "") == (
        "a.yaml:1: language: is required, got nothing\n"
        "a.yaml:1: entry: is required, got nothing\n"
        "a.yaml:1: person: is required, got nothing\n"
        "a.yaml:1: steps: is required, got nothing\n"
        "b.yaml:1: x: anchor '&a' is not used here; delete it\n"
        "c.yml: would be passed over; end it in '.yaml'"
    )


def test_flows_at_hand_as_texts_are_proved_as_those_of_a_folder() -> None:
    texts = {
        "flows/main.yaml": GOOD,
        "hours.yaml": "zone: Asia/Shanghai",
        "open.yaml": "x",
    }

    found = load_flows_from(texts, folder=PurePath("version 3/flows"))

    assert list(found) == ["main"]
    with pytest.raises(FlowRefused) as caught:
        load_flows_from({"flows/other.yaml": GOOD}, folder=PurePath("version 3/flows"))
    assert str(caught.value) == (
        "version 3/flows/other.yaml:1: name: 'main' is not the file's own name; "
        "write 'other'"
    )


def test_a_folder_that_is_missing_or_holds_no_flow_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlowRefused, match="nowhere: cannot be read: No such file or"):
        load_flows(tmp_path / "nowhere")
    with pytest.raises(FlowRefused, match="holds no flow; flows are files"):
        load_flows(tmp_path)


def test_a_branch_may_have_a_class_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "danger.yaml").write_text(
        "name: danger\nlanguage: en\nentry: person\nperson: person\n"
        "steps:\n  person: {queue: q_fault, class: 20}\n",
        encoding="utf-8",
    )

    step = load_flows(tmp_path)["danger"].flow.steps["person"]

    assert isinstance(step, QueueStep)
    assert step.call_class == 20
