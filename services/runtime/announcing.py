"""Announcements kept ready: read anew when their file changes, spoken ahead."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from ivr.announcements import (
    NONE,
    AnnouncementsRefused,
    heard,
    load_announcements,
)
from ivr.sounds import Announced, Either, Heard, Language, Recorded
from services.floor.floor import Number
from services.prompts.errors import PromptsRefused
from services.prompts.store import PromptStore

log = structlog.get_logger()

LOOK_EACH_S = 2.0
"""How soon a changed file is heard."""

Opening = Callable[[Number, Language, datetime], tuple[Announced, ...]]
"""What callers of a number are told first. Asked with each call; must not wait."""


def nothing_to_tell(
    _number: Number, _language: Language, _at: datetime
) -> tuple[Announced, ...]:
    """Tell nothing."""
    return ()


class Announcer:
    """Knows what to tell; a file that is wrong leaves what was known before."""

    def __init__(self, path: Path, store: PromptStore) -> None:
        """Name the file, which need not be there."""
        self._path = path
        self._store = store
        self._known = NONE
        self._files: frozenset[Recorded] = frozenset()
        self._seen: object = (None,)
        self._recordings: tuple[Path, ...] = ()

    def opening(
        self, number: Number, language: Language, at: datetime
    ) -> tuple[Announced, ...]:
        """Return what callers of a number are told first; see ``Opening``."""
        areas = (number.place.province, number.place.unit)
        told = heard(self._known.due(at, number.number, areas), language)
        return tuple(
            replace(
                one,
                sounds=tuple(it for part in one.sounds for it in self._playable(part)),
            )
            for one in told
        )

    async def run(self) -> None:
        """Look at the file until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("announcements_broke")
            await asyncio.sleep(LOOK_EACH_S)

    async def look(self) -> None:
        """Read the file where it changed, and have its texts spoken."""
        seen = await asyncio.to_thread(self._stamps)
        if seen == self._seen:
            return
        # Also where it is wrong: it is told once, not each time.
        self._seen = seen
        try:
            read = await asyncio.to_thread(load_announcements, self._path)
            ready = await self._store.prepare_sounds(read.sounds())
        except (AnnouncementsRefused, PromptsRefused) as refused:
            problems = str(refused).splitlines()
            log.warning("announcements_refused", problems=problems)
            return
        files = (sound for sound in ready if isinstance(sound, Recorded))
        self._known, self._files = read, frozenset(files)
        named = {it.name for it in read.sounds() if isinstance(it, Recorded)}
        folder = self._store.recorded
        self._recordings = tuple(folder / f"{name}.wav" for name in sorted(named))
        log.info("announcements_read", count=len(read.announcements))

    def _stamps(self) -> object:
        """Return what changes with the file, or with a recording that it names."""
        return tuple(map(_stamp, (self._path, *self._recordings)))

    def _playable(self, told: Heard) -> tuple[Heard, ...]:
        """Return a file where it is there, else what stands in for it."""
        if not isinstance(told, Either):
            return (told,)
        return (told.recorded,) if told.recorded in self._files else told.otherwise


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
