"""What each step does to a caller, as rules."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import pytest

from acd.vocabulary.fact import FactOf
from acd.vocabulary.flow_facts import (
    AnnouncementHeard,
    BranchTaken,
    CallDescribed,
    CallRouted,
    DigitsCollected,
    FlowEnded,
    KeyPressed,
    LookedUp,
    LookUpOutcome,
    MessageRecorded,
    Note,
    OrderCreated,
    PromptHeard,
    ServiceBegun,
    ServiceDone,
    SmsSent,
    StepEntered,
    SubFlowEntered,
    SubFlowLeft,
    SurveyAnswered,
)
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.sounds import Announced, Language, Recorded, Spoken
from ivr.stride import MOST_STEPS
from ivr.turns import (
    Answered,
    Ask,
    AskFailed,
    Begun,
    Broke,
    Found,
    Input,
    KeyCame,
    Listen,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    QuestionKind,
    Queue,
    Record,
    Say,
)
from ivr.values import NOTHING, Secret, Values
from ivr.walk import Phase, Turn, fresh_walk
from tests.ivr.flows import ALICE, at, facts_of, last_act

ZH = {"zh": "请说"}


def a_flow(steps: Mapping[str, object], *, name: str = "main", **more: object) -> Flow:
    written = {
        "name": name,
        "language": "zh",
        "entry": next(iter(steps)),
        "person": "person",
        "steps": {
            "person": {"queue": f"q_{name}"},
            "yes": {"queue": "q_yes"},
            "no": {"queue": "q_no"},
            **steps,
        },
        **more,
    }
    return Flow.model_validate(written)


def walk(
    flows: Flow | FlowSet,
    inputs: Iterable[Input],
    *,
    around: Values = NOTHING,
    values: Values = NOTHING,
) -> list[Turn]:
    flow_set = FlowSet.of(flows) if isinstance(flows, Flow) else flows
    walk = fresh_walk(flow_set.flows["main"], ALICE, values)
    turns = []
    for second, came in enumerate([Begun(), Answered(), *inputs]):
        turns.append(take(flow_set, walk, came, at(second), around))
        walk = turns[-1].walk
    return turns


def keys(pressed: str) -> list[Input]:
    return [KeyCame(key=key) for key in pressed]


def where(turns: list[Turn]) -> str:
    act = last_act(turns)
    assert isinstance(act, Queue)
    return act.queue_id


def told(turns: list[Turn], kind: type[FactOf]) -> list[FactOf]:
    return [fact for fact in facts_of(turns) if isinstance(fact, kind)]


# ---- collect


def collecting(**more: object) -> Flow:
    asked = {"collect": ZH, "as": "account", "digits": {"least": 4, "most": 6}}
    decided = {
        "branch": [{"if": "account == '12345'", "goto": "yes"}],
        "otherwise": "no",
    }
    return a_flow({"ask": {**asked, "goto": "decide", **more}, "decide": decided})


def test_digits_are_collected_up_to_the_end_key() -> None:
    turns = walk(collecting(), keys("12345#"))

    assert where(turns) == "q_yes"
    collected = told(turns, DigitsCollected)
    assert [(fact.count, fact.digits) for fact in collected] == [(5, "12345")]  # type: ignore[attr-defined]


def test_the_last_digit_that_is_wanted_needs_no_end_key() -> None:
    assert where(walk(collecting(), keys("123456"))) == "q_no"


def test_a_silence_behind_enough_digits_ends_the_number() -> None:
    assert where(walk(collecting(), [*keys("12345"), NoKeyCame()])) == "q_yes"


def test_too_few_digits_are_asked_for_again_and_then_given_up() -> None:
    once = walk(collecting(on_wrong={"zh": "位数不对"}), keys("123#"))
    twice = walk(collecting(), keys("123#123#"))

    act = last_act(once)
    assert isinstance(act, Say)
    assert act.sounds[0] == Spoken(language=Language.ZH, text="位数不对")
    assert where(twice) == "q_main"


@pytest.mark.parametrize("end", [KeyCame(key="#"), NoKeyCame()])
def test_zero_alone_reaches_a_person(end: Input) -> None:
    assert where(walk(collecting(), [*keys("0"), end])) == "q_main"


def test_a_number_may_begin_with_zero() -> None:
    turns = walk(collecting(), keys("01234#"))

    assert [fact.digits for fact in told(turns, DigitsCollected)] == ["01234"]  # type: ignore[attr-defined]


def test_star_begins_the_number_anew() -> None:
    assert where(walk(collecting(), keys("99*12345#"))) == "q_yes"


def test_digits_of_a_secret_step_are_in_no_fact_and_no_repr() -> None:
    turns = walk(collecting(secret="yes", goto="yes"), keys("86420#"))

    assert where(turns) == "q_yes"
    assert [fact.count for fact in told(turns, DigitsCollected)] == [5]  # type: ignore[attr-defined]
    assert "86420" not in repr(turns)
    for typed in ("8", "86", "864", "8642"):
        assert all(f"'{typed}'" not in repr(turn.walk) for turn in turns)
    assert {fact.key for fact in told(turns, KeyPressed)} == {""}  # type: ignore[attr-defined]
    assert turns[-1].walk.values == {"account": Secret("86420")}


def test_more_digits_of_a_number_cost_no_turn() -> None:
    turns = walk(collecting(), keys("12345"))

    assert turns[-1].walk.turns == 1


# ---- confirm and survey


def test_one_is_yes_and_two_is_no() -> None:
    flow = a_flow({"ask": {"confirm": ZH, "yes": "yes", "no": "no"}})

    assert where(walk(flow, keys("1"))) == "q_yes"
    assert where(walk(flow, keys("2"))) == "q_no"
    assert where(walk(flow, keys("0"))) == "q_main"


def test_an_answer_to_a_survey_is_told_and_remembered() -> None:
    flow = a_flow({"ask": {"survey": ZH, "as": "score", "goto": "yes"}})

    turns = walk(flow, keys("4"))

    assert where(turns) == "q_yes"
    assert [fact.answer for fact in told(turns, SurveyAnswered)] == ["4"]  # type: ignore[attr-defined]
    assert turns[-1].walk.values == {"score": 4}


def test_who_gives_no_answer_goes_on_without() -> None:
    flow = a_flow({"ask": {"survey": ZH, "as": "score", "goto": "yes"}})

    turns = walk(flow, [Played(), NoKeyCame(), Played(), NoKeyCame()])

    assert where(turns) == "q_yes"
    assert told(turns, SurveyAnswered) == []


def test_the_first_silence_of_a_menu_may_lead_elsewhere() -> None:
    menu = {"menu": ZH, "keys": {"1": "no"}, "on_silence": "yes", "tries": 3}
    flow = a_flow({"ask": menu})

    assert where(walk(flow, [Played(), NoKeyCame()])) == "q_yes"
    assert isinstance(last_act(walk(flow, [*keys("5"), Played(), NoKeyCame()])), Say)


# ---- branch, set, speak


def test_a_branch_goes_the_way_of_the_first_condition_that_holds() -> None:
    branch = {
        "branch": [
            {"if": "queue.q_bill.waiting > 10", "goto": "no"},
            {"if": "storm", "goto": "yes"},
        ],
        "otherwise": "person",
    }
    turns = walk(a_flow({"decide": branch}), [], around={"storm": True})

    assert where(turns) == "q_yes"
    (taken,) = told(turns, BranchTaken)
    assert (taken.goto, taken.because) == ("yes", "storm")  # type: ignore[attr-defined]
    otherwise = told(walk(a_flow({"decide": branch}), []), BranchTaken)
    assert [one.because for one in otherwise] == ["otherwise"]  # type: ignore[attr-defined]


def test_what_is_set_is_known_from_then_on() -> None:
    flow = a_flow(
        {
            "one": {"set": {"tries": "tries + 1"}, "goto": "decide"},
            "decide": {
                "branch": [{"if": "tries >= 3", "goto": "yes"}],
                "otherwise": "one",
            },
        }
    )

    assert where(walk(flow, [])) == "q_yes"


def test_steps_that_go_round_without_a_word_end_at_a_person() -> None:
    flow = a_flow({"one": {"set": {"x": "1"}, "goto": "one"}})

    turns = walk(flow, [])

    assert where(turns) == "q_main"
    assert len(told(turns, StepEntered)) == MOST_STEPS


def test_what_is_spoken_changes_from_the_step_that_says_so() -> None:
    flow = a_flow(
        {
            "choose": {"speak": "en", "slow": "yes", "goto": "ask"},
            "ask": {"confirm": {"zh": "对吗", "en": "Right"}, "yes": "yes", "no": "no"},
        }
    )

    act = last_act(walk(flow, []))

    spoken = Spoken(language=Language.EN, text="Right", is_slow=True)
    assert act == Say(sounds=(spoken,), keys="0123456789*#")
    assert spoken in flow.sounds()


# ---- other systems


def looking_up(**more: object) -> Flow:
    step = {
        "look_up": "account",
        "with": {"number": "caller"},
        "as": "customer",
        "goto": "decide",
        **more,
    }
    decide = {
        "branch": [{"if": "customer.balance < 0", "goto": "yes"}],
        "otherwise": "no",
    }
    return a_flow({"ask": step, "decide": decide})


def test_another_system_is_asked_with_what_is_known() -> None:
    turns = walk(looking_up(), [], values={"caller": "138"})

    act = last_act(turns)
    assert isinstance(act, Ask)
    assert (act.question.kind, act.question.name) == (QuestionKind.LOOK_UP, "account")
    assert act.question.arguments == {"number": "138"}
    assert (act.limit_s, act.keys) == (10, "0")


def test_what_is_found_is_known_by_its_name_and_field() -> None:
    turns = walk(looking_up(), [Found(values={"balance": Decimal(-3)})])

    assert where(turns) == "q_yes"
    (asked,) = told(turns, LookedUp)
    assert (asked.outcome, asked.took_ms) == (LookUpOutcome.FOUND, 1000)  # type: ignore[attr-defined]
    assert turns[-1].walk.values["customer.found"] is True


@pytest.mark.parametrize("came", [NotFound(), AskFailed(detail="away")])
def test_what_is_not_found_and_what_fails_has_its_way(came: Input) -> None:
    own = looking_up(not_found="no", failed="no")
    default = a_flow(
        {"ask": {"look_up": "account", "goto": "yes"}},
        defaults={"on_failure": "no"},
    )

    assert where(walk(looking_up(), [came])) == "q_main"
    assert where(walk(own, [came])) == "q_no"
    assert where(walk(default, [came])) == "q_no"


def test_zero_ends_the_wait_for_a_look_up() -> None:
    assert where(walk(looking_up(), keys("0"))) == "q_main"


def test_an_order_is_told_with_its_number() -> None:
    step = {"order": "fault", "with": {"note": "'x'"}, "as": "job", "goto": "yes"}

    turns = walk(a_flow({"make": step}), [Found(values={"id": "JD-1"})])

    assert where(turns) == "q_yes"
    (made,) = told(turns, OrderCreated)
    assert (made.order_kind, made.order_id) == ("fault", "JD-1")  # type: ignore[attr-defined]
    assert turns[-1].walk.values == {"job.id": "JD-1"}


def test_a_message_is_written_in_the_callers_language_and_stops_nobody() -> None:
    step = {"sms": {"zh": "工单{job.id}已登记。"}, "goto": "yes"}
    known: Values = {"caller": "138", "job.id": "JD-1"}

    sent = walk(a_flow({"send": step}), [Found()], values=known)
    failed = walk(a_flow({"send": step}), [AskFailed(detail="x")], values=known)

    act = sent[1].act
    assert isinstance(act, Ask)
    assert act.question.arguments == {"to": "138", "text": "工单JD-1已登记。"}
    assert act.keys == ""
    assert [fact.to for fact in told(sent, SmsSent)] == ["138"]  # type: ignore[attr-defined]
    assert where(sent) == where(failed) == "q_yes"


# ---- what a caller says


RECORD = {"record": ZH, "as": "note", "limit_s": "30", "goto": "yes", "failed": "no"}


def test_a_message_is_taken_down_and_known_by_its_name() -> None:
    turns = walk(a_flow({"say": RECORD}), [Played(), MessageTaken(length_s=3.456)])

    act = turns[2].act
    assert act == Record(name=f"{ALICE}-1", limit_s=30, keys="#0")
    assert where(turns) == "q_yes"
    (kept,) = told(turns, MessageRecorded)
    assert (kept.name, kept.length_s) == (f"{ALICE}-1", 3.46)  # type: ignore[attr-defined]


@pytest.mark.parametrize("came", [MessageTaken(length_s=1), AskFailed(detail="disk")])
def test_silence_and_a_full_disk_go_the_way_of_failures(came: Input) -> None:
    assert where(walk(a_flow({"say": RECORD}), [Played(), came])) == "q_no"


def test_zero_instead_of_a_message_reaches_a_person() -> None:
    taken = MessageTaken(length_s=9, key="0")

    assert where(walk(a_flow({"say": RECORD}), [Played(), taken])) == "q_main"
    assert where(walk(a_flow({"say": RECORD}), keys("0"))) == "q_main"


# ---- other flows


INNER = a_flow(
    {
        "ask": {"confirm": ZH, "yes": "done", "no": "over"},
        "done": {"set": {"who": "'alice'"}, "goto": "back"},
        "back": {"return": "true"},
        "over": {"transfer": "6001"},
    },
    name="inner",
)
OTHER = a_flow({"hello": {"say": {"en": "Hello"}, "goto": "person"}}, name="other")
OUTER = a_flow(
    {
        "menu": {"menu": ZH, "keys": {"1": "into"}},
        "into": {"flow": "inner", "goto": "decide"},
        "decide": {
            "branch": [{"if": "who == 'alice'", "goto": "yes"}],
            "otherwise": "no",
        },
    }
)
ALL = FlowSet(
    flows={"main": OUTER, "inner": INNER, "other": OTHER},
    numbers={"6000": "main", "6001": "other"},
)


def test_a_flow_that_gives_back_goes_on_with_what_it_found_out() -> None:
    turns = walk(ALL, keys("11"))

    assert where(turns) == "q_yes"
    assert [fact.into for fact in told(turns, SubFlowEntered)] == ["inner"]  # type: ignore[attr-defined]
    assert [fact.back_to for fact in told(turns, SubFlowLeft)] == ["main"]  # type: ignore[attr-defined]


def test_zero_in_another_flow_reaches_its_own_person() -> None:
    assert where(walk(ALL, keys("10"))) == "q_inner"


BORROWING: dict[str, object] = {
    "menu": {"menu": ZH, "keys": {"1": "ask"}},
    "ask": {"look_up": "account", "goto": "back"},
    "back": {"return": "true"},
    "person": {"return": "person"},
}
"""Leaves its person, and what fails, to who walks it."""


def borrowing(*, on_failure: str | None = None) -> FlowSet:
    """Return a flow in a flow in a flow: only the outermost has a person."""
    inner = a_flow(BORROWING, name="inner")
    middle = a_flow(
        {"into": {"flow": "inner", "goto": "back"}, "back": {"return": "true"}}
        | {"person": {"return": "person"}},
        name="middle",
    )
    outer = a_flow(
        {"into": {"flow": "middle", "goto": "yes"}},
        defaults={"on_failure": on_failure} if on_failure else {},
    )
    return FlowSet(flows={"main": outer, "middle": middle, "inner": inner})


def test_a_flow_without_a_person_gives_back_for_that_of_who_walks_it() -> None:
    turns = walk(borrowing(), keys("0"))

    assert where(turns) == "q_main"
    assert [fact.back_to for fact in told(turns, SubFlowLeft)] == ["middle", "main"]  # type: ignore[attr-defined]
    assert turns[-1].walk.frames == ()


@pytest.mark.parametrize(("on_failure", "queue"), [(None, "q_main"), ("no", "q_no")])
def test_what_fails_there_leads_where_failures_of_who_walks_it_do(
    on_failure: str | None, queue: str
) -> None:
    flows = borrowing(on_failure=on_failure)

    failed = walk(flows, [*keys("1"), AskFailed(detail="away")])
    given_up = walk(flows, [KeyCame(key="7"), KeyCame(key="7")])

    assert (where(failed), where(given_up)) == (queue, queue)


def test_what_breaks_there_leads_to_the_person_of_who_walks_it() -> None:
    turns = walk(borrowing(), [Broke(detail="line")])

    assert where(turns) == "q_main"


def test_a_flow_without_a_person_that_nobody_walks_is_no_way_for_a_call() -> None:
    alone = a_flow(BORROWING)

    assert not alone.has_person
    with pytest.raises(TypeError, match="'main' has no person of its own"):
        walk(alone, keys("0"))


def test_a_transfer_walks_the_other_numbers_flow_for_good() -> None:
    turns = walk(ALL, [*keys("12"), Played()])

    assert where(turns) == "q_other"
    assert turns[-1].walk.frames == ()
    assert turns[-1].walk.language is Language.ZH


def test_a_flow_in_a_flow_in_a_flow_has_an_end() -> None:
    endless = a_flow({"into": {"flow": "main", "goto": "yes"}})

    turns = walk(endless, [])

    assert where(turns) == "q_main"
    assert len(told(turns, SubFlowEntered)) == 5


def test_a_flow_that_nobody_walked_into_gives_back_to_a_person() -> None:
    assert where(walk(a_flow({"back": {"return": "true"}}), [])) == "q_main"


# ---- queues, defaults, counts


def test_what_is_known_goes_along_with_the_call_but_no_secret() -> None:
    flow = a_flow(
        {
            "go": {
                "queue": "q_fault",
                "hears": {"zh": "请稍候"},
                "with": {"topic": "'fault'", "pin": "pin", "gone": "x"},
            }
        }
    )
    turns = walk(flow, [Played()], values={"pin": Secret("4711")})

    assert where(turns) == "q_fault"
    (described,) = told(turns, CallDescribed)
    assert described.notes == (Note(name="topic", value="fault"),)  # type: ignore[attr-defined]


def test_defaults_hold_where_a_step_says_nothing() -> None:
    flow = a_flow(
        {
            "ask": {"menu": ZH, "keys": {"1": "more"}},
            "more": {"menu": ZH, "keys": {"1": "yes"}, "timeout_s": "9", "tries": "2"},
        },
        defaults={
            "timeout_s": "7",
            "tries": "1",
            "on_failure": "no",
            "on_wrong": {"zh": "无效"},
        },
    )

    assert last_act(walk(flow, [Played()])) == Listen(limit_s=7)
    assert last_act(walk(flow, [*keys("1"), Played()])) == Listen(limit_s=9)
    assert where(walk(flow, keys("5"))) == "q_no"
    again = last_act(walk(flow, keys("15")))
    assert isinstance(again, Say)
    assert again.sounds[0] == Spoken(language=Language.ZH, text="无效")


def test_items_of_self_service_are_counted_when_begun_and_when_done() -> None:
    flow = a_flow(
        {
            "hello": {"say": ZH, "goto": "bye", "counts_as": "balance"},
            "bye": {"hang_up": ZH, "done": "balance"},
        }
    )

    turns = walk(flow, [Played(), Played()])

    assert [fact.item for fact in told(turns, ServiceBegun)] == ["balance"]  # type: ignore[attr-defined]
    assert [fact.item for fact in told(turns, ServiceDone)] == ["balance"]  # type: ignore[attr-defined]


def test_a_prompt_that_was_cut_short_is_told_with_how_far_it_came() -> None:
    flow = a_flow({"ask": {"confirm": ZH, "yes": "yes", "no": "no"}})

    heard = told(walk(flow, keys("1")), PromptHeard)

    assert [fact.interrupted_ms for fact in heard] == [1000]  # type: ignore[attr-defined]


ENDINGS = (CallRouted, FlowEnded)


def test_a_key_in_an_announcement_waits_for_the_first_prompt() -> None:
    flow = a_flow(
        {
            "know": {"look_up": "account", "goto": "menu"},
            "menu": {"menu": ZH, "keys": {"1": "yes"}},
        }
    )
    storm = Announced(name="storm", sounds=(Recorded(name="storm"),))
    now = fresh_walk(flow, ALICE, opening=(storm, storm))
    turns = []
    came: list[Input] = [Begun(), Answered(), Played(), KeyCame(key="1"), Found()]
    for second, one in enumerate(came):
        turns.append(take(FlowSet.of(flow), now, one, at(second)))
        now = turns[-1].walk

    assert where(turns) == "q_yes"
    heard = told(turns, AnnouncementHeard)
    assert [(one.name, one.interrupted_ms) for one in heard] == [  # type: ignore[attr-defined]
        ("storm", None),
        ("storm", 1000),
    ]
    assert [one.interrupted_ms for one in told(turns, PromptHeard)] == [0]  # type: ignore[attr-defined]


def test_the_walk_of_each_step_ends_once() -> None:
    turns = walk(ALL, keys("11"))

    assert turns[-1].walk.phase is Phase.OVER
    assert len([f for f in facts_of(turns) if isinstance(f, ENDINGS)]) == 1
