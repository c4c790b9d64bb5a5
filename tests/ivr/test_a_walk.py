"""What callers hear and where they get to, as rules."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.vocabulary.flow_facts import (
    CallAnswered,
    CallRouted,
    FlowEnded,
    FlowEnding,
    KeyPressed,
    KeyTimedOut,
    PromptHeard,
    StepEntered,
)
from acd.vocabulary.ids import QueueId, SkillId
from ivr.check import findings
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.sounds import Language, Recorded, Spoken
from ivr.stride import MOST_TURNS
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Begun,
    Broke,
    CallerLeft,
    HangUp,
    Input,
    KeyCame,
    LetGo,
    Listen,
    NoKeyCame,
    Played,
    Queue,
    Say,
)
from ivr.walk import IN_LINE, TAKES, InputOutOfPlace, Phase, Turn, Walk, fresh_walk
from ivr.written import KEYS
from tests.ivr.flows import ALICE, at, facts_of, flow_of, last_act, walked

MENU = {
    "menu": {"zh": "请选择", "en": "Choose"},
    "keys": {"1": "fault", "2": "more", "8": "english", "7": "bye"},
    "on_wrong": {"zh": "按键无效"},
    "timeout_s": 4,
}
MAIN = flow_of(
    {
        "welcome": {"say": {"zh": "您好"}, "goto": "choices"},
        "choices": MENU,
        "more": {
            "menu": {"zh": "还有"},
            "keys": {"1": "bye", "0": "fault", "3": "choices"},
            "give_up": "bye",
            "tries": 1,
        },
        "english": {"say": {"en": "Hello"}, "language": "en", "goto": "choices"},
        "warning": {"say": {"file": "storm"}, "goto": "notice"},
        "notice": {"say": {"zh": "录音"}, "goto": "choices", "barge_in": "no"},
        "fault": {"queue": "q_fault", "skills": ["pq", "fault"]},
        "bye": {"hang_up": {"zh": "再见"}},
    }
    | {"fork": {"menu": {"zh": "x"}, "keys": {"1": "warning"}}}
    | {"door": {"menu": {"zh": "x"}, "keys": {"1": "fork", "2": "welcome"}}},
    entry="door",
)


def key(pressed: str) -> KeyCame:
    return KeyCame(key=pressed)


def zh(text: str) -> Spoken:
    return Spoken(language=Language.ZH, text=text)


def say(*sounds: Spoken | Recorded, keys: str = KEYS) -> Say:
    return Say(sounds=sounds, keys=keys)


def routed(queue_id: str, *skills: str) -> Queue:
    return Queue(
        queue_id=QueueId(queue_id), skills=frozenset(SkillId(one) for one in skills)
    )


def entered(step: str, *, nth: int, second: float) -> StepEntered:
    return StepEntered(at=at(second), call_id=ALICE, flow="main", step=step, nth=nth)


def heard(step: str, *, second: float) -> PromptHeard:
    return PromptHeard(
        at=at(second),
        call_id=ALICE,
        flow="main",
        step=step,
        sounds=1,
        interrupted_ms=None,
    )


def from_welcome(inputs: Iterable[Input]) -> list[Turn]:
    return walked(MAIN.model_copy(update={"entry": "welcome"}), inputs)


def from_step(entry: str, inputs: Iterable[Input]) -> list[Turn]:
    return walked(MAIN.model_copy(update={"entry": entry}), inputs)


def test_a_call_is_answered_greeted_and_given_to_the_queue_of_its_key() -> None:
    turns = from_welcome([Played(), Played(), key("1")])

    assert [turn.act for turn in turns] == [
        Answer(),
        say(zh("您好")),
        say(zh("请选择")),
        Listen(limit_s=4),
        routed("q_fault", "fault", "pq"),
    ]
    assert facts_of(turns) == [
        CallAnswered(at=at(1), call_id=ALICE),
        entered("welcome", nth=1, second=1),
        heard("welcome", second=2),
        entered("choices", nth=2, second=2),
        heard("choices", second=3),
        KeyPressed(
            at=at(4),
            call_id=ALICE,
            flow="main",
            step="choices",
            key="1",
            nth=3,
            is_choice=True,
        ),
        entered("fault", nth=4, second=4),
        CallRouted(
            at=at(4),
            call_id=ALICE,
            flow="main",
            step="fault",
            nth=5,
            queue_id=QueueId("q_fault"),
            skills=(SkillId("fault"), SkillId("pq")),
        ),
    ]


def test_a_key_cuts_the_menu_short() -> None:
    turns = from_welcome([Played(), key("1")])

    assert last_act(turns) == routed("q_fault", "fault", "pq")


def test_a_key_pressed_in_the_greeting_is_taken_by_the_menu_that_follows() -> None:
    turns = from_welcome([key("1")])

    assert last_act(turns) == routed("q_fault", "fault", "pq")
    pressed = [fact for fact in facts_of(turns) if isinstance(fact, KeyPressed)]
    assert [(fact.step, fact.is_choice) for fact in pressed] == [("choices", True)]


def test_a_key_in_the_greeting_that_means_nothing_only_skips_it() -> None:
    turns = from_welcome([key("5")])

    assert last_act(turns) == say(zh("请选择"))
    pressed = [fact for fact in facts_of(turns) if isinstance(fact, KeyPressed)]
    assert [(fact.step, fact.is_choice) for fact in pressed] == [("welcome", False)]
    assert turns[-1].walk.failures == 0


def test_a_key_in_a_saying_before_another_saying_skips_to_that() -> None:
    turns = from_step("warning", [key("1")])

    assert last_act(turns) == say(zh("录音"), keys="")


def test_a_recorded_file_is_played_in_every_language() -> None:
    turns = from_step("warning", [])

    assert last_act(turns) == say(Recorded(name="storm"))


def test_zero_reaches_a_person_where_the_menu_says_nothing_else() -> None:
    assert last_act(from_step("choices", [key("0")])) == routed("q_bill")
    assert last_act(from_step("more", [key("0")])) == routed("q_fault", "fault", "pq")


def test_nine_repeats_the_menu_and_is_no_failure() -> None:
    turns = from_step("choices", [key("9"), key("9"), key("9"), Played()])

    assert last_act(turns) == Listen(limit_s=4)
    assert all(
        fact.is_choice for fact in facts_of(turns) if isinstance(fact, KeyPressed)
    )


def test_star_goes_back_to_the_menu_before() -> None:
    turns = from_step("choices", [key("2"), key("*")])

    assert last_act(turns) == say(zh("请选择"))
    assert turns[-1].walk.step == "choices"
    assert turns[-1].walk.back == ()


def test_star_at_the_first_menu_says_it_again() -> None:
    turns = from_step("choices", [key("*"), key("*")])

    assert last_act(turns) == say(zh("请选择"))
    assert turns[-1].walk.step == "choices"


def test_star_after_a_saying_goes_back_past_it() -> None:
    turns = from_step("door", [key("2"), Played(), key("*")])

    assert turns[-1].walk.step == "door"


def test_a_wrong_key_is_remarked_on_and_the_menu_said_again() -> None:
    turns = from_step("choices", [key("5")])

    assert last_act(turns) == say(zh("按键无效"), zh("请选择"))


def test_silence_has_the_menu_said_again() -> None:
    turns = from_step("choices", [Played(), NoKeyCame()])

    assert last_act(turns) == say(zh("请选择"))
    assert facts_of(turns)[-1] == KeyTimedOut(
        at=at(3), call_id=ALICE, flow="main", step="choices", nth=2
    )


@pytest.mark.parametrize("first", [[Played(), NoKeyCame()], [key("5")]])
@pytest.mark.parametrize("second", [[Played(), NoKeyCame()], [key("#")]])
def test_two_failures_of_either_kind_reach_a_person(
    first: list[Input], second: list[Input]
) -> None:
    turns = from_step("choices", first + second)

    assert last_act(turns) == routed("q_bill")


def test_failures_of_one_menu_do_not_count_at_the_next() -> None:
    turns = from_step("fork", [key("5"), key("1"), key("5"), Played(), key("5")])

    assert turns[-1].walk.step == "choices"
    assert turns[-1].walk.failures == 1


def test_a_menu_may_give_up_elsewhere() -> None:
    assert last_act(from_step("more", [key("5")])) == say(zh("再见"), keys="")


def test_the_last_word_is_heard_before_the_call_ends() -> None:
    turns = from_step("choices", [key("7"), Played()])

    assert [turn.act for turn in turns[-2:]] == [say(zh("再见"), keys=""), HangUp()]
    ended = facts_of(turns)[-1]
    assert isinstance(ended, FlowEnded)
    assert (ended.ending, ended.step) == (FlowEnding.COMPLETED, "bye")


def test_the_language_chosen_is_spoken_from_then_on() -> None:
    turns = from_step("choices", [key("8"), Played(), key("5")])

    english = Spoken(language=Language.EN, text="Choose")
    assert last_act(turns) == say(zh("按键无效"), english)


def test_a_caller_who_leaves_ends_the_walk() -> None:
    turns = from_step("choices", [CallerLeft()])

    assert last_act(turns) == LetGo()
    ended = facts_of(turns)[-1]
    assert isinstance(ended, FlowEnded)
    assert (ended.ending, ended.step) == (FlowEnding.CALLER_LEFT, "choices")


def test_whatever_breaks_the_caller_is_given_to_a_person() -> None:
    turns = from_step("choices", [Broke(detail="no prompt")])

    assert last_act(turns) == routed("q_bill")
    ended = facts_of(turns)[-1]
    assert isinstance(ended, FlowEnded)
    assert (ended.ending, ended.detail) == (FlowEnding.FAILED, "no prompt")


def test_a_caller_who_never_settles_is_given_to_a_person() -> None:
    turns = from_step("choices", [key("9")] * MOST_TURNS)

    assert last_act(turns) == routed("q_bill")
    assert turns[-2].walk.phase is Phase.SAYING


EVERY_INPUT: list[Input] = [
    Begun(),
    Answered(),
    Played(),
    key("1"),
    NoKeyCame(),
    CallerLeft(),
    Broke(detail="x"),
]
STEPS = ["welcome", "choices", "notice", "fault", "bye"]


@pytest.mark.parametrize("phase", [one for one in Phase if one not in IN_LINE])
@pytest.mark.parametrize("came", EVERY_INPUT, ids=lambda came: type(came).__name__)
@pytest.mark.parametrize("step", STEPS)
def test_each_phase_takes_its_inputs_and_refuses_all_others(
    phase: Phase, came: Input, step: str
) -> None:
    walk = Walk(
        call_id=ALICE, flow="main", step=step, language=Language.ZH, phase=phase
    )

    if type(came) in TAKES[phase]:
        turn = take(FlowSet.of(MAIN), walk, came, at(0))
        over = isinstance(turn.act, Queue | HangUp | LetGo)
        assert over is (turn.walk.phase is Phase.OVER)
    else:
        with pytest.raises(InputOutOfPlace, match=f"walk is {phase.value}, which has"):
            take(FlowSet.of(MAIN), walk, came, at(0))


def test_an_input_out_of_place_is_told_with_what_would_have_been_in_place() -> None:
    with pytest.raises(InputOutOfPlace) as caught:
        take(FlowSet.of(MAIN), fresh_walk(MAIN, ALICE), Played(), at(0))

    assert str(caught.value) == (
        "walk is fresh, which has no place for Played; "
        "it takes Begun, CallerLeft, Broke"
    )


STRANGE: list[Input] = [CallerLeft(), Broke(detail="x")]


def inputs_for(act: Act) -> st.SearchStrategy[Input]:
    keys = st.sampled_from(KEYS).map(key)
    match act:
        case Answer():
            return st.just(Answered())
        case Say():
            return keys | st.just(Played()) if act.keys else st.just(Played())
        case _:
            return keys | st.just(NoKeyCame())


def endings(facts: list[object]) -> list[object]:
    return [fact for fact in facts if isinstance(fact, CallRouted | FlowEnded)]


@given(st.data(), st.sampled_from(sorted(MAIN.steps)), st.integers(0, 300))
def test_every_walk_ends_exactly_once_and_counts_without_a_gap(
    data: st.DataObject, entry: str, leaves_after: int
) -> None:
    flow: Flow = MAIN.model_copy(update={"entry": entry})
    walk = fresh_walk(flow, ALICE)
    came: Input = Begun()
    facts: list[object] = []
    nths: list[int] = []

    for number in range(MOST_TURNS + 3):
        turn = take(FlowSet.of(flow), walk, came, at(number))
        walk = turn.walk
        facts += turn.facts
        nths += [fact.nth for fact in turn.facts if hasattr(fact, "nth")]
        if walk.phase is Phase.OVER:
            break
        assert endings(facts) == []
        strange = st.sampled_from(STRANGE)
        came = data.draw(
            strange if number == leaves_after else inputs_for(turn.act), label="came"
        )

    assert walk.phase is Phase.OVER
    assert len(endings(facts)) == 1
    assert nths == list(range(1, len(nths) + 1))


def test_a_key_of_a_secret_step_is_obeyed_and_told_to_nobody() -> None:
    keys = dict.fromkeys("0123456789", "bye")
    flow = flow_of(
        {
            "pin": {"menu": {"zh": "请输入密码"}, "keys": keys, "secret": True},
            "bye": {"hang_up": {"zh": "再见"}},
        }
    )

    for key in keys:
        facts = facts_of(walked(flow, [Played(), KeyCame(key=key)]))
        pressed = [fact for fact in facts if isinstance(fact, KeyPressed)]
        assert [(fact.key, fact.is_choice) for fact in pressed] == [("", True)]
        assert [f.step for f in facts if isinstance(f, StepEntered)] == ["pin", "bye"]


def test_a_key_that_means_nothing_at_a_secret_step_is_told_to_nobody_either() -> None:
    keys = dict.fromkeys("0123456789", "bye")
    flow = flow_of(
        {
            "pin": {"menu": {"zh": "请输入密码"}, "keys": keys, "secret": True},
            "bye": {"hang_up": {"zh": "再见"}},
        }
    )

    facts = facts_of(walked(flow, [KeyCame(key="#")]))

    assert [f.key for f in facts if isinstance(f, KeyPressed)] == [""]


def test_a_secret_that_the_next_step_would_tell_is_refused() -> None:
    keys = dict.fromkeys("123456789", "person") | {"1": "bye"}
    steps = {
        "pin": {"menu": {"zh": "请输入密码"}, "keys": keys, "secret": True},
        "bye": {"hang_up": {"zh": "再见"}},
        "person": {"queue": "q_bill"},
    }
    flow = Flow.model_validate(
        {
            "name": "main",
            "language": "zh",
            "entry": "pin",
            "person": "person",
            "steps": steps,
        }
    )

    assert [what for _, what in findings(flow)] == [
        "a secret key may be any digit, and 0 would do something else here; write all "
        "ten",
        "a secret key leads to bye, person, and the step entered tells which it was; "
        "let all keys lead to one",
    ]
