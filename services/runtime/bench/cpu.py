"""CPU time of processes with all that they started, as the kernel counts it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stat:
    parent: int
    own_s: float
    reaped_s: float
    """Of children that have ended and were waited for."""


def tree_s(pid: int) -> float:
    """Return seconds of CPU of a process, its living and its ended descendants.

    Threads count as their process. 0 for a process that is gone.
    """
    stats = _stats()
    children: dict[int, list[int]] = {}
    for child, stat in stats.items():
        children.setdefault(stat.parent, []).append(child)
    spent_s, waiting = 0.0, [pid]
    while waiting:
        at = waiting.pop()
        if at in stats:
            spent_s += stats[at].own_s + stats[at].reaped_s
            waiting += children.get(at, [])
    return spent_s


def own_s(pid: int) -> float:
    """Return seconds of CPU of a process alone, without what it started."""
    stat = _stat(pid)
    return stat.own_s if stat else 0.0


def spent_s(pids: Mapping[str, int]) -> dict[str, float]:
    """Return seconds of CPU by part; the supervisor's are its own alone."""
    return {
        part: own_s(pid) if part == "supervisor" else tree_s(pid)
        for part, pid in pids.items()
    }


def _stats() -> dict[int, _Stat]:
    pids = (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())
    return {pid: stat for pid in pids if (stat := _stat(pid))}


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name, in brackets, may hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    user, system, reaped_user, reaped_system = map(int, fields[11:15])
    return _Stat(
        parent=int(fields[1]),
        own_s=(user + system) / _TICKS_PER_S,
        reaped_s=(reaped_user + reaped_system) / _TICKS_PER_S,
    )
