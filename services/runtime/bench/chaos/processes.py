"""An instance's processes: found, stopped, killed, held down, and what they hold."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.runtime import instance
from services.runtime.bench.channels import live_channels
from services.runtime.bench.chaos.evidence import Footprint
from services.runtime.errors import NoInstance
from services.runtime.instance import Instance

_PROC = Path("/proc")
_LOOK_S = 0.05
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def pid_of(told: Instance, part: str) -> int | None:
    """Return the process of a part now; None while it is being restarted."""
    try:
        return instance.find(told.data).pids.get(part)
    except NoInstance:
        return None


def pids(told: Instance) -> dict[str, int]:
    """Return the processes by part, as the supervisor last told them."""
    return instance.find(told.data).pids


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone by now."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def family(pid: int) -> list[int]:
    """Return a process with all its living descendants, itself first."""
    found = [pid]
    for one in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in (_PROC / str(one) / "task").iterdir():
                children = (task / "children").read_text(encoding="ascii").split()
                found += [int(child) for child in children]
    return found


async def until_dead(*found: int) -> None:
    """Wait until killed processes hold nothing more: they die a moment later."""
    while any(_is_dying(pid) for pid in found):  # noqa: ASYNC110 - nobody tells it
        await asyncio.sleep(_LOOK_S)


def _is_dying(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        # One that is only waited for by its parent (Z) has let go of all it held.
        return text.rpartition(")")[2].split()[0] not in ("Z", "X")
    return False


@contextmanager
def frozen(*found: int) -> Iterator[None]:
    """Let processes stand still for the block."""
    for pid in found:
        kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(found):
            kill(pid, signal.SIGCONT)


def age_s(pid: int) -> float:
    """Return for how long a process has lived; 0 when it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    started_s = int(text.rpartition(")")[2].split()[19]) / _TICKS_PER_S
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s


async def footprint(told: Instance) -> Footprint:
    """Return what the engine and Asterisk hold now.

    Raises:
        BenchFailed: Asterisk's AMI does not say.
    """
    engine = pid_of(told, "engine")
    status = _status(engine) if engine else {}
    return Footprint(
        rss_kb=status.get("VmRSS", 0),
        threads=status.get("Threads", 0),
        descriptors=_descriptors(engine) if engine else 0,
        channels=await live_channels(told),
    )


def _status(pid: int) -> dict[str, int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = (_PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines()
        fields = (line.split(":", 1) for line in lines)
        return {
            name: int(value.split()[0])
            for name, value in fields
            if name in ("VmRSS", "Threads")
        }
    return {}


def _descriptors(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return len(list((_PROC / str(pid) / "fd").iterdir()))
    return 0
