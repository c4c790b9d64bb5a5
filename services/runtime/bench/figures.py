"""What a bench found, against what it must be: figures, their floors, the machine."""

import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ENOUGH_FOR_P99 = 100
"""Of fewer trials the 99th percentile is only the worst one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    n: int
    """Trials behind it."""
    floor: float | None = None
    """What it must not be worse than; None where nothing was promised."""
    goal: float | None = None
    """What would be good."""
    is_more_better: bool = False
    enough: int = 1
    """Trials below which nothing can be said of the floor."""
    more: Mapping[str, object] = field(default_factory=dict)
    """What helps to read it."""

    @property
    def holds(self) -> bool | None:
        """Whether the floor holds; None without one, or where trials are too few."""
        if self.floor is None or self.n < self.enough:
            return None
        if self.is_more_better:
            return self.value >= self.floor
        return self.value <= self.floor

    def as_json(self) -> dict[str, object]:
        """Return it as JSON writes it."""
        told: dict[str, object] = {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "n": self.n,
            "floor": self.floor,
            "goal": self.goal,
            "holds": self.holds,
        }
        if self.is_more_better:
            told["is_more_better"] = True
        return told | ({"more": dict(self.more)} if self.more else {})


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many in a hundred do not exceed (nearest rank).

    Raises:
        ValueError: There are no values.
    """
    if not values:
        msg = "percentile: at least one value would do, got none"
        raise ValueError(msg)
    rank = max(1, math.ceil(percent / 100 * len(values)))
    return sorted(values)[rank - 1]


def latency(
    name: str,
    values_ms: Sequence[float],
    *,
    p50_floor: float | None = None,
    p99_floor: float | None = None,
    more: Mapping[str, object] | None = None,
) -> Iterator[Figure]:
    """Yield the median and the 99th percentile of measured times."""
    if not values_ms:
        return
    n = len(values_ms)
    told = {"max": round(max(values_ms), 3)} | dict(more or {})
    for percent, floor, enough in (
        (50, p50_floor, 1),
        (99, p99_floor, ENOUGH_FOR_P99),
    ):
        yield Figure(
            name=f"{name}_p{percent}",
            value=percentile(values_ms, percent),
            unit="ms",
            n=n,
            floor=floor,
            enough=enough,
            more=told,
        )


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    load = os.getloadavg()
    return {
        "cpu": _first(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": int((_first(Path("/proc/meminfo"), "MemTotal") or "0").split()[0])
        // 1024,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": [round(value, 2) for value in load],
    }


def _first(path: Path, name: str) -> str | None:
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
