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
from ivr.runner import Around, Speak, mute, walk_flow
from services.runtime.circumstances import CircumstancesOf
from services.runtime.in_force import InForce

log = structlog.get_logger()

PROBE = "probe"
"""What the watchdog's own calls ask for: a turn of the loop, and no record."""


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
        messages: Path | None = None,
        speak: Speak = mute,
    ) -> None:
        """Join the flows with the line and the switchboard.

        Args:
            current: What is in force.
            tell: Takes each fact.
            turned: Returns when the loop has turned once.
            now: The engine's clock.
            circumstances: What is so for each call.
            messages: Folder for what callers say into a recording step; None takes
                down nothing.
            speak: Makes sounds that have a value in them.
        """
        self._current = current
        self._tell = tell
        self._turned = turned
        self._now = now
        self._circumstances = circumstances
        self._messages = messages
        self._speak = speak

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
        found = self._circumstances(came, way.floor, number, self._now())
        around = Around(
            sounds=sounds,
            tell=self._tell,
            now=self._now,
            back_office=found.back_office,
            speak=self._speak,
            opening=found.opening,
            world=found.world,
        )
        await walk_flow(
            way.floor.flow_set,
            number.flow,
            CallId(came.call_id),
            line,
            around=around,
            values=found.values,
        )
