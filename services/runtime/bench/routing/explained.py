"""Explanations of calls, by HTTP and by the command, held against the rows."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

from services.runtime.asking import ask
from services.runtime.bench.figures import Figure
from services.runtime.bench.routing.commands import told_by_command
from services.runtime.bench.routing.records import Row
from services.runtime.instance import Instance

CALLS = 10
_ALIKE = ("agent_id", "queue_id", "waited_s", "step", "by_step", "rule", "ready")


def measure(found: Instance, decisions: Sequence[Row]) -> Figure:
    """Have calls explained, from those who were served at once to the longest wait."""
    by_call: dict[str, list[Row]] = defaultdict(list)
    for row in decisions:
        by_call[row["call_id"]].append(row)
    chosen = spread_over(
        sorted(by_call, key=lambda it: by_call[it][-1]["waited_s"]), CALLS
    )
    languages = cycle(("en", "zh"))
    problems = {
        call_id: wrong
        for call_id, language in zip(chosen, languages, strict=False)
        if (wrong := list(_wrong(found, call_id, by_call[call_id], language)))
    }
    return Figure(
        name="explained_as_the_rows",
        value=len(chosen) - len(problems),
        unit="calls",
        n=len(chosen),
        floor=CALLS,
        is_more_better=True,
        more={
            "longest_wait_s": round(by_call[chosen[-1]][-1]["waited_s"], 3),
            "unlike": problems,
        },
    )


def spread_over(these: Sequence[str], count: int) -> list[str]:
    """Return so many, evenly from the first to the last; all, if there are no more."""
    if len(these) <= count:
        return list(these)
    return [these[round(n * (len(these) - 1) / (count - 1))] for n in range(count)]


def _wrong(
    found: Instance, call_id: str, rows: Sequence[Row], language: str
) -> Iterator[str]:
    asked = ask(found, f"/calls/{call_id}/decisions", lang=language)
    words = ("explain", call_id, "--json", "--lang", language)
    if asked != json.loads(told_by_command(*words, data=found.data)):
        yield "the command tells other than http"
    if len(asked["decisions"]) != len(rows):
        yield f"{len(asked['decisions'])} reasons of {len(rows)} rows"
        return
    for one, row in zip(asked["decisions"], rows, strict=True):
        yield from unlike(one, row)


def unlike(one: Mapping[str, Any], row: Row) -> Iterator[str]:
    """Yield how an explanation of an offer and its row differ."""
    told = {name: one[name] for name in ("offer_id", *_ALIKE, "order")}
    stands = {name: row[name] for name in ("offer_id", *_ALIKE)}
    stands["order"] = row["order_rule"]
    scored = [(it["agent_id"], it["score"], it["terms"]) for it in one["scored"]]
    told |= {"source": one["source"], "excluded": one["excluded"], "scored": scored}
    stands |= {
        "source": "record",
        "excluded": {name: it for name, it in row["excluded"].items() if it},
        "scored": [
            (
                it["agent_id"],
                it["score"],
                dict(zip(row["terms"], it["terms"], strict=True)),
            )
            for it in row["scored"]
        ],
    }
    for name, value in stands.items():
        if told[name] != value:
            yield f"{name} is told {told[name]!r}, stands {value!r}"
    if not any(str(row["agent_id"]) in it for it in one["sentences"]):
        yield f"no sentence names {row['agent_id']}"
