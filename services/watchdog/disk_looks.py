"""Looks at disks and at the machine: journal, recordings, load, memory, files."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from services.watchdog import host
from services.watchdog.engine_look import Pids
from services.watchdog.light import Light, Reading, worst
from services.watchdog.part_looks import by_limits, red
from services.watchdog.place import Limits, Place

_MEGABYTE = 1 << 20


class DiskLooks:
    """One look at each disk that calls need, and at the machine."""

    def __init__(
        self, place: Place, *, pids: Pids, unready: Callable[[], Mapping[str, str]]
    ) -> None:
        """Look at nothing yet.

        Args:
            place: The instance.
            pids: Its processes.
            unready: What the engine itself says of its parts that fail.
        """
        self._place = place
        self._pids = pids
        self._unready = unready

    async def journal(self) -> Reading:
        """Look whether facts can be written down."""
        if said := self._unready().get("journal"):
            return red(f"journal: {said}")
        return await asyncio.to_thread(self._journal)

    async def recordings(self) -> Reading:
        """Look whether recordings can be written, and whether they are fetched."""
        return await asyncio.to_thread(self._recordings)

    async def host(self) -> Reading:
        """Look at the machine's load and memory, and at open files."""
        return await asyncio.to_thread(self._host)

    def _journal(self) -> Reading:
        try:
            host.write_surely(self._place.journal)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            return red(
                f"journal: {self._place.journal} cannot be written, {why}; facts are"
                " held in memory, so free some room before the engine is stopped"
            )
        return _room("journal", self._place.journal, self._place.limits)

    def _recordings(self) -> Reading:
        place, limits = self._place, self._place.limits
        folders = [f for f in (place.spool, place.recordings) if f.is_dir()]
        readings = [_room("recordings", folder, limits) for folder in folders]
        if place.spool.is_dir():
            age_s = host.oldest_s(place.spool)
            readings.append(
                by_limits(
                    f"recordings: the stalest in the spool is {age_s:.0f} s old",
                    age_s,
                    low=limits.spool_s,
                    out=3 * limits.spool_s,
                    would_do="the engine does not fetch it, see log/engine.log",
                    spool_age_s=round(age_s, 1),
                )
            )
        return _worst(readings, "recordings: there are none")

    def _host(self) -> Reading:
        limits = self._place.limits
        load, free = host.load_per_cpu(), host.memory_free_percent()
        readings = [
            by_limits(
                f"host: {load:.1f} processes want each cpu",
                load,
                low=limits.load_per_cpu,
                out=3 * limits.load_per_cpu,
                would_do="see top for which",
                load_per_cpu=round(load, 2),
            ),
            by_limits(
                f"host: {free:.0f} % of the memory is free",
                -free,
                low=-limits.memory_low_percent,
                out=-limits.memory_low_percent / 3,
                would_do="see top for who has it",
                memory_free_percent=round(free, 1),
            ),
        ]
        for part, pid in self._pids().items():
            used = host.files_percent(pid)
            told = f"host: {part} has {used:.0f} % of its files open"
            readings.append(
                by_limits(
                    told,
                    used,
                    low=limits.files_percent,
                    out=95.0,
                    would_do="raise its limit of open files",
                )
            )
        return _worst(readings, "host: well")


def _room(name: str, folder: Path, limits: Limits) -> Reading:
    left = host.room(folder)
    free, size = left.free_percent, left.free_bytes // _MEGABYTE
    return by_limits(
        f"{name}: {free:.0f} % of the disk is free, {size} MB",
        -free,
        low=-limits.disk_low_percent,
        out=-limits.disk_out_percent,
        would_do=f"free some room, or give {folder} a larger disk",
        free_percent=round(free, 1),
    )


def _worst(readings: list[Reading], none: str) -> Reading:
    """Return the worst of some, with the figures of all."""
    if not readings:
        return Reading(light=Light.GREEN, sentence=none)
    light = worst([reading.light for reading in readings])
    found = next(reading for reading in readings if reading.light is light)
    figures = {k: v for reading in readings for k, v in reading.figures.items()}
    return Reading(light=light, sentence=found.sentence, figures=figures)
