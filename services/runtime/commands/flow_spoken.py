"""``tieline flow test --call``: cases whose callers speak, and what was heard."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from services.flows.cases import Ran
from services.runtime.commands.flow_going import counting, until_stopped
from services.runtime.progress import say
from services.runtime.rehearsal.aloud import NobodyListens, Spoken, made, talk_all
from services.runtime.rehearsal.running import open_rehearsal
from services.runtime.settings import Settings

_WIDE = 110


def spoken(
    settings: Settings,
    every: Sequence[Ran],
    wanted: Sequence[Ran],
    *,
    at_once: int,
    base_port: int | None,
) -> list[Spoken]:
    """Call cases and speak in them; none where no recogniser is set.

    Args:
        settings: Whose floor, flows, voices and recognisers are taken.
        every: All cases there are.
        wanted: Those to be called.
        at_once: How many callers there are at a time.
        base_port: The instance's ports; None looks for some that are free.
    """
    if settings.speech.zh == settings.speech.en == "off":
        return []
    work = _work(settings, every, wanted, at_once=at_once, base_port=base_port)
    try:
        return until_stopped(work)
    except NobodyListens as nobody:
        typer.echo(f"flow test: {nobody}", err=True)
        raise typer.Exit(nobody.exit_code) from nobody


async def _work(
    settings: Settings,
    every: Sequence[Ran],
    wanted: Sequence[Ran],
    *,
    at_once: int,
    base_port: int | None,
) -> list[Spoken]:
    tell = counting(len(wanted), _verdict)
    say(f"speaking the words of {len(wanted)} cases …")
    cases = made(settings, wanted)
    async with open_rehearsal(
        settings, every, base_port=base_port, listens=True
    ) as rehearsal:
        began_s = time.monotonic()
        done = await talk_all(rehearsal, cases, at_once=at_once, tell=tell)
        say(f"called in {time.monotonic() - began_s:.0f} s")
        return done


def lines_of(done: Sequence[Spoken], wanted: Sequence[Ran]) -> Iterator[str]:
    """Yield a table of what was said and heard, and what all came to."""
    if not done:
        yield (
            f"{len(wanted)} cases speak and were not called: TIELINE_SPEECH__ZH and"
            " __EN name no recogniser; docs/speech.md"
        )
        return
    table = Table("case", "said", "heard", "sure", "taken for", "ended by", box=None)
    for one in done:
        for turn in one.talked.turns:
            taken = f"{turn.outcome} {turn.meant}".strip()
            by = "words" if turn.is_understood else f"keys {turn.keys}".strip()
            sure = f"{turn.confidence:.2f}" if turn.heard else ""
            table.add_row(one.name, turn.said, turn.heard, sure, taken, by)
        table.add_row(one.name, "", "", "", "", _verdict(one))
    console = Console(width=_WIDE)
    with console.capture() as drawn:
        console.print(table)
    yield drawn.get().rstrip()
    yield sentence(done)


def sentence(done: Sequence[Spoken]) -> str:
    """Return what speaking came to."""
    right = sum(one.is_right for one in done)
    whole = sum(one.is_right and one.talked.is_by_words for one in done)
    turns = [turn for one in done for turn in one.talked.turns]
    words = sum(turn.is_understood for turn in turns)
    return (
        f"{len(done)} callers spoke: {right} ended where keys lead, {whole} of them by"
        f" words alone, {right - whole} with keys or in silence, {len(done) - right}"
        f" elsewhere; {words} of {len(turns)} times that something was said it was"
        f" understood, {sum(one.talked.astray for one in done)} times taken for"
        " something else"
    )


def as_json(done: Sequence[Spoken]) -> list[dict[str, Any]]:
    """Return the same for ``--json``."""
    return [
        {
            "case": one.name,
            "voices": list(one.case.voices),
            "speed": one.case.ran.case.written.speed,
            "noise_db": one.case.ran.case.written.noise_db,
            "expected": one.expected,
            "end": one.talked.end,
            "problem": one.talked.problem,
            "right": one.is_right,
            "by_words": one.is_right and one.talked.is_by_words,
            "astray": one.talked.astray,
            "call_id": one.talked.call_id,
            "steps": one.talked.steps,
            "turns": [
                {
                    "step": turn.step,
                    "said": turn.said,
                    "heard": turn.heard,
                    "confidence": turn.confidence,
                    "outcome": turn.outcome,
                    "meant": turn.meant,
                    "why": turn.why,
                    "took_ms": turn.took_ms,
                    "keys": turn.keys,
                }
                for turn in one.talked.turns
            ],
        }
        for one in done
    ]


def _verdict(one: Spoken) -> str:
    if not one.is_right:
        found = one.talked.problem or one.talked.end or "nowhere"
        return f"ended in {found!r}, not in {one.expected!r}"
    if one.talked.is_by_words:
        return f"{one.talked.end}, by words alone"
    understood = sum(turn.is_understood for turn in one.talked.turns)
    return f"{one.talked.end}, {understood} of {len(one.talked.turns)} by words"
