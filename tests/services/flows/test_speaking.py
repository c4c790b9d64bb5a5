"""A caller who speaks, and what becomes of words that are not understood."""

from datetime import UTC, datetime
from pathlib import Path

from acd.vocabulary.flow_facts import (
    HearingFailed,
    KeyPressed,
    KeyTimedOut,
    PromptHeard,
    WordsHeard,
    WordsOutcome,
)
from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.load import load_flows_from
from services.flows.aloud import Keys, Utterance, items_of, otherwise_by_keys
from services.flows.cases import Ran, load_cases, run
from services.flows.script import Leave, Press, Speak
from services.flows.speaking import Do, SpeakingCaller, Utter, steps_of

FLOW = """\
name: main
language: zh
entry: services
person: person
danger: person
steps:
  services:
    menu: {zh: 电费请按1，投诉请按2。}
    keys: {1: number, 2: complaint}
    words: {1: {zh: [电费]}, 2: {zh: [投诉]}}
    tries: 3
  number:
    collect: {zh: 请输入户号。}
    as: number
    digits: {least: 4, most: 4}
    goto: note
  note:
    record: {zh: 请留言。}
    as: note
    goto: bye
  bye: {hang_up: {zh: 再见。}}
  complaint: {queue: q_complaint}
  person: {queue: q_fault}
"""
SPOKEN = "say(我要交电费 | 1) say(一二三四 | 1234) say(对 | 1)"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CALL = CallId("c")


def ran(folder: Path, keys: str = SPOKEN) -> tuple[Ran, FlowSet]:
    flows = load_flows_from({"flows/main.yaml": FLOW}, folder=Path("flows"))
    known = FlowSet(
        flows={name: one.flow for name, one in flows.items()}, numbers={"6000": "main"}
    )
    (folder / "cases").mkdir()
    written = f'cases: {{one: {{number: "6000", voice: zm_yunxi, keys: "{keys}"}}}}'
    (folder / "cases" / "main.yaml").write_text(written, encoding="utf-8")
    [case] = load_cases(folder / "flows", known)
    return run(case, known), known


def caller(folder: Path, keys: str = SPOKEN) -> SpeakingCaller:
    found, known = ran(folder, keys)
    return SpeakingCaller(items=items_of(found), wants=steps_of(known))


def prompt(one: SpeakingCaller, step: str) -> Do | None:
    return one.told(
        PromptHeard(
            at=NOW, call_id=CALL, flow="main", step=step, sounds=1, interrupted_ms=None
        )
    )


def heard(one: SpeakingCaller, step: str, outcome: str, meant: str = "") -> None:
    done = one.told(
        WordsHeard(
            at=NOW,
            call_id=CALL,
            flow="main",
            step=step,
            nth=1,
            text="…",
            confidence=0.5,
            outcome=WordsOutcome(outcome),
            meant=meant,
            certainty=0.5,
            why="",
        )
    )
    assert done is None


def key(one: SpeakingCaller, step: str) -> Do | None:
    return one.told(
        KeyPressed(
            at=NOW,
            call_id=CALL,
            flow="main",
            step=step,
            nth=1,
            key="1",
            is_choice=True,
        )
    )


def test_a_case_knows_what_its_words_mean_and_which_answer_a_read_back(
    tmp_path: Path,
) -> None:
    found, _ = ran(tmp_path)

    assert items_of(found) == (
        Utterance(text="我要交电费", meant="1", keys=("1",)),
        Utterance(text="一二三四", meant="digits", keys=("1234",)),
        Utterance(text="对", meant="1", keys=("1",), confirms=True),
    )


def test_keys_of_one_word_are_typed_one_behind_the_other(tmp_path: Path) -> None:
    one = caller(tmp_path, "1 1234")

    assert one.items == (Keys("1"), Keys("1234"))
    assert prompt(one, "services") == Press(key="1")
    assert prompt(one, "number") == Press(key="1")
    assert key(one, "number") == Press(key="2")


def test_keys_that_lead_elsewhere_than_the_words_are_told(tmp_path: Path) -> None:
    found, known = ran(tmp_path, "say(我要投诉 | 1)")

    [problem] = otherwise_by_keys(found, known)
    assert "the words lead to 'queue q_complaint'" in str(problem)


def test_words_without_keys_in_their_stead_are_told(tmp_path: Path) -> None:
    found, known = ran(tmp_path, "say(我要投诉)")

    [problem] = otherwise_by_keys(found, known)
    assert "write `say(我要投诉 | 1)`" in str(problem)


def test_what_is_understood_is_spoken_to_the_end(tmp_path: Path) -> None:
    one = caller(tmp_path)

    assert prompt(one, "services") == Utter("我要交电费")
    heard(one, "services", "taken", "1")
    assert prompt(one, "number") == Utter("一二三四")
    heard(one, "number", "taken", "digits")
    assert prompt(one, "number") == Utter("对")
    heard(one, "number", "taken", "1")
    assert isinstance(prompt(one, "note"), Speak)
    assert prompt(one, "bye") is None
    assert (one.by_keys, one.astray) == (0, 0)
    assert [turn.is_understood for turn in one.turns] == [True] * 3


def test_who_is_led_on_because_nothing_was_heard_is_not_led_by_words(
    tmp_path: Path,
) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    one.told(KeyTimedOut(at=NOW, call_id=CALL, flow="main", step="services", nth=1))
    assert [turn.is_understood for turn in one.turns] == [False]


def test_what_is_refused_goes_on_by_keys_and_nothing_is_read_back(
    tmp_path: Path,
) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    heard(one, "services", "refused")
    assert prompt(one, "services") == Press(key="1")
    assert prompt(one, "number") == Utter("一二三四")
    one.told(KeyTimedOut(at=NOW, call_id=CALL, flow="main", step="number", nth=1))
    assert prompt(one, "number") == Press(key="1")
    assert [key(one, "number") for _ in range(4)] == [
        *(Press(key=it) for it in "234"),
        None,
    ]
    assert isinstance(prompt(one, "note"), Speak)
    assert [turn.keys for turn in one.turns] == ["1", "1234"]
    assert [turn.is_understood for turn in one.turns] == [False, False]


def test_a_number_that_is_not_confirmed_is_typed(tmp_path: Path) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    heard(one, "services", "taken", "1")
    prompt(one, "number")
    heard(one, "number", "taken", "digits")
    assert prompt(one, "number") == Utter("对")
    heard(one, "number", "refused")
    assert prompt(one, "number") == Press(key="1")
    assert one.turns[-1].keys == "1234"


def test_who_is_asked_whether_it_is_meant_says_yes_and_then_presses_it(
    tmp_path: Path,
) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    heard(one, "services", "uncertain", "1")
    assert prompt(one, "services") == Utter("是的")
    failed = HearingFailed(
        at=NOW, call_id=CALL, flow="main", step="services", detail=""
    )
    assert one.told(failed) == Press(key="1")


def test_who_is_asked_about_something_else_says_no_and_presses_keys(
    tmp_path: Path,
) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    heard(one, "services", "uncertain", "2")
    assert prompt(one, "services") == Press(key="2")
    assert prompt(one, "services") == Press(key="1")


def test_where_the_recogniser_breaks_keys_are_pressed_at_once(tmp_path: Path) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    failed = HearingFailed(
        at=NOW, call_id=CALL, flow="main", step="services", detail="killed"
    )
    assert one.told(failed) == Press(key="1")
    assert one.turns[0].outcome == "broken"


def test_who_is_taken_for_something_else_goes_back_and_presses_keys(
    tmp_path: Path,
) -> None:
    one = caller(tmp_path)

    prompt(one, "services")
    heard(one, "services", "taken", "2")
    assert prompt(one, "services") == Press(key="*")
    assert prompt(one, "services") == Press(key="1")
    assert one.astray == 1


def test_who_hangs_up_does_so_where_something_is_awaited(tmp_path: Path) -> None:
    one = caller(tmp_path, "bye")

    assert prompt(one, "services") == Leave()
