"""One caller's session: the arrival is told, then the number's flow is walked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CallId, LegId
from cti_bridge.agi.line import AgiLine
from cti_bridge.agi.server import Session
from ivr.lookups import LookUps
from ivr.ports import BackOffice, NoBackOffice
from ivr.runner import Around, Speak, World, mute, nothing_known, walk_flow
from services.floor.floor import Floor
from services.runtime.announcing import Opening, nothing_to_tell
from services.runtime.flow_world import FlowWorld, Repeats
from services.runtime.in_force import InForce

log = structlog.get_logger()

PROBE = "probe"
"""What the watchdog's own calls ask for: a turn of the loop, and no record."""


OfficeFor = Callable[[LookUps], BackOffice]
"""Gives whom flows ask for what they declare."""


def no_office(_look_ups: LookUps) -> BackOffice:
    """Give what fails every question."""
    return NoBackOffice()


class Callers:
    """Serves each session that the FastAGI server lends."""

    def __init__(
        self,
        current: InForce,
        *,
        tell: Callable[[FlowFact], None],
        turned: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        messages: Path | None = None,
        office: OfficeFor = no_office,
        speak: Speak = mute,
        opening: Opening = nothing_to_tell,
        world: FlowWorld | None = None,
    ) -> None:
        """Join the flows with the line and the switchboard.

        Args:
            current: What is in force.
            tell: Takes each fact.
            turned: Returns when the loop has turned once.
            now: The engine's clock.
            messages: Folder for what callers say into a recording step; None takes
                down nothing.
            office: Other systems, by what the flows of a call declare.
            speak: Makes sounds that have a value in them.
            opening: What callers are told first.
            world: What is so around a call; None knows nothing.
        """
        self._current = current
        self._tell = tell
        self._turned = turned
        self._now = now
        self._messages = messages
        self._office = office
        self._speak = speak
        self._world = world
        self._opening = opening
        self._repeats = Repeats()

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
        )
        if line.script == PROBE:
            await self._turned()
            await line.hang_up()
            return
        came = await line.arrival()
        # Who came is walked by what was in force then, whatever is published later.
        way, sounds = self._current.way(CallId(came.call_id)), self._current.sounds
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
        around = Around(
            sounds=sounds,
            tell=self._tell,
            now=self._now,
            back_office=self._office(way.floor.look_ups),
            speak=self._speak,
            opening=self._opening(
                number, way.floor.flows[number.flow].language, self._now()
            ),
            world=self._world_of(way.floor),
        )
        await walk_flow(
            way.floor.flow_set,
            number.flow,
            CallId(came.call_id),
            line,
            around=around,
            values={
                "caller": came.caller_number,
                "number": came.number,
                "call.repeats": self._repeats.of(came.caller_number, self._now()),
            },
        )

    def _world_of(self, floor: Floor) -> World:
        world = self._world
        return nothing_known if world is None else lambda at: world.at(at, floor)
