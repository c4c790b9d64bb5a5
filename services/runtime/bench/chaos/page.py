"""The scorecard as one page that stands by itself: a table, and charts drawn here."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:66rem;
padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .6rem;border-bottom:1px solid #dde2e8;text-align:left}
td.n{text-align:right}.ok{color:#176b36}.bad{color:#b3261e;font-weight:600}.nil{color:#6b7480}
.goal:after{content:" ★";color:#a06a00}svg{display:block;margin:.6rem 0;max-width:100%}
small{color:#6b7480}
"""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 170, 52, 24
_SOUND_FLOOR_S = 3.0
_WORDS = {True: ("ok", "holds"), False: ("bad", "does not hold"), None: ("nil", "–")}


def drawn(told: Mapping[str, Any]) -> str:
    """Return the page of a card."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>Tieline: what it survives</title><style>{_STYLE}</style>",
        "<h1>What Tieline survives</h1>",
        f"<p>{_scene(told)}</p>",
        *_overview(told),
        *(part for result in told["faults"] for part in _fault(result)),
        "<h2>Left out</h2><ul>",
        *(f"<li>{escape(k)}: {escape(v)}" for k, v in told["left_out"].items()),
        "</ul></html>",
    ]
    return "\n".join(parts) + "\n"


def _scene(told: Mapping[str, Any]) -> str:
    scene, machine = told["scene"], told["machine"]
    return escape(
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
    if figure["holds"] and _reaches_goal(figure):
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


def _reaches_goal(figure: Mapping[str, Any]) -> bool:
    return figure["goal"] is not None and bool(figure["value"] <= figure["goal"])


def bars(values: Sequence[tuple[str, float]], unit: str) -> str:
    """Return a chart of named values, one bar each."""
    most = max((value for _, value in values), default=0.0) or 1.0
    rows = []
    for nth, (name, value) in enumerate(values):
        y, wide = nth * 22, (_WIDTH - 160) * value / most
        rows.append(
            f'<text x="0" y="{y + 14}" font-size="12">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 3}" width="{max(wide, 1):.1f}" height="14"'
            ' fill="#3a6ea5"/>'
            f'<text x="{_LEFT + wide + 6:.1f}" y="{y + 14}" font-size="12">'
            f"{value:.1f} {escape(unit)}</text>"
        )
    return _svg("".join(rows), max(22, 22 * len(values)))


def dots(rows: Sequence[Sequence[float | None]], floor: float) -> str:
    """Return a chart of values over time; what has none stands red at the top."""
    known = [value for _, value in rows if value is not None]
    last = max((at for at, _ in rows if at is not None), default=1.0) or 1.0
    most = max([*known, floor]) * 1.15
    high = _HEIGHT - _BOTTOM

    def x(at: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 10) * max(at, 0.0) / last

    def y(value: float) -> float:
        return high - (high - 12) * value / most

    marks = []
    for at, value in rows:
        shown = most if value is None else value
        colour = "#b3261e" if shown > floor else "#3a6ea5"
        marks.append(
            f'<circle cx="{x(at or 0.0):.1f}" cy="{y(shown):.1f}" r="3"'
            f' fill="{colour}"/>'
        )
    axes = (
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{high}" y2="{high}" stroke="#9aa3ad"/>'
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y(floor):.1f}" y2="{y(floor):.1f}"'
        ' stroke="#b3261e" stroke-dasharray="4 4"/>'
        f'<text x="0" y="{y(floor) + 4:.1f}" font-size="11">{floor:g} s</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}" font-size="11">the fault</text>'
        f'<text x="{_WIDTH - 60}" y="{_HEIGHT - 6}" font-size="11">{last:.0f} s</text>'
    )
    return _svg(axes + "".join(marks), _HEIGHT)


def _svg(inside: str, height: int) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img" font-family="system-ui,sans-serif">{inside}</svg>'
    )
