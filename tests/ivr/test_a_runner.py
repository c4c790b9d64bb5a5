"""A walk over a line: what is done to the line, and what is told, in order."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    AnnouncementHeard,
    CallRouted,
    FlowEnded,
    FlowEnding,
    HearingFailed,
    KeyTimedOut,
    LookedUp,
    LookUpOutcome,
    PromptHeard,
    WordsHeard,
)
from ivr import doing, runner
from ivr.flow_set import FlowSet
from ivr.lookups import NOTHING, LookUp, LookUps
from ivr.ports import (
    Asks,
    BackOffice,
    CallerGone,
    Ears,
    Heard,
    HearingBroke,
    KeyHeard,
    Message,
    NoBackOffice,
    NothingHeard,
    Recognised,
    WordsSpoken,
)
from ivr.runner import Around, Speak, mute, walk_flow
from ivr.sounds import Announced, Language, Sound, Spoken
from ivr.turns import Found, Question
from ivr.understanding.grammar import Grammar
from ivr.understanding.outcome import Said
from tests.ivr.flows import ALICE, at, flow_of

FLOW = flow_of(
    {
        "welcome": {"say": {"zh": "您好"}, "goto": "choices"},
        "choices": {
            "menu": {"zh": "请选择"},
            "keys": {"1": "fault", "2": "bye"},
            "words": {"1": {"zh": ["停电报修"]}},
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

    def __init__(
        self,
        script: Sequence[str | Exception | None],
        heard: Sequence[Heard] = (),
    ) -> None:
        self.script = list(script)
        self.heard = list(heard)
        self.done: list[object] = []
        self.fits: list[bool] = []

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

    async def hear(
        self, sounds: Sequence[str], keys: str, limit_s: float, *, ears: Ears
    ) -> Heard:
        self.done.append(("hear", *(NAMES[sound] for sound in sounds), limit_s))
        came = self.heard.pop(0) if self.heard else NothingHeard()
        self.fits.append(ears.fits((Said("停电报修"),)))
        return came

    async def record(self, name: str, limit_s: float, keys: str) -> Message:
        self.done.append(("record", limit_s, keys))
        return Message(length_s=3, key=self._next())

    async def wait_in_queue(
        self,
        queue_id: str,
        skills: frozenset[str],
        call_class: int | None = None,
        *,
        asks: Asks | None = None,
    ) -> None:
        told = () if asks is None else (asks,)
        self.done.append((queue_id, *sorted(skills), *told))
        self._next()

    async def leave_line(self) -> None:
        self.done.append("leave line")
        self._next()

    async def hang_up(self) -> None:
        self.done.append("hang up")
        self._next()


async def run(
    script: Sequence[str | Exception | None],
    *,
    without: str = "",
    opening: tuple[Announced, ...] = (),
) -> tuple[list[object], list[FlowFact]]:
    line = ScriptedLine(script)
    told: list[FlowFact] = []
    sounds = {sound: path for sound, path in SOUNDS.items() if NAMES[path] != without}
    around = Around(sounds=sounds, tell=told.append, now=lambda: at(0), opening=opening)
    await walk_flow(FlowSet.of(FLOW), "main", ALICE, line, around=around)
    return line.done, told


def announced(name: str, text: str) -> Announced:
    return Announced(name=name, sounds=(Spoken(language=Language.ZH, text=text),))


def heard_of(told: list[FlowFact]) -> list[tuple[str, int | None]]:
    facts = [fact for fact in told if isinstance(fact, AnnouncementHeard)]
    return [(fact.name, fact.interrupted_ms) for fact in facts]


class Unasked:
    """A recogniser whose line does not ask it."""

    def hear(
        self, sound: AsyncIterator[bytes], grammar: Grammar, deadline_s: float
    ) -> AsyncIterator[Recognised]:
        raise NotImplementedError


RECOGNISERS = {Language.ZH: Unasked()}


async def run_by_words(
    heard: Sequence[Heard],
    script: Sequence[str | None] = (),
    recognisers: Mapping[Language, Unasked] = RECOGNISERS,
) -> tuple[ScriptedLine, list[FlowFact]]:
    line, told = ScriptedLine(script, heard), list[FlowFact]()
    around = Around(
        sounds=SOUNDS, tell=told.append, now=lambda: at(0), recognisers=recognisers
    )
    await walk_flow(FlowSet.of(FLOW), "main", ALICE, line, around=around)
    return line, told


SAID = (Said("停电报修", 0.9),)


async def test_words_are_listened_to_where_somebody_listens_in_the_language() -> None:
    spoken = WordsSpoken(said=SAID, after_ms=700, took_ms=80)

    line, told = await run_by_words([NothingHeard(), spoken])
    assert line.done == [
        "answer",
        ("hear", "您好", 0),
        ("hear", "请选择", 0),
        ("q_fault", "pq"),
    ]
    assert line.fits == [True, True], "what is asked next may be said ahead"
    [prompt] = [f for f in told if isinstance(f, PromptHeard) and f.interrupted_by]
    assert (prompt.interrupted_by, prompt.interrupted_ms) == ("words", 700)
    [words] = [fact for fact in told if isinstance(fact, WordsHeard)]
    assert (words.recogniser, words.took_ms, words.meant) == ("Unasked", 80, "1")


async def test_where_nobody_listens_in_the_language_keys_count_alone() -> None:
    line, _ = await run_by_words([], [None, "1"], {Language.EN: Unasked()})

    assert line.done == ["answer", "您好", "请选择", ("q_fault", "pq")]


async def test_what_nobody_can_cut_short_is_not_listened_to() -> None:
    line, _ = await run_by_words([NothingHeard(), KeyHeard(key="2", after_ms=5)])

    assert line.done[-2:] == ["再见", "hang up"]


async def test_behind_a_break_the_same_step_goes_on_by_keys() -> None:
    broke = HearingBroke(detail="killed", played=0, left_s=0)

    line, told = await run_by_words([NothingHeard(), broke], [None, "1"])
    assert line.done == [
        "answer",
        ("hear", "您好", 0),
        ("hear", "请选择", 0),
        "请选择",
        5.0,
        ("q_fault", "pq"),
    ]
    [failed] = [fact for fact in told if isinstance(fact, HearingFailed)]
    assert (failed.step, failed.detail) == ("choices", "killed")


async def test_a_wait_that_broke_goes_on_for_what_is_left_of_it() -> None:
    broke = HearingBroke(detail="killed", played=0, left_s=1.5)

    line, _ = await run_by_words([NothingHeard(), NothingHeard(), broke], ["1"])

    assert line.done[-3:] == [("hear", 5.0), 1.5, ("q_fault", "pq")]


async def test_who_spoke_to_what_broke_is_asked_once_more_and_was_not_silent() -> None:
    broke = HearingBroke(detail="killed", played=0, left_s=0, was_spoken=True)

    line, told = await run_by_words(
        [NothingHeard(), NothingHeard(), broke, KeyHeard(key="1", after_ms=5)], []
    )

    assert not [fact for fact in told if isinstance(fact, KeyTimedOut)]
    [words] = [fact for fact in told if isinstance(fact, WordsHeard)]
    assert (words.text, words.outcome.value) == ("", "refused")
    assert line.done[-1] == ("q_fault", "pq")


async def test_after_two_breaks_nobody_listens_to_the_call_any_more() -> None:
    broke = HearingBroke(detail="killed", played=0, left_s=0)

    line, told = await run_by_words([broke, broke], [None, None, "5", None, "1"])

    assert [it for it in line.done if "hear" in str(it)] == [
        ("hear", "您好", 0),
        ("hear", "请选择", 0),
    ]
    assert sum(isinstance(fact, HearingFailed) for fact in told) == 2


async def test_a_caller_is_played_to_listened_to_and_queued() -> None:
    done, told = await run([None, None, "1"])

    assert done == ["answer", "您好", "请选择", 5.0, ("q_fault", "pq")]
    assert isinstance(told[-1], CallRouted)


async def test_a_key_stops_the_sounds_that_were_still_to_come() -> None:
    done, _ = await run([None, "5", "2", None])

    assert done == ["answer", "您好", "请选择", "无效", "再见", "hang up"]


async def test_an_opening_is_said_once_before_all_else_and_cut_short_by_a_key() -> None:
    again = (announced("storm", "再见"), announced("works", "无效"))

    done, told = await run([None, None, None, None, "1"], opening=again)
    assert done == ["answer", "再见", "无效", "您好", "请选择", 5.0, ("q_fault", "pq")]
    assert heard_of(told) == [("storm", None), ("works", None)]

    # The key ends what was still to be said, as in any prompt.
    done, told = await run(["5", None, "1"], opening=again)
    assert done == ["answer", "再见", "请选择", 5.0, ("q_fault", "pq")]
    assert heard_of(told) == [("storm", 0)]


async def test_an_opening_that_cannot_be_said_is_left_out() -> None:
    unknown = (announced("silent", "无声"), announced("storm", "再见"))

    done, told = await run([None, None, None, "1"], opening=unknown)

    assert done == ["answer", "再见", "您好", "请选择", 5.0, ("q_fault", "pq")]
    assert heard_of(told) == [("storm", None)]


async def test_who_leaves_during_an_opening_heard_a_part_of_it() -> None:
    storm = (announced("storm", "再见"),)

    _, told = await run([CallerGone("3f2a", "play")], opening=storm)

    assert heard_of(told) == [("storm", 0)]
    assert isinstance(told[-1], FlowEnded)
    assert told[-1].ending is FlowEnding.CALLER_LEFT


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
        "SoundMissing: Spoken(language=<Language.ZH: 'zh'>, text='请选择', "
        "is_slow=False): "
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


ASKING = flow_of(
    {
        "account": {
            "look_up": "account",
            "as": "customer",
            "goto": "tell",
            "failed": "sorry",
        },
        "tell": {"say": {"zh": "您好{customer.name}"}, "goto": "note"},
        "note": {"record": {"zh": "请留言"}, "as": "note", "goto": "bye"},
        "sorry": {"hang_up": {"zh": "查询失败"}},
        "bye": {"hang_up": {"zh": "再见", "file": "bye"}},
    }
)
READY: dict[Sound, str] = {
    sound: f"/{sound.text}" for sound in ASKING.sounds() if isinstance(sound, Spoken)
}


class Answering:
    """Another system that answers as it is told."""

    def __init__(self, answer: Found | Exception, *, after_s: float = 0) -> None:
        self.answer = answer
        self.after_s = after_s
        self.asked: list[Question] = []

    async def ask(self, call_id: str, question: Question) -> Found:
        self.asked.append(question)
        await asyncio.sleep(self.after_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class PlainLine(ScriptedLine):
    """A line that notes what was played by its path."""

    async def play(self, sound: str, keys: str) -> str | None:
        self.done.append(sound)
        return self._next()


async def asking(
    back_office: BackOffice,
    script: Sequence[str | Exception | None] = (),
    *,
    speak: Speak = mute,
    look_ups: LookUps = NOTHING.look_ups,
) -> tuple[list[object], list[FlowFact]]:
    line, told = PlainLine(script), list[FlowFact]()
    around = Around(
        sounds=READY,
        tell=told.append,
        now=lambda: at(0),
        back_office=back_office,
        speak=speak,
    )
    flow_set = FlowSet(flows={"main": ASKING}, look_ups=look_ups)
    await walk_flow(flow_set, "main", ALICE, line, around=around)
    return line.done, told


FOUND = Found(values={"name": "王五"})


async def test_what_another_system_found_is_spoken_and_a_file_that_is_missing_too() -> (
    None
):
    async def speak(sound: Sound) -> str | None:
        return f"/made/{sound.text}" if isinstance(sound, Spoken) else None

    done, _ = await asking(Answering(FOUND), speak=speak)

    assert done == [
        *("answer", "/您好", "/made/王五", "/请留言"),
        *(("record", 60, "#0"), "/再见", "hang up"),
    ]


async def test_what_cannot_be_made_is_left_out() -> None:
    done, _ = await asking(Answering(FOUND))

    assert done[:3] == ["answer", "/您好", "/请留言"]


async def test_a_voice_that_takes_too_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def speak(_sound: Sound) -> str | None:
        await asyncio.sleep(60)
        return "/too/late"

    monkeypatch.setattr(runner, "SPEAK_LIMIT_S", 0.05)
    done, _ = await asking(Answering(FOUND), speak=speak)

    assert done[:3] == ["answer", "/您好", "/请留言"]


async def test_a_failure_goes_its_way_and_tells_nothing_of_what_was_asked() -> None:
    done, told = await asking(Answering(OSError("pin 4711 refused")))

    assert done == ["answer", "/查询失败", "hang up"]
    (asked,) = (fact for fact in told if isinstance(fact, LookedUp))
    assert (asked.outcome, asked.detail) == (LookUpOutcome.FAILED, "OSError")


async def test_an_answer_that_takes_its_time_is_waited_for_with_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "WAIT_HEARD_AFTER_S", 0.01)
    monkeypatch.setattr(runner, "WAIT_HEARD_AGAIN_S", 0.01)

    done, _ = await asking(Answering(FOUND, after_s=0.3))

    assert done[:3] == ["answer", "/正在查询，请稍候。", "/正在查询，请稍候。"]
    assert done[-1] == "hang up"


async def test_no_words_are_begun_where_the_other_systems_own_limit_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "WAIT_HEARD_AFTER_S", 0.01)
    account = LookUp(asks="account", limit_s=2)
    look_ups = LookUps(look_ups={"account": account}, sms_limit_s=10)

    done, _ = await asking(Answering(FOUND, after_s=0.3), look_ups=look_ups)

    assert done[:2] == ["answer", "/您好"]


async def test_words_are_said_where_the_other_system_passes_its_own_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "LATE_S", 0.0)
    account = LookUp(asks="account", limit_s=0.05)
    look_ups = LookUps(look_ups={"account": account}, sms_limit_s=10)

    done, _ = await asking(Answering(FOUND, after_s=0.3), look_ups=look_ups)

    assert done[:2] == ["answer", "/正在查询，请稍候。"]


async def test_an_answer_that_never_comes_is_a_failure_at_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doing, "ASK_LIMIT_S", 0.05)

    done, told = await asking(Answering(FOUND, after_s=60))

    assert done == ["answer", "/查询失败", "hang up"], "too short for words"
    (asked,) = (fact for fact in told if isinstance(fact, LookedUp))
    assert asked.detail == "no answer within 0.05 s"


async def test_zero_in_the_words_of_the_wait_reaches_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "WAIT_HEARD_AFTER_S", 0.01)

    done, _ = await asking(Answering(FOUND, after_s=60), ["0"])

    assert done == ["answer", "/正在查询，请稍候。", ("q_bill",)]


async def test_what_was_made_for_a_caller_who_left_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "WAIT_HEARD_AFTER_S", 0.01)
    gone = CallerGone("3f2a", "play")

    _, told = await asking(Answering(FOUND, after_s=0.1), [gone, gone])

    (asked,) = (fact for fact in told if isinstance(fact, LookedUp))
    assert asked.outcome is LookUpOutcome.FOUND
    assert isinstance(told[-1], FlowEnded)


async def test_a_message_that_cannot_be_taken_down_is_a_failure_of_its_step() -> None:
    done, told = await asking(Answering(FOUND), [None, None, OSError("disk full")])

    assert done[-1] == ("q_bill",)
    assert isinstance(told[-1], CallRouted)


async def test_without_other_systems_every_question_fails() -> None:
    done, _ = await asking(NoBackOffice())

    assert done == ["answer", "/查询失败", "hang up"]
