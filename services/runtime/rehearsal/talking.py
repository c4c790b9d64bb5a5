"""One case spoken into a telephone: words where they are awaited, keys where not."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from acd.vocabulary.fact import FactOf
from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import CallArrived, CallRouted, FlowEnded, StepEntered
from acd.vocabulary.leg_facts import CallQueued
from services.flows.script import Leave, Press, Speak
from services.flows.speaking import Do, SpeakingCaller, Turn, Utter
from services.phone.errors import CallIsOver, CallNotAnswered
from services.phone.phone_call import PhoneCall
from services.phone.sound import CALLER_HZ, SAMPLE_RATE_HZ, voice_like
from services.runtime.rehearsal.facts_told import FactsTold
from services.runtime.rehearsal.playing import (
    ANSWER_LIMIT_S,
    END_LIMIT_S,
    SILENT_LIMIT_S,
    Caller,
    end_of,
)

_TONE_S, _TONE_LIMIT_S = 0.06, 8.0
_BREATH_S = 0.25
"""Nobody answers a prompt in the instant in which it ends."""


@dataclass(slots=True, kw_only=True)
class Talked:
    """What became of one call."""

    turns: list[Turn] = field(default_factory=list)
    astray: int = 0
    end: str = ""
    """Where it ended, as a case names it; empty where it came to no end."""
    problem: str = ""
    """Why it came to none."""
    call_id: str = ""
    steps: list[str] = field(default_factory=list)
    sound: bytes = b""
    """What was heard; empty unless the phone keeps it."""

    @property
    def is_by_words(self) -> bool:
        """Whether the call came to its end by all its words, and by them alone."""
        return all(turn.is_understood for turn in self.turns) and not self.astray

    @property
    def by_keys(self) -> int:
        """How many of the words were not understood, and ended by keys."""
        return sum(bool(turn.keys) for turn in self.turns)


async def talk(
    speaking: SpeakingCaller,
    caller: Caller,
    told: FactsTold,
    *,
    sounds: Mapping[str, bytes],
    hiss: bytes,
) -> Talked:
    """Place one call, and speak in it until it is over.

    Args:
        speaking: What is said when.
        caller: Who calls what.
        told: What calls tell.
        sounds: The words, as PCM.
        hiss: What is heard of the line between them, repeated.
    """
    call = await caller.phone.dial(caller.number, line=caller.line)
    talker = _Talker(speaking, call, told, sounds, hiss)
    try:
        await talker.run()
    finally:
        talker.quiet()
        await call.hang_up()
    talked = talker.talked
    talked.turns, talked.astray = speaking.turns, speaking.astray
    talked.sound = call.ear.pcm
    return talked


class _Talker:
    """One caller who speaks."""

    def __init__(
        self,
        speaking: SpeakingCaller,
        call: PhoneCall,
        told: FactsTold,
        sounds: Mapping[str, bytes],
        hiss: bytes,
    ) -> None:
        self._speaking = speaking
        self._call = call
        self._told = told
        self._sounds = sounds
        self._hiss = hiss
        self._is_queued = False
        self._words: asyncio.Task[None] | None = None
        self.talked = Talked()

    def quiet(self) -> None:
        """Stop saying what is being said."""
        if self._words is not None:
            self._words.cancel()

    async def run(self) -> None:
        try:
            await self._call.wait_answered(ANSWER_LIMIT_S)
        except CallNotAnswered as refusal:
            self.talked.problem = str(refusal)
            return
        self._call.say(self._hiss, repeat=True)
        try:
            await self._through()
        except CallIsOver:
            self.talked.problem = "the line was gone"

    async def _through(self) -> None:
        talked = self.talked
        while not talked.end:
            fact = await self._next(SILENT_LIMIT_S)
            if fact is None:
                talked.problem = "nothing more was told"
                return
            match fact:
                case CallArrived(call_id=call_id):
                    talked.call_id = call_id
                case CallQueued():
                    self._is_queued = True
                case CallRouted() | FlowEnded():
                    talked.end = end_of(fact)
                case StepEntered(flow=flow, step=step):
                    talked.steps.append(f"{flow}.{step}")
                case _:
                    """The caller may have something to do."""
            if isinstance(fact, get_args(FlowFact)):
                do = self._speaking.told(fact)
                if do is not None:
                    await self._do(do)
        await self._ended()

    async def _do(self, do: Do) -> None:
        self.quiet()
        match do:
            case Utter(text=text):
                await asyncio.sleep(_BREATH_S)
                self._words = asyncio.create_task(self._say(self._sounds[text]))
            case Press(key=key):
                await self._call.press(key)
            case Speak(length_s=length_s, end_key=key):
                await self._call.wait_heard(_TONE_S, timeout_s=_TONE_LIMIT_S)
                self._call.say(voice_like(CALLER_HZ), repeat=True)
                await asyncio.sleep(length_s)
                self._call.say(self._hiss, repeat=True)
                await self._call.press(key)
            case Leave():
                await self._call.hang_up()

    async def _say(self, words: bytes) -> None:
        try:
            self._call.say(words)
            await asyncio.sleep(len(words) / 2 / SAMPLE_RATE_HZ)
        finally:
            self._call.say(self._hiss, repeat=True)

    async def _ended(self) -> None:
        talked = self.talked
        if talked.end.startswith("queue "):
            while not self._is_queued:
                fact = await self._next(END_LIMIT_S)
                if fact is None:
                    talked.problem = "never came to the queue"
                    return
                self._is_queued = isinstance(fact, CallQueued)
        elif talked.end == "hang up":
            ending = await self._call.wait_ended(END_LIMIT_S)
            if ending is None or ending.by != "them":
                talked.problem = "the hotline did not hang up"

    async def _next(self, limit_s: float) -> FactOf | None:
        try:
            async with asyncio.timeout(limit_s):
                return await self._told.of(self._call.sip_call_id).get()
        except TimeoutError:
            return None
