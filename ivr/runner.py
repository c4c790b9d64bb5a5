"""Drives a walk over a caller's line: the only part that waits."""

from collections.abc import Callable, Mapping
from datetime import datetime

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.ids import CallId
from ivr.flow import Flow, Sound
from ivr.machine import take
from ivr.ports import CallerGone, Line
from ivr.problems import IvrError
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
from ivr.walk import Phase, fresh_walk


class SoundMissing(IvrError):
    """A flow asks for a sound that was not prepared."""

    def __init__(self, sound: Sound) -> None:
        """Say which sound."""
        super().__init__(f"{sound!r}: not prepared; prompts are made at the start")
        self.sound = sound


async def walk_flow(
    flow: Flow,
    call_id: CallId,
    line: Line,
    *,
    sounds: Mapping[Sound, str],
    tell: Callable[[FlowFact], None],
    now: Callable[[], datetime],
) -> None:
    """Walk one caller through a flow, to a queue or to the end of the call.

    Every walk tells exactly one of CallRouted and FlowEnded. Where the line or a
    sound fails, FlowEnded(FAILED) is told and the caller given to the flow's person.

    Args:
        flow: A flow that ``ivr.load`` has proved.
        call_id: The call.
        line: The caller's line; it must not be used after this returns.
        sounds: What to play for every sound of the flow, as ``Line.play`` wants it.
        tell: Takes each fact as it happens; must not wait.
        now: The clock: aware, UTC.

    Raises:
        Exception: Whatever the line raised when even giving the caller away failed.
            The session must end then, so that the dialplan's own way takes the call.
    """
    walk = fresh_walk(flow, call_id)
    came: Input = Begun()
    while True:
        turn = take(flow, walk, came, now())
        walk = turn.walk
        for fact in turn.facts:
            tell(fact)
        try:
            following = await _carry_out(turn.act, line, sounds)
        except CallerGone:
            following = CallerLeft()
        except Exception as error:
            # Whatever broke, the caller goes to a person.
            if walk.phase is Phase.OVER:
                raise
            following = Broke(detail=f"{type(error).__name__}: {error}")
        if following is None or walk.phase is Phase.OVER:
            return
        came = following


async def _carry_out(act: Act, line: Line, sounds: Mapping[Sound, str]) -> Input | None:
    """Do one act; return what came of it, or None where the walk is over."""
    match act:
        case Answer():
            await line.answer()
            return Answered()
        case Say():
            return await _say(act, line, sounds)
        case Listen():
            key = await line.listen(act.limit_s)
            return NoKeyCame() if key is None else KeyCame(key=key)
        case Queue():
            await line.wait_in_queue(
                act.queue_id, frozenset(act.skills), act.call_class
            )
        case HangUp():
            await line.hang_up()
        case LetGo():
            pass
    return None


async def _say(act: Say, line: Line, sounds: Mapping[Sound, str]) -> Input:
    for sound in act.sounds:
        if sound not in sounds:
            raise SoundMissing(sound)
        key = await line.play(sounds[sound], act.keys)
        if key is not None:
            return KeyCame(key=key)
    return Played()
