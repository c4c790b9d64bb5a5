"""The scorecard as one page that stands by itself: a table, and charts."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from services.runtime.charts import STYLE, bars, dots

_SOUND_FLOOR_S = 3.0
_WORDS = {True: ("ok", "holds"), False: ("bad", "does not hold"), None: ("nil", "–")}


def drawn(told: Mapping[str, Any]) -> str:
    """Return the page of a card."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>Tieline: what it survives</title><style>{STYLE}</style>",
        "<h1>What Tieline survives</h1>",
        f"<p>{escape(scene_in_words(told))}</p>",
        *_overview(told),
        *(part for result in told["faults"] for part in _fault(result)),
        "<h2>Left out</h2><ul>",
        *(f"<li>{escape(k)}: {escape(v)}" for k, v in told["left_out"].items()),
        "</ul></html>",
    ]
    return "\n".join(parts) + "\n"


def scene_in_words(told: Mapping[str, Any]) -> str:
    """Return what stood there, and on what machine."""
    scene, machine = told["scene"], told["machine"]
    return (
        f"{scene['talking']} talking, {scene['waiting']} waiting, {scene['in_flow']} in"
        f" flows; {scene['probes']} conversations listened to. {machine.get('cores')}"
        f" cores, {machine.get('memory_mb')} MB, {machine.get('cpu')}."
    )


def _overview(told: Mapping[str, Any]) -> Iterator[str]:
    spans = [(r["fault"], r["unserved_s"] or 0.0) for r in told["faults"]]
    total = told["figures"][-1]
    yield f"<h2>Seconds not served: {total['value']:g} (floor {total['floor']:g})</h2>"
    yield bars(spans, "s")


def _fault(result: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>{escape(result['fault'])} {escape(result['title'])}</h2>"
    if result["note"]:
        yield f"<p><small>{escape(result['note'])}</small></p>"
    for problem in result["problems"]:
        yield f"<p class=bad>{escape(problem)}</p>"
    yield "<table><tr><th>figure<th>value<th>unit<th>n<th>floor<th>goal<th></tr>"
    yield from (_row(figure, result["fault"]) for figure in result["figures"])
    yield "</table>"
    if rows := result["new_calls"]:
        yield "<p><small>New calls: seconds to the first sound, by when they dialled"
        yield "</small></p>" + dots(rows, _SOUND_FLOOR_S)


def _row(figure: Mapping[str, Any], fault_id: str) -> str:
    kind, word = _WORDS[figure["holds"]]
    if figure["holds"] and reaches_goal(figure):
        kind += " goal"
    name = figure["name"].removeprefix(fault_id).strip()
    cells = "".join(
        f"<td class=n>{'–' if value is None else f'{value:g}'}"
        for value in (figure["n"], figure["floor"], figure["goal"])
    )
    return (
        f"<tr><td>{escape(name)}<td class=n>{figure['value']:g}"
        f"<td>{escape(figure['unit'])}{cells}<td class='{kind}'>{word}</tr>"
    )


def reaches_goal(figure: Mapping[str, Any]) -> bool:
    """Tell whether a figure is as good as was wished for."""
    if figure["goal"] is None:
        return False
    if figure.get("is_more_better"):
        return bool(figure["value"] >= figure["goal"])
    return bool(figure["value"] <= figure["goal"])
