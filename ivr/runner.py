"""Drives a walk over a caller's line: the only part that waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import HearingFailed
from acd.vocabulary.ids import CallId
from ivr.ears import Listening, came_of, left_after, silent_after
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.noted import noted
from ivr.ports import (
    Asks,
    BackOffice,
    CallerGone,
    Ears,
    HearingBroke,
    Line,
    NoBackOffice,
    Recogniser,
)
from ivr.problems import IvrError
from ivr.sounds import Announced, Either, Heard, Language, Sound
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Ask,
    AskFailed,
    Begun,
    Broke,
    CallerLeft,
    Found,
    HangUp,
    Input,
    KeyCame,
    LeaveLine,
    LetGo,
    LineKept,
    LineLeft,
    Listen,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Queue,
    Record,
    Say,
    Stay,
)
from ivr.values import NOTHING, Values
from ivr.walk import Phase, Walk, fresh_walk

WAIT_HEARD_AFTER_S = 1.5
"""An answer that takes longer is waited for with words."""
WAIT_HEARD_AGAIN_S = 3.0
"""And these are said again: nobody hears nothing for 4 s."""
STILL_FOR_S = 3.5
"""The rest of a limit that is waited for without words: they would take longer."""
LATE_S = 0.25
"""An answer may be so much behind its own limit, on a machine that is busy."""
LONGEST_TOLD = 300
"""Letters of what broke that a fact keeps."""

SPEAK_LIMIT_S = 3.0
"""What takes longer to be made is left out."""

Speak = Callable[[Sound], Awaitable[str | None]]
"""Makes a sound ready that was not made ahead; None where it cannot be."""


class SoundMissing(IvrError):
    """A flow asks for a sound that was not prepared."""

    def __init__(self, sound: Heard) -> None:
        """Say which sound."""
        super().__init__(f"{sound!r}: not prepared; prompts are made at the start")
        self.sound = sound


World = Callable[[datetime], Values]
"""Says what is so at an instant: hours, queues, flags. Asked often; must not wait."""


async def mute(_sound: Sound) -> str | None:
    """Make nothing ready."""
    return None


Leave = Callable[[CallId, LeaveLine, Walk], Awaitable[bool]]
"""Takes a waiting call out of its line; returns False where it stays."""


async def kept(_call_id: CallId, _act: LeaveLine, _walk: Walk) -> bool:
    """Let every call stay in its line."""
    return False


def nothing_known(_at: datetime) -> Values:
    """Know nothing of the world."""
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a walk is given besides its flows and its line."""

    sounds: Mapping[Sound, str]
    """What to play for what was made ahead, as ``Line.play`` wants it."""
    tell: Callable[[FlowFact], None]
    """Takes each fact as it happens; must not wait."""
    now: Callable[[], datetime]
    """The clock: aware, UTC."""
    back_office: BackOffice = field(default_factory=NoBackOffice)
    speak: Speak = mute
    world: World = nothing_known
    opening: tuple[Announced, ...] = ()
    """Said before the flow begins; a key cuts it short."""
    leave: Leave = kept
    """Asks whether a waiting call may leave its line."""
    recognisers: Mapping[Language, Recogniser] = field(default_factory=dict)
    """Who listens to words, by what the caller is spoken to in; for others keys count
    alone."""


async def walk_flow(
    flow_set: FlowSet,
    name: str,
    call_id: CallId,
    line: Line,
    *,
    around: Around,
    values: Values = NOTHING,
) -> Walk:
    """Walk one caller through a flow, to a queue or to the end of the call.

    Every walk tells exactly one of CallRouted and FlowEnded. Where the line or a
    sound fails, FlowEnded(FAILED) is told and the caller given to the flow's person.

    Args:
        flow_set: Flows that ``ivr.load`` has proved together.
        name: The one to begin with.
        call_id: The call.
        line: The caller's line; it must not be used after this returns.
        around: What the walk works with.
        values: What is known of the call already, such as ``caller``.

    Returns:
        The walk as it stands; ``walk_on`` goes on with one that waits.

    Raises:
        Exception: Whatever the line raised when even giving the caller away failed.
            The session must end then, so that the dialplan's own way takes the call.
    """
    walk = fresh_walk(flow_set.flows[name], call_id, values, around.opening)
    return await walk_on(flow_set, walk, Begun(), line, around=around)


async def walk_on(
    flow_set: FlowSet, walk: Walk, came: Input, line: Line, *, around: Around
) -> Walk:
    """Go on with a walk by something that came, as a key of who waits.

    Raises:
        Exception: As ``walk_flow`` does.
    """
    listening = Listening(flow_set, around.recognisers)
    driver = _Driver(walk.call_id, line, around, listening)
    while True:
        at = around.now()
        turn = take(flow_set, walk, came, at, around.world(at))
        walk = turn.walk
        for fact in turn.facts:
            around.tell(fact)
        try:
            following = await driver.carry_out(turn.act, walk)
        except CallerGone:
            following = CallerLeft()
        except Exception as error:
            # Whatever broke, the caller goes to a person.
            if walk.phase in _LET_GO:
                raise
            following = Broke(detail=f"{type(error).__name__}: {error}")
        if following is None or walk.phase in _LET_GO:
            return walk
        came = following


_LET_GO = (Phase.OVER, Phase.WAITING)
"""Phases in which a walk has no use for the line."""


class _Driver:
    """Carries out acts, one at a time."""

    def __init__(
        self, call_id: CallId, line: Line, around: Around, listening: Listening
    ) -> None:
        self._listening = listening
        self._call_id = call_id
        self._line = line
        self._around = around

    async def carry_out(self, act: Act, walk: Walk) -> Input | None:
        """Do one act; return what came of it, or None where the walk is over."""
        line = self._line
        match act:
            case Answer():
                await line.answer()
                return Answered()
            case Say():
                if ears := self._listening.ears_for(act, walk):
                    return await self._say_to(act, walk, ears)
                key = await self._play(act.sounds, act.keys)
                return Played() if key is None else KeyCame(key=key)
            case Listen():
                if ears := self._listening.ears_for(act, walk):
                    return await self._listen_by(act, walk, ears)
                key = await line.listen(act.limit_s)
                return NoKeyCame() if key is None else KeyCame(key=key)
            case Ask():
                return await self._ask(act)
            case Record():
                return await self._record(act)
            case Queue():
                skills = frozenset(act.skills)
                asks = _asks(act, walk)
                if asks is None:
                    await line.wait_in_queue(act.queue_id, skills, act.call_class)
                else:
                    await line.wait_in_queue(
                        act.queue_id, skills, act.call_class, asks=asks
                    )
            case LeaveLine():
                if not await self._around.leave(self._call_id, act, walk):
                    return LineKept()
                await line.leave_line()
                return LineLeft()
            case HangUp():
                await line.hang_up()
            case LetGo() | Stay():
                pass
        return None

    async def _play(self, heard: tuple[Heard, ...], keys: str) -> str | None:
        """Play what can be played, up to a key.

        Raises:
            SoundMissing: There was nothing that could.
        """
        return await self._play_paths(await self._playable(heard), keys)

    async def _playable(self, heard: tuple[Heard, ...]) -> list[str]:
        """Return what of a prompt can be played.

        Raises:
            SoundMissing: There is nothing that can.
        """
        paths = await self._paths(self._chosen(heard))
        if heard and not paths:
            raise SoundMissing(heard[0])
        return paths

    async def _play_paths(self, paths: list[str], keys: str) -> str | None:
        for path in paths:
            key = await self._line.play(path, keys)
            if key is not None:
                return key
        return None

    async def _say_to(self, act: Say, walk: Walk, ears: Ears) -> Input:
        """Say something while words are listened to; else while keys are."""
        paths = await self._playable(act.sounds)
        heard = await self._line.hear(paths, act.keys, 0, ears=ears)
        if not isinstance(heard, HearingBroke):
            return came_of(heard, act, ears)
        self._note_broken(heard, walk)
        # What was cut short by then is said once more, from its beginning.
        key = await self._play_paths(paths[heard.played :], act.keys)
        return Played() if key is None else KeyCame(key=key)

    async def _listen_by(self, act: Listen, walk: Walk, ears: Ears) -> Input:
        """Wait for words or a key; else for a key, in the time that is left."""
        heard = await self._line.hear((), "", act.limit_s, ears=ears)
        if not isinstance(heard, HearingBroke):
            return came_of(heard, act, ears)
        self._note_broken(heard, walk)
        left_s = left_after(heard, walk)
        key = await self._line.listen(left_s) if left_s > 0 else None
        return KeyCame(key=key) if key else silent_after(heard, walk)

    def _note_broken(self, broke: HearingBroke, walk: Walk) -> None:
        self._listening.broke()
        self._around.tell(
            HearingFailed(
                at=self._around.now(),
                call_id=walk.call_id,
                flow=walk.flow,
                step=walk.step,
                detail=broke.detail[:LONGEST_TOLD],
            )
        )

    def _chosen(self, heard: tuple[Heard, ...]) -> list[Sound]:
        """Return the sounds, each file that is missing replaced by its words."""
        chosen: list[Sound] = []
        for one in heard:
            if not isinstance(one, Either):
                chosen.append(one)
            elif one.recorded in self._around.sounds:
                chosen.append(one.recorded)
            else:
                chosen += one.otherwise
        return chosen

    async def _paths(self, chosen: list[Sound]) -> list[str]:
        """Return what to play; all of it is made before the first is heard."""
        ready = self._around.sounds
        missing = [sound for sound in chosen if sound not in ready]
        if missing:
            made = await asyncio.gather(*map(self._speak, missing))
            found = dict(zip(missing, made, strict=True))
            paths = [ready.get(sound) or found.get(sound) for sound in chosen]
            return [path for path in paths if path is not None]
        return [ready[sound] for sound in chosen]

    async def _speak(self, sound: Sound) -> str | None:
        try:
            async with asyncio.timeout(SPEAK_LIMIT_S):
                return await self._around.speak(sound)
        except TimeoutError:
            return None

    async def _record(self, act: Record) -> Input:
        try:
            message = await self._line.record(act.name, act.limit_s, act.keys)
        except CallerGone:
            raise
        except Exception as error:  # noqa: BLE001 - the flow says where it leads
            return AskFailed(detail=f"{type(error).__name__}: {error}")
        return MessageTaken(length_s=message.length_s, key=message.key)

    async def _ask(self, act: Ask) -> Input:
        """Ask, and say so while the answer takes its time.

        A caller who leaves meanwhile is noticed behind the answer, so that what was
        made for them is told.
        """
        asking = self._around.back_office.ask(self._call_id, act.question)
        asked = asyncio.ensure_future(asking)
        try:
            key = await self._wait_with_words(asked, act)
            if key is not None:
                return KeyCame(key=key)
            if not asked.done():
                return AskFailed(detail=f"no answer within {act.limit_s:g} s")
            return asked.result()
        except Exception as error:  # noqa: BLE001 - the flow says where it leads
            # Its words may hold what was asked, and that may be secret.
            return AskFailed(detail=type(error).__name__)
        finally:
            asked.cancel()

    async def _wait_with_words(
        self, asked: "asyncio.Future[Found | NotFound | AskFailed]", act: Ask
    ) -> str | None:
        """Return the key that ended the wait; None for the answer or the limit.

        What is being said is said to its end: a command on the line cannot be
        taken back. So nothing is begun that would hold up who may soon go on.
        """
        now_s = asyncio.get_running_loop().time
        began_s, wait_s = now_s(), WAIT_HEARD_AFTER_S
        while (left_s := began_s + act.limit_s - now_s()) > 0:
            rest_s = _rest_s(began_s + act.due_s + LATE_S - now_s(), left_s)
            timeout_s = wait_s if rest_s is None else rest_s
            done, _ = await asyncio.wait({asked}, timeout=timeout_s)
            if done or rest_s == left_s:
                return None
            wait_s = WAIT_HEARD_AGAIN_S
            with contextlib.suppress(CallerGone, SoundMissing):
                key = await self._play(act.waiting, act.keys)
                if key is not None:
                    return key
        return None


def _rest_s(*ends_s: float) -> float | None:
    """Return how long it is to the next end, where it is worth no words."""
    return min((it for it in ends_s if 0 < it <= STILL_FOR_S), default=None)


def _asks(act: Queue, walk: Walk) -> Asks | None:
    if not act.keys and not act.tells_each_s:
        return None
    return Asks(keys=act.keys, each_s=act.tells_each_s, walk=noted(walk))
