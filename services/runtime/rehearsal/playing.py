"""One case played on a telephone: keys when they are awaited, and what it told."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import get_args

from acd.vocabulary.fact import FactOf
from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    CallArrived,
    CallRouted,
    FlowEnded,
    FlowEnding,
)
from acd.vocabulary.leg_facts import CallQueued
from services.flows.script import Leave, Move, Press, Script, Speak
from services.phone.errors import CallIsOver, CallNotAnswered
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, Softphone
from services.phone.sound import CALLER_HZ, voice_like
from services.runtime.rehearsal.facts_told import FactsTold

ANSWER_LIMIT_S = 30.0
SILENT_LIMIT_S = 120.0
"""No prompt is so long; who hears that nothing more is told for so long gives up."""
END_LIMIT_S = 20.0
_TONE_S, _TONE_LIMIT_S = 0.06, 8.0
"""The tone behind which a message is spoken, and how long it is waited for."""

LineOf = Callable[[FlowFact], str | None]
"""What a fact tells of the way; None where it does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a call left the way of its case."""

    after: str
    """What both told last."""
    expected: str
    found: str


@dataclass(slots=True, kw_only=True)
class Played:
    """What became of one call."""

    lines: list[str] = field(default_factory=list)
    """What it told of its way."""
    end: str = ""
    """Where it ended, as a case names it; empty where it came to no end."""
    difference: Difference | None = None
    call_id: str = ""
    sound: bytes = b""
    """What was heard; empty unless the phone keeps it."""
    lost_bytes: int = 0
    """What of it came and was lost, since this machine was too busy."""
    set_up_s: float | None = None
    """From the INVITE to the answer; None where nobody answered."""
    way_s: float | None = None
    """From the answer to the end of the flow; None where it came to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and by which phone."""

    phone: Softphone
    line: Line
    number: str


async def play(
    script: Script, caller: Caller, told: FactsTold, *, line_of: LineOf
) -> Played:
    """Place one call and go the way of a script, up to where it is left.

    Args:
        script: What to do when.
        caller: Who calls what.
        told: What calls tell.
        line_of: What counts of that.
    """
    call = await caller.phone.dial(caller.number, line=caller.line)
    player = _Player(script, call, told, line_of)
    try:
        await player.run()
    finally:
        await call.hang_up()
    player.played.sound, player.played.lost_bytes = call.ear.pcm, call.lost_bytes
    return player.played


class _Player:
    """One caller on the way of a script."""

    def __init__(
        self, script: Script, call: PhoneCall, told: FactsTold, line_of: LineOf
    ) -> None:
        self._script = script
        self._call = call
        self._told = told
        self._line_of = line_of
        # Facts that do not count are left out, and moves are due by the others.
        counted = [
            n for n, fact in enumerate(script.facts) if line_of(fact) is not None
        ]
        self._expected = [line_of(script.facts[n]) or "" for n in counted]
        self._moves: dict[int, Move] = {
            bisect_left(counted, after): move for after, move in script.moves.items()
        }
        self._is_queued = False
        self.played = Played()

    async def run(self) -> None:
        """Answer every question as the script has it."""
        try:
            await self._call.wait_answered(ANSWER_LIMIT_S)
        except CallNotAnswered as refusal:
            self._differ(str(refusal))
            return
        answered_at = self._call.answered_at or self._call.started_at
        taken = answered_at - self._call.started_at
        self.played.set_up_s = round(taken.total_seconds(), 3)
        while len(self.played.lines) < len(self._expected):
            fact = await self._next(SILENT_LIMIT_S)
            if fact is None:
                self._differ("nothing more")
                return
            if not await self._take(fact):
                return
        await self._end()

    async def _take(self, fact: FactOf) -> bool:
        """Take a fact; return whether the call is still on the way."""
        played = self.played
        if isinstance(fact, CallArrived):
            played.call_id = fact.call_id
            return True
        if not isinstance(fact, get_args(FlowFact)):
            self._is_queued = self._is_queued or isinstance(fact, CallQueued)
            return True
        if isinstance(fact, CallRouted | FlowEnded):
            played.end = end_of(fact)
            began_at = self._call.answered_at or self._call.started_at
            played.way_s = round((fact.at - began_at).total_seconds(), 3)
        line = self._line_of(fact)
        if line is None:
            return True
        if line != self._expected[len(played.lines)]:
            self._differ(line)
            return False
        played.lines.append(line)
        move = self._moves.get(len(played.lines))
        return move is None or await self._do(move)

    async def _do(self, move: Move) -> bool:
        try:
            match move:
                case Press(key=key):
                    await self._call.press(key)
                case Speak(length_s=length_s, end_key=key):
                    await self._call.wait_heard(_TONE_S, timeout_s=_TONE_LIMIT_S)
                    self._call.say(voice_like(CALLER_HZ), repeat=True)
                    await asyncio.sleep(length_s)
                    self._call.say(b"")
                    await self._call.press(key)
                case Leave():
                    await self._call.hang_up()
        except CallIsOver:
            self._differ("the line was gone")
            return False
        return True

    async def _end(self) -> None:
        """See that the call comes where its flow sent it."""
        if self.played.end.startswith("queue "):
            while not self._is_queued:
                fact = await self._next(END_LIMIT_S)
                if fact is None:
                    self._differ("never came to the queue", expected="to wait there")
                    return
                self._is_queued = isinstance(fact, CallQueued)
        elif self.played.end == "hang up":
            ending = await self._call.wait_ended(END_LIMIT_S)
            if ending is None or ending.by != "them":
                self._differ("the line stayed", expected="the hotline hangs up")

    async def _next(self, limit_s: float) -> FactOf | None:
        """Return what is told next; None where nothing is, for so long."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._told.of(self._call.sip_call_id).get()
        except TimeoutError:
            return None

    def _differ(self, found: str, *, expected: str = "") -> None:
        lines = self.played.lines
        if not expected:
            due = self._expected[len(lines) :]
            expected = due[0] if due else "no more"
        after = lines[-1] if lines else "the call"
        self.played.difference = Difference(after=after, expected=expected, found=found)


def end_of(fact: CallRouted | FlowEnded) -> str:
    """Return where a flow left a call, as a case names it."""
    match fact:
        case CallRouted(queue_id=queue_id):
            return f"queue {queue_id}"
        case FlowEnded(ending=FlowEnding.COMPLETED):
            return "hang up"
        case FlowEnded(ending=FlowEnding.CALLER_LEFT):
            return "left"
        case FlowEnded():
            return "failed"
