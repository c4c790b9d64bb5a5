"""Who waits in a queue presses keys, and is told something meanwhile."""

from collections.abc import Iterable

import pytest

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import CallRouted, FlowEnded, KeyPressed, PromptHeard
from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.noted import noted, walk_of
from ivr.ports import Asks, CallerGone
from ivr.runner import Around, walk_on
from ivr.turns import (
    Act,
    Answered,
    Begun,
    Broke,
    CallerLeft,
    Input,
    KeyCame,
    LeaveLine,
    LetGo,
    LineKept,
    LineLeft,
    Played,
    Queue,
    Say,
    Stay,
    WordsDue,
)
from ivr.values import Values
from ivr.walk import IN_LINE, TAKES, InputOutOfPlace, Phase, Turn, Walk, fresh_walk
from tests.ivr.flows import ALICE, at, facts_of, flow_of
from tests.ivr.test_a_runner import ScriptedLine

ZH = {"zh": "请说"}
FLOW = flow_of(
    {
        "line": {
            "queue": "q_fault",
            "keys": {"1": "aside", "2": "place", "*": "aside"},
            "meanwhile": {"zh": "请继续等候"},
            "each_s": "30",
        },
        "place": {"say": {"zh": "前面还有{wait.place:number}位"}, "goto": "line"},
        "aside": {"menu": ZH, "keys": {"1": "line", "2": "over"}},
        "over": {"hang_up": ZH},
    }
)
FLOWS = FlowSet.of(FLOW)


def after(came: Iterable[Input], *, around: Values = {}) -> list[Turn]:  # noqa: B006 - only read
    walk, turns = fresh_walk(FLOW, ALICE), []
    for second, one in enumerate([Begun(), Answered(), *came]):
        turns.append(take(FLOWS, walk, one, at(second), around))
        walk = turns[-1].walk
    return turns


def told(turns: list[Turn]) -> list[str]:
    return [type(fact).__name__ for fact in facts_of(turns)]


def test_who_waits_is_known_to_wait_and_for_which_keys() -> None:
    act = after([])[-1].act

    assert isinstance(act, Queue)
    assert (act.queue_id, act.keys, act.tells_each_s) == ("q_fault", "*12", 30)
    assert after([])[-1].walk.phase is Phase.WAITING


def test_a_saying_that_comes_back_is_heard_in_the_line() -> None:
    turns = after([KeyCame(key="2"), Played()], around={"wait.place": 3})

    assert isinstance(turns[-2].act, Say)
    assert "三" in str(turns[-2].act.sounds)
    assert turns[-1].act == Stay()
    assert told(turns[2:]) == ["KeyPressed", "StepEntered", "PromptHeard"]


def test_any_other_key_asks_to_leave_the_line_first() -> None:
    turns = after([KeyCame(key="1")])

    assert turns[-1].act == LeaveLine(step="line", key="1")
    assert told(turns[2:]) == ["KeyPressed"]


def test_who_has_left_the_line_walks_on_and_may_come_back() -> None:
    turns = after([KeyCame(key="1"), LineLeft(), KeyCame(key="1")])

    assert isinstance(turns[-2].act, Say)
    assert isinstance(turns[-1].act, Queue)
    assert turns[-1].walk.phase is Phase.WAITING
    routed = [fact for fact in facts_of(turns) if isinstance(fact, CallRouted)]
    assert [fact.step for fact in routed] == ["line", "line"]


@pytest.mark.parametrize("came", [LineKept(), Broke(detail="x")])
def test_where_an_agent_has_answered_the_caller_stays(came: Input) -> None:
    turns = after([KeyCame(key="1"), came])

    assert turns[-1].act == Stay()
    assert turns[-1].walk.phase is Phase.WAITING


@pytest.mark.parametrize("key", ["0", "7", "#"])
def test_a_key_that_means_nothing_does_nothing(key: str) -> None:
    turns = after([KeyCame(key=key)])

    assert turns[-1].act == Stay()
    pressed = [fact for fact in facts_of(turns) if isinstance(fact, KeyPressed)]
    assert [fact.is_choice for fact in pressed] == [False]


def test_words_are_said_meanwhile_and_a_key_cuts_them_short() -> None:
    turns = after([WordsDue(), KeyCame(key="1")])

    assert isinstance(turns[-2].act, Say)
    assert turns[-2].act.keys == "*12"
    assert turns[-1].act == LeaveLine(step="line", key="1")
    heard = [fact for fact in facts_of(turns) if isinstance(fact, PromptHeard)]
    assert [fact.interrupted_ms for fact in heard] == [1000]


def test_an_answer_in_the_middle_of_words_is_no_end_of_the_flow() -> None:
    turns = after([WordsDue(), CallerLeft()])

    assert turns[-1].act == LetGo()
    assert not [fact for fact in facts_of(turns) if isinstance(fact, FlowEnded)]


def test_words_that_cannot_be_said_leave_the_caller_waiting() -> None:
    assert after([WordsDue(), Broke(detail="no sound")])[-1].act == Stay()


EVERY: list[Input] = [
    Begun(),
    Played(),
    KeyCame(key="1"),
    KeyCame(key="2"),
    KeyCame(key="9"),
    WordsDue(),
    LineLeft(),
    LineKept(),
    CallerLeft(),
    Broke(detail="x"),
]
STILL: tuple[type[Act], ...] = (Stay, LetGo, Say, LeaveLine)


@pytest.mark.parametrize("phase", sorted(IN_LINE))
@pytest.mark.parametrize("came", EVERY, ids=repr)
def test_only_a_line_that_was_left_leads_out_of_it(phase: Phase, came: Input) -> None:
    walk = Walk(
        call_id=ALICE,
        flow="main",
        step="line",
        line="line",
        leads="aside" if phase is Phase.LEAVING else "",
        language=FLOW.language,
        phase=phase,
    )
    if type(came) not in TAKES[phase]:
        with pytest.raises(InputOutOfPlace):
            take(FLOWS, walk, came, at(0))
        return

    turn = take(FLOWS, walk, came, at(0))

    assert (turn.walk.phase in IN_LINE) is not isinstance(came, LineLeft)
    if turn.walk.phase in IN_LINE:
        assert isinstance(turn.act, STILL)


def test_a_later_process_goes_on_by_what_is_noted_on_the_leg() -> None:
    walk = after([])[-1].walk

    again = walk_of(noted(walk), FLOWS, ALICE, {"caller": "138"})

    assert again is not None
    assert (again.flow, again.line, again.phase) == ("main", "line", Phase.WAITING)
    assert (again.nth, again.values) == (walk.nth, {"caller": "138"})


@pytest.mark.parametrize(
    "text",
    [
        *("", "zh", "zh:0:3", "zh:0:3:main", "xx:0:3:main.line", "zh:0:x:main.line"),
        *("zh:0:3:gone.line", "zh:0:3:main.gone", "zh:0:3:main.aside"),
        "zh:0:3:main.aside:main.line",
    ],
)
def test_what_these_flows_do_not_have_is_no_walk(text: str) -> None:
    assert walk_of(text, FLOWS, ALICE) is None


class Line(ScriptedLine):
    """Tells that something was played, whatever it was."""

    async def play(self, sound: str, keys: str) -> str | None:
        self.done.append("play")
        return self._next()


async def run(
    came: Input, script: list[str | Exception | None], *, may_leave: bool
) -> tuple[list[object], list[FlowFact], Walk]:
    line, facts = Line(script), list[FlowFact]()

    async def leave(_call_id: CallId, _act: LeaveLine, _walk: Walk) -> bool:
        return may_leave

    sounds = dict.fromkeys(FLOW.sounds(), "x")
    around = Around(sounds=sounds, tell=facts.append, now=lambda: at(0), leave=leave)
    walk = await walk_on(FLOWS, after([])[-1].walk, came, line, around=around)
    return line.done, facts, walk


async def test_the_leg_is_noted_to_be_in_a_flow_once_the_line_is_left() -> None:
    done, _, walk = await run(KeyCame(key="1"), [None, "1"], may_leave=True)

    assert done[0] == "leave line"
    queue = done[-1]
    assert isinstance(queue, tuple)
    assert queue[0] == "q_fault"
    assert queue[-1] == Asks(keys="*12", each_s=30, walk=noted(walk))


async def test_the_line_is_not_touched_where_the_caller_stays() -> None:
    done, facts, walk = await run(KeyCame(key="1"), [], may_leave=False)

    assert done == []
    assert [type(fact).__name__ for fact in facts] == ["KeyPressed"]
    assert walk.phase is Phase.WAITING


async def test_a_line_that_an_agent_took_ends_nothing() -> None:
    gone = CallerGone("3f2a", "play")

    _, facts, walk = await run(WordsDue(), [gone], may_leave=True)

    assert [type(fact).__name__ for fact in facts] == ["PromptHeard"]
    assert walk.phase is Phase.WAITING
