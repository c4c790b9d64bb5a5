"""What happened while nobody listened: told from what the switch wrote by itself."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NoReturn

import structlog

from acd.vocabulary.facts import ToldFact
from acd.vocabulary.ids import LegId, Place
from acd.vocabulary.leg_facts import LegEnded
from cti_bridge.switch_log.file import SwitchLog
from cti_bridge.switch_log.lines import Note, ended_leg, read_line
from services.callback.spool import Spool

log = structlog.get_logger()

EVERY_S: Final = 0.5
UNHEARD_S: Final = 2.0
"""The end of a leg that was not heard by then never will be."""


class Absence:
    """Reads the switch's notes; each is told once, in the order of its writing.

    All of it may be told twice when the engine dies in between: the engine knows old
    news.
    """

    def __init__(
        self,
        notes: SwitchLog,
        callbacks: Spool,
        *,
        tell: Callable[[ToldFact], None],
        listens: Callable[[], bool],
        has_ended: Callable[[LegId], bool],
        place_of: Callable[[str], Place],
        now: Callable[[], datetime],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Join it with its surroundings.

        Args:
            notes: Asterisk's log of queues.
            callbacks: The numbers that callers left.
            tell: Takes each fact.
            listens: Whether the switch's own events are heard.
            has_ended: Whether a leg is known to have ended.
            place_of: Whose calls those of a number are.
            now: The engine's time.
            now_s: Seconds of a clock that never goes back.
        """
        self._notes = notes
        self._callbacks = callbacks
        self._tell = tell
        self._listens = listens
        self._has_ended = has_ended
        self._ends: deque[tuple[float, LegId, str]] = deque()
        self._place_of = place_of
        self._now = now
        self._now_s = now_s

    async def run(self) -> NoReturn:
        """Read twice a second, for ever."""
        while True:
            self.read(looks_for_numbers=True)
            self._empty()
            await asyncio.sleep(EVERY_S)

    def read(self, *, was_away: bool = False, looks_for_numbers: bool = False) -> None:
        """Tell what was noted by now.

        Args:
            was_away: Whether nobody listened: then the notes are all there is. Else
                the end of a leg is left to who listens, for some seconds.
            looks_for_numbers: Whether to look for numbers left where nothing was noted.
        """
        now, now_s = self._now(), self._now_s()
        lines = self._notes.lines(now_s)
        came = bool(lines)
        was_away = was_away or not self._listens()
        if was_away:
            lines = [*(line for _, _, line in self._ends), *lines]
            self._ends.clear()
        else:
            lines = self._but_ends(lines, now_s)
        notes = in_their_order(self._read(lines, now))
        looks = came or looks_for_numbers
        numbers = self._callbacks.left(now, now_s) if looks else ()
        left = {str(callback.call_id): callback for callback in numbers}
        for note in notes:
            # A number is left before the call ends: its record says so.
            if isinstance(note.fact, LegEnded) and note.call_id in left:
                self._tell(left.pop(note.call_id))
            self._tell(note.fact)
        for callback in left.values():
            self._tell(callback)
        self._tell_unheard(now, now_s)

    def _but_ends(self, lines: Sequence[str], now_s: float) -> list[str]:
        """Return lines without those of legs that ended, which are kept for a while."""
        others = []
        for line in lines:
            leg_id = ended_leg(line)
            if leg_id is None:
                others.append(line)
            else:
                self._ends.append((now_s, leg_id, line))
        return others

    def _tell_unheard(self, now: datetime, now_s: float) -> None:
        unheard = []
        while self._ends and self._ends[0][0] <= now_s - UNHEARD_S:
            _, leg_id, line = self._ends.popleft()
            if not self._has_ended(leg_id):
                unheard.append(line)
        for note in self._read(unheard, now):
            self._tell(note.fact)

    def _read(self, lines: Iterable[str], now: datetime) -> list[Note]:
        read = (read_line(it, place_of=self._place_of, now=now) for it in lines)
        return [note for note in read if note is not None]

    def _empty(self) -> None:
        now_s = self._now_s()
        self._notes.empty(now_s)
        self._callbacks.empty(now_s)


def in_their_order(notes: Sequence[Note]) -> list[Note]:
    """Return notes with the leg that hung up itself before those it took along.

    Legs of one call end in the same milliseconds, and are noted in any order.
    """
    ordered = list(notes)
    places: dict[str, list[int]] = {}
    for place, note in enumerate(notes):
        if isinstance(note.fact, LegEnded):
            places.setdefault(note.call_id, []).append(place)
    for own in places.values():
        first = sorted(own, key=lambda place: not notes[place].is_own_wish)
        for place, source in zip(own, first, strict=True):
            ordered[place] = notes[source]
    return ordered
