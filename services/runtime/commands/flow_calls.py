"""``tieline flow test --call``: the same cases over real SIP, and what differs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from services.flows.cases import Ran
from services.runtime.commands import flow_spoken
from services.runtime.commands.flow_going import counting, until_stopped
from services.runtime.progress import say
from services.runtime.rehearsal.running import Called, call_all, open_rehearsal
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What calling cases came to."""

    told: dict[str, object]
    lines: list[str]
    is_well: bool


def on_telephones(
    settings: Settings,
    every: Sequence[Ran],
    wanted: Sequence[Ran],
    *,
    at_once: int,
    base_port: int | None,
) -> Came:
    """Call cases by keys, and speak in those whose callers have a voice.

    Args:
        settings: Whose floor, flows, voices and recognisers are taken.
        every: All cases there are.
        wanted: Those that are meant; others that speak are left out.
        at_once: How many callers there are at a time.
        base_port: The instance's ports; None looks for some that are free.
    """
    told: dict[str, object] = {}
    lines: list[str] = []
    is_well = True
    if by_keys := [one for one in wanted if not one.case.speaks]:
        done = called(settings, every, by_keys, at_once=at_once, base_port=base_port)
        told["calls"] = as_json(done)
        lines += lines_of(done)
        is_well = all(one.is_same for one in done)
    if aloud := [one for one in wanted if one.case.is_aloud]:
        said = flow_spoken.spoken(
            settings, every, aloud, at_once=at_once, base_port=base_port
        )
        told["spoken"] = flow_spoken.as_json(said)
        lines += flow_spoken.lines_of(said, aloud)
        is_well = is_well and all(one.is_right for one in said)
    return Came(told=told, lines=lines, is_well=is_well)


def called(
    settings: Settings,
    every: Sequence[Ran],
    wanted: Sequence[Ran],
    *,
    at_once: int,
    base_port: int | None,
) -> list[Called]:
    """Call cases on an instance of their own, and tell how it goes.

    Args:
        settings: Whose floor, flows and voices are taken.
        every: All cases there are.
        wanted: Those to be called.
        at_once: How many callers there are at a time.
        base_port: The instance's ports; None looks for some that are free.
    """
    work = _work(settings, every, wanted, at_once=at_once, base_port=base_port)
    return until_stopped(work)


async def _work(
    settings: Settings,
    every: Sequence[Ran],
    wanted: Sequence[Ran],
    *,
    at_once: int,
    base_port: int | None,
) -> list[Called]:
    tell = counting(len(wanted), _verdict)
    async with open_rehearsal(settings, every, base_port=base_port) as rehearsal:
        began_s = time.monotonic()
        say(f"calling {len(wanted)} cases, {at_once} at a time …")
        done = await call_all(rehearsal, wanted, at_once=at_once, tell=tell)
        say(f"called in {time.monotonic() - began_s:.0f} s")
        return done


def lines_of(done: Sequence[Called]) -> Iterator[str]:
    """Yield a table of what differs, what was not called, and what all came to."""
    table = Table("case", "behind", "without a telephone", "by telephone", box=None)
    for one in done:
        if (it := one.difference) is not None:
            table.add_row(one.name, it.after, it.expected, it.found)
        for text in one.listened.unheard:
            table.add_row(one.name, "", "is heard", text)
    if table.row_count:
        console = Console()
        with console.capture() as drawn:
            console.print(table)
        yield drawn.get().rstrip()
    for one in done:
        if one.played is None:
            yield f"{one.name}: not called, no number leads to {one.ran.case.flow}"
    yield sentence(done)


def sentence(done: Sequence[Called]) -> str:
    """Return what calling came to."""
    placed = [one for one in done if one.played is not None]
    prompts = sum(one.listened.prompts for one in done)
    differ = sum(not one.is_same for one in placed)
    told = [
        f"{len(placed)} called",
        f"{len(placed) - differ} went the same way as without a telephone",
        f"{differ} did not",
        f"{prompts} prompts listened to",
    ]
    if again := sum(one.times > 1 for one in placed):
        told.append(f"{again} called again for a line that stumbled")
    return ", ".join(told)


def as_json(done: Sequence[Called]) -> list[dict[str, Any]]:
    """Return the same for ``--json``."""
    return [_as_json(one) for one in done]


def _as_json(one: Called) -> dict[str, Any]:
    told: dict[str, Any] = {"case": one.name, "called": one.played is not None}
    if one.played is None:
        return told
    difference = one.difference
    return told | {
        "same": one.is_same,
        "times": one.times,
        "lost_bytes": one.played.lost_bytes,
        "call_id": one.played.call_id,
        "end": one.played.end,
        "way": one.played.lines,
        "prompts": one.listened.prompts,
        "least_heard": round(one.listened.least, 3),
        "unheard": list(one.listened.unheard),
        "difference": difference
        and {
            "after": difference.after,
            "expected": difference.expected,
            "found": difference.found,
        },
        "set_up_s": one.played.set_up_s,
        "way_s": one.played.way_s,
    }


def _verdict(one: Called) -> str:
    if one.played is None:
        return "not called"
    if one.is_same:
        return f"the same, {one.played.end}"
    if one.difference is not None:
        return f"differs: {one.difference.found!r}, not {one.difference.expected!r}"
    return "; ".join(one.listened.unheard)
