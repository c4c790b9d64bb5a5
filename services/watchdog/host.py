"""Figures of this machine and its processes, from /proc and the file systems."""

import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROBE = ".probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left on the disk of a folder."""

    free_bytes: int
    free_percent: float


def room(folder: Path) -> Room:
    """Return what a process without privileges can still write there.

    Raises:
        OSError: The folder is not there.
    """
    told = os.statvfs(folder)
    return Room(
        free_bytes=told.f_bavail * told.f_frsize,
        free_percent=100.0 * told.f_bavail / max(told.f_blocks, 1),
    )


def write_surely(folder: Path) -> None:
    """Write a block to the disk of a folder, and take it away.

    Raises:
        OSError: The disk refuses.
    """
    path = folder / _PROBE
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(fd, b"\0" * 4096)
        os.fdatasync(fd)
    finally:
        os.close(fd)
        path.unlink()


def oldest_s(folder: Path) -> float:
    """Return for how long the stalest file of a folder is unchanged; 0.0 for none."""
    with os.scandir(folder) as found:
        files = [entry for entry in found if entry.is_file(follow_symlinks=False)]
        changed = [entry.stat(follow_symlinks=False).st_mtime for entry in files]
    return max(0.0, time.time() - min(changed)) if changed else 0.0


def load_per_cpu() -> float:
    """Return how many processes wanted each CPU over the last minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def memory_free_percent() -> float:
    """Return how much of the memory programs can still have."""
    told = Path("/proc/meminfo").read_text(encoding="ascii")
    found = dict(re.findall(r"^(\w+):\s+(\d+)", told, re.MULTILINE))
    return 100.0 * int(found["MemAvailable"]) / int(found["MemTotal"])


def files_percent(pid: int) -> float:
    """Return how much of a process's files is open; 0.0 where we may not know."""
    process = Path(f"/proc/{pid}")
    try:
        most = re.search(r"Max open files\s+(\d+)", (process / "limits").read_text())
        open_now = sum(1 for _ in (process / "fd").iterdir())
    except OSError:
        return 0.0
    return 100.0 * open_now / int(most[1]) if most else 0.0


def kill_surely(pid: int, words: Sequence[bytes]) -> bool:
    """Kill a process, if it is still the one whose command line has these words.

    Returns:
        False when there is none, or another has its number by now.
    """
    try:
        # The number may be given to another at any moment; what this opens, not.
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if not all(word in command for word in words):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)
