"""How long an instance takes from nothing, and again, to its ready line."""

import asyncio
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from services.runtime.bench.figures import Figure
from services.runtime.bench.free_ports import free_base
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import running_up
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT

_COLD_FLOOR_S = 240.0
_AGAIN_FLOOR_S = 10.0
# What takes the network's time, as told while it is done.
_DOWNLOADS = re.compile(
    r"(?:list fetched|downloaded|environment made|installed) in ([\d.]+) s"
)


async def measure(*, is_cold: bool) -> list[Figure]:
    """Start an instance twice on one folder; cold: from a fresh clone without parts."""
    with tempfile.TemporaryDirectory(
        prefix="tieline-bench-start-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        log = folder / "up.log"
        command: tuple[str, ...] = ()
        variables: dict[str, str] = {}
        began_s = time.monotonic()
        if is_cold:
            await _clone(folder / "clone")
            command = (str(folder / "clone" / "tieline"),)
            variables = {
                "TIELINE_PARTS": str(folder / "parts"),
                "XDG_CACHE_HOME": str(folder / "cache"),
            }
        options = ("--data", str(folder / "data"), "--base-port", str(free_base()))
        async with running_up(options, variables, log=log, command=command):
            first_s = time.monotonic() - began_s
        say(f"start: the first took {first_s:.1f} s")
        async with running_up(options, variables, log=log, command=command) as again_s:
            say(f"start: the second took {again_s:.1f} s")
        return list(_figures(first_s, again_s, log, is_cold=is_cold))


def _figures(
    first_s: float, again_s: float, log: Path, *, is_cold: bool
) -> Iterator[Figure]:
    words = log.read_text(encoding="utf-8", errors="replace")
    yield Figure(
        name="start_from_clone" if is_cold else "start_first",
        value=first_s,
        unit="s",
        n=1,
        floor=_COLD_FLOOR_S if is_cold else None,
        more=downloads(words) if is_cold else {},
    )
    yield Figure(name="start_again", value=again_s, unit="s", n=1, floor=_AGAIN_FLOOR_S)


def downloads(words: str) -> dict[str, object]:
    """Return what was told of fetching: its sentences, and the sum of their seconds.

    Parts are fetched side by side, so the sum may be more than the wall clock's time.
    """
    told = [line for line in words.splitlines() if _DOWNLOADS.search(line)]
    seconds = sum(float(spent) for spent in _DOWNLOADS.findall(words))
    return {"fetching_s": round(seconds, 1), "fetched": told}


async def _clone(target: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "git",
        *("clone", "-q", str(CHECKOUT), str(target)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, words = await process.communicate()
    if process.returncode:
        raise BenchFailed(
            "cloning the checkout",
            found=words.decode(errors="replace").strip(),
            would_do="it must be a git checkout",
        )
