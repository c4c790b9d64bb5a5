"""Words on the way through a flow: taken, asked about, misheard, and kept quiet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.vocabulary.flow_facts import (
    CallRouted,
    DigitsCollected,
    WordsHeard,
    WordsOutcome,
)
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.hearing import MOVES, Meant
from ivr.machine import take
from ivr.sounds import Spoken
from ivr.turns import (
    Answered,
    Begun,
    Found,
    Input,
    KeyCame,
    Listen,
    NoKeyCame,
    Played,
    Queue,
    Say,
    WordsCame,
)
from ivr.walk import Hearing, Phase, Turn, fresh_walk
from tests.ivr.flows import ALICE, at

TEXT = {"zh": "请说", "en": "Say"}
MENU = {
    "menu": TEXT,
    "keys": {"1": "ask", "2": "bill", "3": "pin"},
    "words": {
        "1": {"zh": ["报修", "停电"], "en": ["outage"]},
        "2": {"zh": ["电费"], "en": ["bill"]},
        "balance": {"zh": ["余额"], "en": ["balance"]},
    },
}
STEPS: dict[str, object] = {
    "hello": {"say": TEXT, "goto": "menu"},
    "menu": MENU,
    "ask": {
        "collect": TEXT,
        "as": "account",
        "digits": {"least": 4, "most": 10},
        "goto": "sure",
    },
    "sure": {"confirm": TEXT, "yes": "bill", "no": "menu"},
    "pin": {
        "collect": TEXT,
        "as": "secret",
        "digits": {"least": 4, "most": 6},
        "secret": "true",
        "goto": "rate",
    },
    "rate": {
        "survey": TEXT,
        "as": "score",
        "keys": ["1", "2"],
        "words": {"1": {"zh": ["满意"]}, "2": {"zh": ["不满意"]}},
        "goto": "inner",
    },
    "inner": {"flow": "inner", "goto": "bill"},
    "balance": {"queue": "q_balance"},
    "bill": {"queue": "q_bill"},
    "danger": {"queue": "q_danger", "class": 10, "hears": TEXT},
    "person": {"queue": "q_person"},
}


def flow(name: str, steps: dict[str, object], **more: object) -> Flow:
    first = next(iter(steps))
    return Flow.model_validate(
        {
            "name": name,
            "language": "zh",
            "languages": ["zh", "en"],
            "entry": first,
            "person": "person",
            "steps": steps,
            **more,
        }
    )


ALL = FlowSet.of(
    flow("main", STEPS, danger="danger"),
    flow(
        "inner",
        {
            "wait": {"look_up": "account", "goto": "again"},
            "again": {"confirm": TEXT, "yes": "over", "no": "wait"},
            "over": {"return": "true"},
            "person": {"queue": "q_inner"},
        },
    ),
)


def walked(*inputs: Input) -> list[Turn]:
    walk = fresh_walk(ALL.flows["main"], ALICE)
    turns = []
    for second, came in enumerate([Begun(), Answered(), Played(), *inputs]):
        turns.append(take(ALL, walk, came, at(second)))
        walk = turns[-1].walk
    return turns


def said(text: str, confidence: float = 1.0) -> WordsCame:
    return WordsCame.of(text, confidence)


def heard(turn: Turn) -> str:
    assert isinstance(turn.act, Say)
    return "".join(it.text for it in turn.act.sounds if isinstance(it, Spoken))


def words(turns: list[Turn]) -> list[WordsHeard]:
    return [it for turn in turns for it in turn.facts if isinstance(it, WordsHeard)]


def test_words_go_the_way_of_a_key_and_are_told() -> None:
    turns = walked(said("家里停电了"))

    assert turns[-1].walk.step == "ask"
    (fact,) = words(turns)
    assert (fact.step, fact.text, fact.meant) == ("menu", "家里停电了", "1")
    assert fact.outcome is WordsOutcome.TAKEN
    assert fact.why == "'停电' is in it"


def test_words_lead_to_a_step_that_no_key_leads_to() -> None:
    (*_, last) = walked(said("查余额"))

    assert last.act == Queue(queue_id="q_balance")  # type: ignore[arg-type]


def test_words_that_may_be_meant_are_asked_about_and_taken_by_yes() -> None:
    turns = walked(said("停电", 0.6), Played(), said("对"))

    assert heard(turns[-3]) == "您是说停电吗？是请按1，不是请按2。"
    assert turns[-1].walk.step == "ask"


@pytest.mark.parametrize("came", [KeyCame(key="1"), said("是的"), said("停电")])
def test_a_question_is_answered_by_key_word_or_the_same_again(came: Input) -> None:
    assert walked(said("停电", 0.6), Played(), came)[-1].walk.step == "ask"


@pytest.mark.parametrize("came", [KeyCame(key="2"), said("不是"), NoKeyCame()])
def test_what_is_not_meant_is_asked_again(came: Input) -> None:
    last = walked(said("停电", 0.6), Played(), came)[-1]

    assert last.walk.step == "menu"
    assert last.walk.hearing is Hearing.OPEN
    assert heard(last).endswith("请说")


def test_a_correction_goes_where_it_says() -> None:
    turns = walked(said("停电", 0.6), Played(), said("不是，是电费"))

    assert turns[-1].act == Queue(queue_id="q_bill")  # type: ignore[arg-type]


def test_words_that_fail_twice_lead_to_keys_and_then_to_a_person() -> None:
    rubbish = said("今天天气怎么样")
    turns = walked(
        *(rubbish, Played(), rubbish, Played(), rubbish, Played(), rubbish),
    )

    told = [heard(turn) for turn in turns if isinstance(turn.act, Say)]
    assert told[2:5] == [
        "没有听清，请再说一遍，或按键选择。请说",
        "请直接按键选择。请说",
        "请直接按键选择。请说",
    ]
    assert turns[-1].act == Queue(queue_id="q_person")  # type: ignore[arg-type]


def test_keys_count_after_words_failed() -> None:
    rubbish = said("今天天气怎么样")

    last = walked(rubbish, Played(), rubbish, Played(), KeyCame(key="2"))[-1]

    assert last.act == Queue(queue_id="q_bill")  # type: ignore[arg-type]


DEEP: tuple[Input, ...] = (KeyCame(key="3"), *(KeyCame(key="7") for _ in range(6)))


@pytest.mark.parametrize(
    "before",
    [
        (),
        (Played(),),
        (said("停电", 0.6), Played()),
        (said("啊"), Played(), said("啊"), Played()),
        (KeyCame(key="1"), Played()),
        (KeyCame(key="3"), Played()),
        (*DEEP, Played()),
        (*DEEP, KeyCame(key="1")),
        (*DEEP, KeyCame(key="1"), Found()),
    ],
)
def test_danger_leads_to_its_queue_from_anywhere(before: tuple[Input, ...]) -> None:
    turns = walked(*before, said("着火了", 0.1), Played())

    routed = [it for it in turns[-1].facts if isinstance(it, CallRouted)]
    assert [it.queue_id for it in routed] == ["q_danger"]
    assert turns[-1].act == Queue(queue_id="q_danger", call_class=10)  # type: ignore[arg-type]
    assert words(turns)[-1].meant == "danger"


def test_a_person_is_reached_by_word_at_any_step() -> None:
    for before in ((), (KeyCame(key="1"),), (KeyCame(key="3"),), DEEP):
        last = walked(*before, said("转人工"))[-1]
        assert last.act == Queue(queue_id="q_person")  # type: ignore[arg-type]


def test_danger_in_what_is_said_before_any_question() -> None:
    walk = fresh_walk(ALL.flows["main"], ALICE)
    begun: list[Input] = [Begun(), Answered()]
    for second, came in enumerate(begun):
        walk = take(ALL, walk, came, at(second)).walk

    assert take(ALL, walk, said("电线掉下来了"), at(2)).walk.step == "danger"
    assert take(ALL, walk, said("我要报修"), at(2)).walk.step == "ask"
    assert take(ALL, walk, said("嗯"), at(2)).walk.step == "hello"


def test_a_number_in_groups_is_read_back_and_taken_by_yes() -> None:
    turns = walked(
        *(KeyCame(key="1"), Played(), said("五三零一"), said("零零零零")),
        *(said("零一"), Played(), said("对")),
    )

    assert (
        heard(turns[-3])
        == "您说的是五三零幺，零零零零，零幺，对吗？对请按1，不对请按2。"
    )
    assert turns[-1].walk.step == "sure"
    assert turns[-1].walk.values["account"] == "5301000001"
    (fact,) = [
        it for turn in turns for it in turn.facts if isinstance(it, DigitsCollected)
    ]
    assert fact.digits == "5301000001"


def test_a_number_that_was_misheard_is_asked_for_again() -> None:
    number = (KeyCame(key="1"), Played(), said("五三零一"), NoKeyCame())

    last = walked(*number, Played(), said("不对"))[-1]

    assert last.walk.step == "ask"
    assert last.walk.typed.text == ""
    assert heard(last) == "没有听清，请再说一遍，或按键选择。请说"


def test_digits_may_be_typed_behind_spoken_ones() -> None:
    turns = walked(
        *(KeyCame(key="1"), Played(), said("五三"), KeyCame(key="0")),
        *(KeyCame(key="1"), KeyCame(key="#"), Played(), KeyCame(key="1")),
    )

    assert turns[-1].walk.values["account"] == "5301"


def test_words_of_a_secret_step_are_seen_nowhere() -> None:
    turns = walked(KeyCame(key="3"), Played(), said("二四六八零三"))

    assert turns[-1].walk.step == "rate"
    (fact,) = words(turns)
    assert (fact.text, fact.meant, fact.why, fact.certainty) == ("", "", "", 0.0)
    seen = repr([(turn.facts, turn.walk) for turn in turns]) + repr(said("246803"))
    assert "246803" not in seen
    assert "二四六" not in seen


def test_a_secret_said_ahead_that_fits_nothing_is_seen_nowhere() -> None:
    told = {"tell": {"say": TEXT, "goto": "pin"}, "pin": STEPS["pin"]}
    rest = {name: STEPS[name] for name in ("rate", "bill", "person")}
    rest["inner"] = {"flow": "inner", "goto": "bill"}
    flow_set = FlowSet.of(flow("main", {**told, **rest}), ALL.flows["inner"])
    walk, turns = fresh_walk(flow_set.flows["main"], ALICE), list[Turn]()
    inputs: list[Input] = [Begun(), Answered(), said("等等应该是四七然后我想想")]
    for nth, came in enumerate(inputs):
        turns.append(take(flow_set, walk, came, at(nth)))
        walk = turns[-1].walk

    (fact,) = words(turns)
    assert fact.outcome is WordsOutcome.REFUSED
    assert "四七" not in repr([(turn.facts, turn.walk) for turn in turns])


@pytest.mark.parametrize(("text", "score"), [("满意", 1), ("不满意", 2), ("二", 2)])
def test_a_survey_takes_words(text: str, score: int) -> None:
    turns = walked(KeyCame(key="3"), Played(), said("二四六八零三"), said(text))

    assert turns[-1].walk.values["score"] == score


def test_the_table_of_moves_has_every_case() -> None:
    assert {row: {*moves} for row, moves in MOVES.items()} == {
        hearing: {*Meant} for hearing in Hearing
    }


INPUTS = st.one_of(
    st.text(max_size=30).map(said),
    st.sampled_from(
        ["停电", "电费", "对", "不是", "五三零一", "人工", "嗯", "返回", "no", "one"]
    ).flatmap(lambda text: st.floats(0, 1).map(lambda sure: said(text, sure))),
    st.sampled_from("0123456789*#").map(lambda key: KeyCame(key=key)),
)


@given(st.lists(INPUTS, max_size=40))
def test_whatever_is_said_has_its_place(inputs: list[Input]) -> None:
    walk = fresh_walk(ALL.flows["main"], ALICE)
    turn = take(ALL, walk, Begun(), at(0))
    turn = take(ALL, turn.walk, Answered(), at(0))
    for nth, came in enumerate(inputs):
        if turn.walk.phase is Phase.OVER:
            return
        if isinstance(turn.act, Listen | Say):
            turn = take(ALL, turn.walk, came, at(nth))
        else:
            turn = take(ALL, turn.walk, Found(), at(nth))
