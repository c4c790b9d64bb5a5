"""A walk over a line: what is done to the line, and what is told, in order."""

from collections.abc import Sequence

import pytest

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import CallRouted, FlowEnded, FlowEnding
from ivr.ports import CallerGone
from ivr.runner import walk_flow
from tests.ivr.flows import ALICE, at, flow_of

FLOW = flow_of(
    {
        "welcome": {"say": {"zh": "您好"}, "goto": "choices"},
        "choices": {
            "menu": {"zh": "请选择"},
            "keys": {"1": "fault", "2": "bye"},
            "on_wrong": {"zh": "无效"},
        },
        "fault": {"queue": "q_fault", "skills": ["pq"]},
        "bye": {"hang_up": {"zh": "再见"}},
    }
)
SOUNDS = {sound: f"/prompts/{sound}" for sound in FLOW.sounds()}
NAMES = {path: path.split("'")[-2] for path in SOUNDS.values()}


class ScriptedLine:
    """A line whose caller does as the script says: a key, None, or an exception."""

    def __init__(self, script: Sequence[str | Exception | None]) -> None:
        self.script = list(script)
        self.done: list[object] = []

    def _next(self) -> str | None:
        came = self.script.pop(0) if self.script else None
        if isinstance(came, Exception):
            raise came
        return came

    async def answer(self) -> None:
        self.done.append("answer")

    async def play(self, sound: str, keys: str) -> str | None:
        self.done.append(NAMES[sound])
        key = self._next()
        return key if key is not None and key in keys else None

    async def listen(self, limit_s: float) -> str | None:
        self.done.append(limit_s)
        return self._next()

    async def wait_in_queue(
        self, queue_id: str, skills: frozenset[str], call_class: int | None = None
    ) -> None:
        self.done.append((queue_id, *sorted(skills)))
        self._next()

    async def hang_up(self) -> None:
        self.done.append("hang up")
        self._next()


async def run(
    script: Sequence[str | Exception | None],
    *,
    without: str = "",
) -> tuple[list[object], list[FlowFact]]:
    line = ScriptedLine(script)
    told: list[FlowFact] = []
    sounds = {sound: path for sound, path in SOUNDS.items() if NAMES[path] != without}
    await walk_flow(
        FLOW, ALICE, line, sounds=sounds, tell=told.append, now=lambda: at(0)
    )
    return line.done, told


async def test_a_caller_is_played_to_listened_to_and_queued() -> None:
    done, told = await run([None, None, "1"])

    assert done == ["answer", "您好", "请选择", 5.0, ("q_fault", "pq")]
    assert isinstance(told[-1], CallRouted)


async def test_a_key_stops_the_sounds_that_were_still_to_come() -> None:
    done, _ = await run([None, "5", "2", None])

    assert done == ["answer", "您好", "请选择", "无效", "再见", "hang up"]


async def test_a_caller_who_is_gone_is_told_and_the_line_let_go() -> None:
    done, told = await run([None, CallerGone("3f2a", "play")])

    assert done == ["answer", "您好", "请选择"]
    ended = told[-1]
    assert isinstance(ended, FlowEnded)
    assert ended.ending is FlowEnding.CALLER_LEFT


async def test_a_line_that_breaks_gives_the_caller_to_a_person() -> None:
    done, told = await run([None, OSError("no answer to STREAM FILE")])

    assert done == ["answer", "您好", "请选择", ("q_bill",)]
    ended = told[-1]
    assert isinstance(ended, FlowEnded)
    assert ended.ending is FlowEnding.FAILED
    assert ended.detail == "OSError: no answer to STREAM FILE"


async def test_a_prompt_that_was_not_prepared_gives_the_caller_to_a_person() -> None:
    done, told = await run([], without="请选择")

    assert done == ["answer", "您好", ("q_bill",)]
    ended = told[-1]
    assert isinstance(ended, FlowEnded)
    assert ended.detail == (
        "SoundMissing: Spoken(language=<Language.ZH: 'zh'>, text='请选择'): "
        "not prepared; prompts are made at the start"
    )


async def test_a_line_that_cannot_give_the_caller_away_is_left_to_the_dialplan() -> (
    None
):
    with pytest.raises(OSError, match="reset"):
        await run([None, OSError("broken"), OSError("reset")])


async def test_a_caller_gone_while_being_given_away_is_told_once() -> None:
    _, told = await run([None, None, "1", CallerGone("3f2a", "wait_in_queue")])

    endings = [fact for fact in told if isinstance(fact, CallRouted | FlowEnded)]
    assert [type(fact) for fact in endings] == [CallRouted]
