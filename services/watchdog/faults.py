"""Every fault, from its first bad look to its end, in a file of this machine's own.

The database may be what is broken, so nothing here needs it. A line is whole or is not
believed; the last line of a fault counts.
"""

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from services.watchdog.light import Change, Light, worst

log = structlog.get_logger(__name__)

FOLDER = "watchdog"
"""In the data folder: the faults."""
FILE_NAME = "faults.jsonl"
KEPT_BYTES = 8 << 20
_HELD_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A time in which a component was not green."""

    component: str
    began_at: datetime
    worst: Light
    sentence: str
    """The cause, as found when it was at its worst."""
    because: str | None = None
    """The component whose fault brought it about, or None."""
    ended_at: datetime | None = None

    @property
    def duration_s(self) -> float | None:
        """How long it lasted; None while it lasts."""
        if self.ended_at is None:
            return None
        return (self.ended_at - self.began_at).total_seconds()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        told = asdict(self) | {"duration_s": self.duration_s}
        for name in ("began_at", "ended_at"):
            instant = told[name]
            told[name] = instant.isoformat() if instant else None
        return told


class FaultBook:
    """Keeps the faults of one instance; opened anew, it knows those that go on."""

    def __init__(self, folder: Path) -> None:
        """Read what is there.

        Args:
            folder: Where the file is, or will be; made when it is not there.

        Raises:
            OSError: The folder cannot be made.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self.problem: str | None = None
        """What keeps faults from the disk, or None."""
        self._unwritten: deque[str] = deque(maxlen=_HELD_LINES)
        self.open = {f.component: f for f in read(self.path) if f.ended_at is None}

    def take(self, change: Change, *, because: str | None = None) -> Fault | None:
        """Keep what a change means: a fault that began, got worse or ended.

        Returns:
            The fault as it is then; None when there was none and is none.
        """
        fault = self.open.pop(change.component, None)
        if change.after in {Light.GREEN, Light.GREY}:
            if fault is None:
                return None
            fault = replace(fault, ended_at=max(change.at, fault.began_at))
        elif fault is None:
            fault = Fault(
                component=change.component,
                began_at=change.at,
                worst=change.after,
                sentence=change.sentence,
                because=because,
            )
        elif change.is_worse:
            grown = worst([fault.worst, change.after])
            fault = replace(
                fault, worst=grown, sentence=change.sentence, because=because
            )
        if fault.ended_at is None:
            self.open[change.component] = fault
        self._write(json.dumps(fault.as_dict(), ensure_ascii=False))
        return fault

    def amend(self, component: str, sentence: str) -> None:
        """Put another sentence to a fault that goes on, if there is one."""
        if fault := self.open.get(component):
            fault = replace(fault, sentence=sentence)
            self.open[component] = fault
            self._write(json.dumps(fault.as_dict(), ensure_ascii=False))

    def write_again(self) -> None:
        """Write what the disk refused before, if it takes it now."""
        try:
            while self._unwritten:
                _append(self.path, self._unwritten[0])
                self._unwritten.popleft()
        except OSError as error:
            self.problem = f"{self.path}: cannot be written, {error.strerror}"
        else:
            self.problem = None

    def _write(self, line: str) -> None:
        self._unwritten.append(line)
        self.write_again()
        if self.problem:
            log.error("fault_unwritten", why=self.problem)


def read(path: Path) -> list[Fault]:
    """Return all faults that a file tells of, the oldest first; none for no file."""
    found: dict[tuple[str, datetime], Fault] = {}
    for fault in _lines(path):
        found[fault.component, fault.began_at] = fault
    return list(found.values())


def _lines(path: Path) -> Iterator[Fault]:
    for file in (path.with_name(f"{path.name}.1"), path):
        try:
            lines = file.read_bytes().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            try:
                yield _fault(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue  # torn by a power cut


def _fault(told: dict[str, Any]) -> Fault:
    ended = told["ended_at"]
    return Fault(
        component=str(told["component"]),
        began_at=datetime.fromisoformat(told["began_at"]),
        worst=Light(told["worst"]),
        sentence=str(told["sentence"]),
        because=told["because"],
        ended_at=datetime.fromisoformat(ended) if ended else None,
    )


def _append(path: Path, line: str) -> None:
    if path.exists() and path.stat().st_size > KEPT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(fd).st_size
        # What a power cut tore off must not swallow the next line.
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        os.write(fd, ("\n" * torn + line + "\n").encode())
        os.fsync(fd)
    finally:
        os.close(fd)
