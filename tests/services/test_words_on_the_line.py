"""Real calls whose callers speak, press and cough; what listens fails in every way."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    CallRouted,
    FlowEnded,
    FlowEnding,
    HearingFailed,
    KeyPressed,
    PromptHeard,
    StepEntered,
    WordsHeard,
)
from acd.vocabulary.ids import CallId
from cti_bridge.agi.line import AgiLine
from cti_bridge.agi.server import AgiServer, Session
from cti_bridge.ami.connection import Connection
from cti_bridge.audiosocket.server import AudioServer
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.ports import Recogniser
from ivr.runner import Around, walk_flow
from ivr.sounds import Language, Sound, Spoken
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, Softphone, open_softphone
from services.phone.sound import FRAME_BYTES, FRAME_S
from services.runtime.prompting import prompt_store
from services.runtime.settings import read_settings
from tests.ivr.flows import flow_of
from tests.support.by_energy import ByEnergy, Fault
from tests.support.eventually import eventually
from tests.support.real_pbx import RealPbx, real_pbx

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("words_on_the_line")]

MENU = "停电报修请按一，电费查询请按二，报装请按三，其他业务请按四。"
FLOW = flow_of(
    {
        "welcome": {"say": {"zh": "您好，欢迎致电"}, "goto": "choices"},
        "choices": {
            "menu": {
                "zh": "停电报修请按一，电费查询请按二，报装请按三，其他业务请按四。"
            },
            "keys": {"1": "fault", "2": "bill", "3": "number", "4": "bill"},
            "words": {"1": {"zh": ["停电报修"]}, "2": {"zh": ["电费查询"]}},
            "timeout_s": 4,
            "tries": 1,
        },
        "fault": {"queue": "q_fault"},
        "bill": {"queue": "q_bill2"},
        "number": {
            "collect": {"zh": "请输入户号"},
            "as": "account",
            "digits": {"least": 6, "most": 6},
            "timeout_s": 6,
            "goto": "known",
        },
        "known": {"queue": "q_known"},
    }
)
PHRASE = Spoken(language=Language.ZH, text="家里停电报修")
LIMIT_S = 60.0
FAULT_QUEUE, BILL_QUEUE, PERSON_QUEUE = "q_fault", "q_bill2", "q_bill"

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Played:
    """What one call came to."""

    recogniser: ByEnergy
    audio: AudioServer
    facts: list[FlowFact] = field(default_factory=list)
    is_over: bool = False
    heard: bytes = b""
    """What the caller heard, up to the end of the walk."""
    spoke_s: float = 0.0
    """How long the caller spoke."""

    @property
    def listens(self) -> Recogniser:
        """Who listens to the caller."""
        return self.recogniser

    def of(self, kind: type[T]) -> list[T]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def ended(self) -> str:
        """The queue it came to, or how else the walk ended."""
        for fact in self.facts:
            if isinstance(fact, CallRouted):
                return str(fact.queue_id)
            if isinstance(fact, FlowEnded):
                return fact.ending.value
        return "nothing"

    @property
    def is_at_rest(self) -> bool:
        """Whether the menu was said to its end."""
        return any(it.step == "choices" for it in self.of(PromptHeard))

    def prompt(self, step: str) -> PromptHeard:
        return next(fact for fact in self.of(PromptHeard) if fact.step == step)

    @property
    def longest_silence_s(self) -> float:
        """How long the caller heard nothing, from the first sound on."""
        longest = now = 0
        for start in range(0, len(self.heard) - FRAME_BYTES, FRAME_BYTES):
            frame = array("h", self.heard[start : start + FRAME_BYTES])
            now = 0 if max(frame) > 300 else now + 1
            longest = max(longest, now)
        return longest * FRAME_S


@dataclass(slots=True, kw_only=True)
class Talk:
    """What a caller's script works with."""

    call: PhoneCall
    played: Played
    phrase: bytes

    async def until(self, holds: Callable[[], bool]) -> None:
        await eventually(holds, limit_s=LIMIT_S)

    async def in_menu(self, after_s: float = 1.0) -> None:
        """Wait until the menu is being said."""
        entered = self.played.of
        await self.until(lambda: any(f.step == "choices" for f in entered(StepEntered)))
        await asyncio.sleep(after_s)

    async def behind_menu(self, times: int = 1) -> None:
        def whole() -> bool:
            told = self.played.of(PromptHeard)
            said = [it for it in told if it.step == "choices"]
            return sum(it.interrupted_ms is None for it in said) >= times

        await self.until(whole)

    def speak(self) -> None:
        self.played.spoke_s = len(self.phrase) / 16000
        self.call.say(self.phrase)

    def cough(self) -> None:
        loud = self.phrase[: len(self.phrase) // 2]
        loud = loud[_first_loud(loud) :][: int(0.2 * 16000)]
        self.call.say(loud)


def _first_loud(pcm: bytes) -> int:
    samples = array("h", pcm)
    return 2 * next(n for n, it in enumerate(samples) if abs(it) > 4000)


async def presses(talk: Talk) -> None:
    await talk.in_menu()
    await talk.call.press("1")


async def types_a_number(talk: Talk) -> None:
    await talk.in_menu()
    await talk.call.press("3123456")


async def interrupts(talk: Talk) -> None:
    await talk.in_menu()
    talk.speak()


async def speaks_behind_the_prompt(talk: Talk) -> None:
    await talk.behind_menu()
    talk.speak()


async def coughs(talk: Talk) -> None:
    await talk.in_menu()
    talk.cough()
    await talk.behind_menu()
    await talk.call.press("2")


async def presses_while_speaking(talk: Talk) -> None:
    await talk.in_menu()
    talk.call.say(talk.phrase, repeat=True)
    await asyncio.sleep(1.5)
    await talk.call.press("2")


async def echoes(talk: Talk) -> None:
    """Give back what is heard, 18 dB below, while the menu is said."""
    given = len(talk.call.ear.pcm)
    while not talk.played.is_at_rest:
        heard = talk.call.ear.pcm[given:]
        given += len(heard)
        samples = array("h", heard)
        talk.call.say(array("h", (it // 8 for it in samples)).tobytes())
        await asyncio.sleep(0.1)
    await talk.call.press("2")


async def keeps_silent(_talk: Talk) -> None:
    pass


async def hangs_up(talk: Talk) -> None:
    await talk.in_menu()
    await talk.call.hang_up()


async def has_the_server_stopped(talk: Talk) -> None:
    await talk.in_menu()
    await talk.played.audio.close()
    await talk.behind_menu()
    await talk.call.press("2")


async def speaks_to_one_that_fails(talk: Talk) -> None:
    await talk.in_menu()
    talk.speak()
    await talk.until(lambda: bool(talk.played.of(HearingFailed)))
    await talk.behind_menu()
    await talk.call.press("2")


Script = Callable[[Talk], Coroutine[None, None, None]]
SCRIPTS: Mapping[str, tuple[Script, Fault]] = {
    "presses": (presses, ""),
    "types a number": (types_a_number, ""),
    "interrupts": (interrupts, ""),
    "speaks behind the prompt": (speaks_behind_the_prompt, ""),
    "coughs": (coughs, ""),
    "echoes": (echoes, ""),
    "presses while speaking": (presses_while_speaking, "hangs"),
    "keeps silent": (keeps_silent, ""),
    "is deaf": (speaks_behind_the_prompt, "deaf"),
    "hangs up": (hangs_up, ""),
    "server stops": (has_the_server_stopped, ""),
    "dies": (speaks_to_one_that_fails, "dies"),
    "hangs": (speaks_to_one_that_fails, "hangs"),
    "busy": (speaks_to_one_that_fails, "busy"),
}


class Hotline:
    """Walks each caller through the flow, listened to by their own recogniser."""

    def __init__(self, sounds: Mapping[Sound, str], flow: Flow = FLOW) -> None:
        self.sounds = sounds
        self.flow = flow
        self.calls: dict[str, Played] = {}

    async def serve(self, session: Session) -> None:
        line = AgiLine(session)
        came = await line.arrival()
        played = self.calls[came.caller_number]
        line = AgiLine(session, audio=played.audio)
        around = Around(
            sounds=self.sounds,
            tell=played.facts.append,
            now=lambda: datetime.now(UTC),
            recognisers={Language.ZH: played.listens},
        )
        try:
            flow_set = FlowSet.of(self.flow)
            await walk_flow(flow_set, "main", CallId(came.call_id), line, around=around)
        finally:
            played.is_over = True


@asynccontextmanager
async def heartbeat(pbx: RealPbx) -> AsyncIterator[None]:
    """Have the dialplan believe that an engine decides."""
    link = await Connection.open(pbx, epoch=1, nonce="n", sink=lambda _message: None)
    link.release()
    told = {"Variable": "CC_HB", "Value": str(int(time.time()) + 3600)}
    await link.act("Setvar", told)
    try:
        yield
    finally:
        link.close()


async def _call(
    name: str, number: str, phone: Softphone, *, hotline: Hotline, pbx: RealPbx
) -> Played:
    script, fault = SCRIPTS[name]
    audio = AudioServer()
    await audio.start(0)
    played = Played(recogniser=ByEnergy("停电报修", fault=fault), audio=audio)
    hotline.calls[number] = played
    call = await phone.dial("6000", line=Line(user=number, server=pbx.sip))
    await call.wait_answered(LIMIT_S)
    talk = Talk(call=call, played=played, phrase=_pcm(hotline.sounds[PHRASE]))
    acting = asyncio.create_task(script(talk))
    try:
        await eventually(lambda: played.is_over, limit_s=LIMIT_S)
        played.heard = call.ear.pcm
        await acting
        await eventually(lambda: audio.legs == 0)
        await call.hang_up()
    finally:
        acting.cancel()
        await audio.close()
    return played


def _pcm(path: str) -> bytes:
    return Path(f"{path}.wav").read_bytes()[44:]


async def _play_all(folder: Path) -> Mapping[str, Played]:
    store = prompt_store(read_settings(data=folder / "data"))
    sounds = await store.prepare_sounds([*FLOW.sounds(), PHRASE])
    hotline = Hotline(sounds)
    agi = AgiServer(hotline.serve)
    async with real_pbx(folder) as pbx, heartbeat(pbx):
        await agi.start("127.0.0.1", pbx.agi_port)
        own = Line(user="13800000000", server=pbx.sip)
        async with open_softphone(own, keeps_sound=True, calls=20) as phone:
            # Some at a time: the test shares its machine, and its own loop paces sound.
            places = asyncio.Semaphore(4)

            async def one(name: str, number: str) -> Played:
                async with places:
                    return await _call(name, number, phone, hotline=hotline, pbx=pbx)

            names = {name: f"138000001{n:02}" for n, name in enumerate(SCRIPTS)}
            ended = await asyncio.gather(*(one(*it) for it in names.items()))
        await agi.close()
    return dict(zip(names, ended, strict=True))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Played]:
    folder = tmp_path_factory.mktemp("words")
    folder.chmod(0o711)
    return asyncio.run(_play_all(folder))


def test_a_key_in_the_middle_of_a_prompt_cuts_it_short(
    calls: Mapping[str, Played],
) -> None:
    played = calls["presses"]

    assert played.ended == FAULT_QUEUE
    assert played.prompt("choices").interrupted_by == "key"
    assert [key.key for key in played.of(KeyPressed)] == ["1"]
    assert played.of(HearingFailed) == []


def test_keys_that_follow_each_other_fast_are_all_taken(
    calls: Mapping[str, Played],
) -> None:
    played = calls["types a number"]

    assert "".join(key.key for key in played.of(KeyPressed)) == "3123456"
    assert played.ended == "q_known"


def test_words_that_fit_cut_a_prompt_short(calls: Mapping[str, Played]) -> None:
    played = calls["interrupts"]
    [words] = played.of(WordsHeard)
    prompt = played.prompt("choices")

    assert played.ended == FAULT_QUEUE
    assert prompt.interrupted_by == "words"
    assert (words.recogniser, words.meant) == ("ByEnergy", "1")
    # It was cut when the words were heard, before the caller had finished.
    assert prompt.interrupted_ms is not None
    began = next(f for f in played.of(StepEntered) if f.step == "choices").at
    took_ms = (words.at - began).total_seconds() * 1000
    assert took_ms - prompt.interrupted_ms > 500, "it was not silent while they spoke"


def test_words_behind_a_prompt_are_taken(calls: Mapping[str, Played]) -> None:
    played = calls["speaks behind the prompt"]

    assert played.ended == FAULT_QUEUE
    assert played.prompt("choices").interrupted_ms is None
    assert len(played.of(WordsHeard)) == 1


def test_a_cough_cuts_nothing_short(calls: Mapping[str, Played]) -> None:
    played = calls["coughs"]

    assert played.recogniser.loud_s > 0.05, "nothing was heard of the cough"
    assert played.prompt("choices").interrupted_ms is None
    assert played.of(WordsHeard) == []
    assert played.ended == BILL_QUEUE


def test_our_own_prompt_given_back_cuts_nothing_short(
    calls: Mapping[str, Played],
) -> None:
    played = calls["echoes"]

    assert played.ended == BILL_QUEUE
    assert played.prompt("choices").interrupted_ms is None
    assert played.recogniser.streams == 0


def test_a_key_counts_while_the_caller_speaks(calls: Mapping[str, Played]) -> None:
    played = calls["presses while speaking"]

    assert played.ended == BILL_QUEUE
    assert played.prompt("choices").interrupted_ms is not None


def test_who_says_nothing_comes_to_a_person_and_takes_nobodys_time(
    calls: Mapping[str, Played],
) -> None:
    played = calls["keeps silent"]

    assert played.ended == PERSON_QUEUE
    assert (played.recogniser.streams, played.of(HearingFailed)) == (0, [])


def test_who_is_never_understood_comes_to_a_person(
    calls: Mapping[str, Played],
) -> None:
    played = calls["is deaf"]

    assert played.ended == PERSON_QUEUE
    assert played.recogniser.loud_s > 0.4
    assert [fact.step for fact in played.of(HearingFailed)] == ["choices"]


def test_who_hangs_up_leaves_nothing_behind(calls: Mapping[str, Played]) -> None:
    played = calls["hangs up"]

    assert played.ended == FlowEnding.CALLER_LEFT.value
    assert (played.audio.legs, played.audio.awaits) == (0, 0)


@pytest.mark.parametrize("what", ["server stops", "dies", "hangs", "busy"])
def test_whatever_breaks_the_caller_goes_on_by_keys(
    calls: Mapping[str, Played], what: str
) -> None:
    played = calls[what]

    assert played.of(HearingFailed)
    assert played.ended == BILL_QUEUE
    # Who speaks does not wait.
    assert played.longest_silence_s < 4 + played.spoke_s


def test_no_connection_was_refused(calls: Mapping[str, Played]) -> None:
    assert [played.audio.refusals for played in calls.values()] == [0] * len(calls)
