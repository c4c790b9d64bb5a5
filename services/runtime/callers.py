"""One caller's session: the arrival is told, then the number's flow is walked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CallId, LegId
from cti_bridge.agi.line import AgiLine, Arrival
from cti_bridge.agi.server import Session
from cti_bridge.audiosocket.server import AudioServer
from ivr.noted import walk_of
from ivr.ports import Recogniser
from ivr.runner import Around, Speak, mute, walk_flow, walk_on
from ivr.sounds import Language
from ivr.turns import KeyCame, WordsDue
from ivr.values import Both
from ivr.walk import Phase, Walk
from services.floor.floor import Floor
from services.runtime.circumstances import Circumstances, CircumstancesOf
from services.runtime.in_force import InForce
from services.runtime.waiting_line import WaitingLine

log = structlog.get_logger()

PROBE = "probe"
"""What the watchdog's own calls ask for: a turn of the loop, and no record."""


MOST_WAITING = 20_000
"""Walks remembered of who waits; what else is known of them is noted on the leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Led:
    """By what a call is led as long as it lasts."""

    floor: Floor
    found: Circumstances


class Callers:
    """Serves each session that the FastAGI server lends."""

    def __init__(
        self,
        current: InForce,
        *,
        tell: Callable[[FlowFact], None],
        turned: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        circumstances: CircumstancesOf,
        line: WaitingLine,
        messages: Path | None = None,
        speak: Speak = mute,
        recognisers: Mapping[Language, Recogniser] | None = None,
        audio: AudioServer | None = None,
    ) -> None:
        """Join the flows with the line and the switchboard.

        Args:
            current: What is in force.
            tell: Takes each fact.
            turned: Returns when the loop has turned once.
            now: The engine's clock.
            circumstances: What is so for each call.
            line: Where callers wait.
            messages: Folder for what callers say into a recording step; None takes
                down nothing.
            speak: Makes sounds that have a value in them.
            recognisers: Who listens to words, by language.
            audio: Where callers' sound comes; while it does not listen, keys count
                alone.
        """
        self._current = current
        self._tell = tell
        self._turned = turned
        self._now = now
        self._circumstances = circumstances
        self._line = line
        self._waiting: dict[CallId, tuple[_Led, Walk]] = {}
        self._messages = messages
        self._speak = speak
        # Empty while models are loaded, and not for ever.
        self._recognisers = {} if recognisers is None else recognisers
        self._audio = audio

    async def serve(self, session: Session) -> None:
        """Tell who came and walk them through the flow of the number dialled.

        Raises:
            AgiError, CallerGone: The line broke or left; the dialplan goes on alone.
        """
        # The engine's time, not the wall's: a wait is measured against it later.
        line = AgiLine(
            session,
            now=lambda: self._now().timestamp(),
            messages=self._messages,
            place=self._line.place,
            audio=self._audio,
        )
        try:
            await self._served(line)
        finally:
            # Asterisk waits for a leg that is lent, and looks at no session meanwhile.
            line.close()

    async def _served(self, line: AgiLine) -> None:
        if line.script == PROBE:
            await self._turned()
            await line.hang_up()
            return
        came = await line.arrival()
        if line.is_of_line:
            await self._asked_in_line(line, came)
            return
        # Who came is walked by what was in force then, whatever is published later.
        way = self._current.way(CallId(came.call_id))
        number = way.floor.numbers.get(came.number)
        if number is None:
            # The dialplan is made from the same list, so this is an older dialplan.
            log.warning("number_unknown", number=came.number)
            return
        self._tell(
            CallArrived(
                at=self._now(),
                place=number.place,
                call_id=CallId(came.call_id),
                leg_id=LegId(came.leg_id),
                number=came.number,
                caller_number=came.caller_number,
                caller_name=came.caller_name,
                sip_call_id=came.sip_call_id,
                flow_version=way.version,
            )
        )
        found = self._circumstances(came, way.floor, number, self._now())
        led = _Led(floor=way.floor, found=found)
        walk = await walk_flow(
            way.floor.flow_set,
            number.flow,
            CallId(came.call_id),
            line,
            around=replace(self._around(found), opening=found.opening),
            values=found.values,
        )
        self._keep(led, walk)

    async def _asked_in_line(self, line: AgiLine, came: Arrival) -> None:
        """Take a key of a caller who waits, or say what is said meanwhile."""
        call_id, key = CallId(came.call_id), await line.asked()
        led, walk = self._waiting.get(call_id) or await self._noted(line, came)
        if led is None or walk is None:
            # The flows have no such step any more: the caller waits on.
            log.warning("wait_unknown", call_id=call_id)
            return
        world, known = led.found.world, self._line.values
        walk = await walk_on(
            led.floor.flow_set,
            walk,
            KeyCame(key=key) if key else WordsDue(),
            line,
            around=replace(
                self._around(led.found),
                world=lambda at: Both(world(at), known(call_id)),
            ),
        )
        self._keep(led, walk)

    async def _noted(
        self, line: AgiLine, came: Arrival
    ) -> tuple[_Led | None, Walk | None]:
        """Return the walk that an earlier process let wait, as far as it was noted."""
        call_id = CallId(came.call_id)
        floor = self._current.way(call_id).floor
        number = floor.numbers.get(came.number)
        if number is None:
            return None, None
        found = self._circumstances(came, floor, number, self._now())
        walk = walk_of(await line.walk(), floor.flow_set, call_id, found.values)
        return _Led(floor=floor, found=found), walk

    def _keep(self, led: _Led, walk: Walk) -> None:
        """Remember a walk that waits; who has waited longest is forgotten first."""
        self._waiting.pop(walk.call_id, None)
        if walk.phase is Phase.WAITING:
            self._waiting[walk.call_id] = led, walk
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def _around(self, found: Circumstances) -> Around:
        return Around(
            sounds=self._current.sounds,
            tell=self._tell,
            now=self._now,
            back_office=found.back_office,
            speak=self._speak,
            world=found.world,
            leave=self._line.leave,
            recognisers=self._recognisers if self._hears_sound else {},
        )

    @property
    def _hears_sound(self) -> bool:
        return self._audio is not None and self._audio.address is not None
