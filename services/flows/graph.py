"""One flow drawn as SVG: its steps from above to below, traffic on its edges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from services.flows.changes import kind_of, leaves, read_flow, words_of

_WIDE, _HIGH = 210, 64
_ACROSS, _DOWN, _MARGIN = 240, 130, 24
_LETTERS = 32
"""What fits into a box, in narrow letters; others count twice."""
_SWEEPS = 4
_THICKEST = 9.0
_COLOURS = {
    "queue": "#d9ead9",
    "hang_up": "#eadada",
    "menu": "#dbe6f3",
    "say": "#f4f5f7",
}
_OTHER = "#f3ecd8"
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"\
 height="{high}" role="img" font-family="system-ui,sans-serif" font-size="11">
<title>{title}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"\
 markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">\
<path d="M0 0 8 4 0 8Z" fill="#57606a"/></marker></defs>
<rect width="100%" height="100%" fill="#fff"/>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """What became of callers at one step."""

    entered: int
    asked_again: int
    gave_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """How often callers went from one step to another of the same flow."""

    step: str
    next_step: str
    way: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way between two steps, with all that leads there."""

    step: str
    goto: str
    by: str
    """Keys and fields that lead there; empty where it only goes on."""
    calls: int
    """How many went it; 0 too where nothing is counted."""
    is_written: bool
    """Not so are keys that every menu has, and failures that lead to a person."""


def svg(
    text: str, *, name: str, at: Mapping[str, At], went: Sequence[Went], title: str = ""
) -> str:
    """Return a flow as a picture.

    Args:
        text: The flow, as it was published.
        name: What its file is called in messages.
        at: What became of callers, by step; empty draws the flow alone.
        went: Which ways they went.
        title: What stands above it, for the name of the period.

    Raises:
        SourceRefused: The text is not the YAML that is ever published.
    """
    flow = read_flow(text, name)
    steps: Mapping[str, Any] = flow["steps"]
    edges = edges_of(steps, went)
    places = _places(flow, edges)
    wide = max((x for x, _ in places.values()), default=0) + _WIDE + 3 * _MARGIN
    high = max((y for _, y in places.values()), default=0) + _HIGH + _MARGIN
    most = max((edge.calls for edge in edges), default=0)
    head = _HEAD.format(wide=wide, high=high, title=escape(title or name))
    drawn = [
        head,
        f'<text x="{_MARGIN}" y="16" font-size="13">{escape(title)}</text>\n',
    ]
    drawn += (_edge(edge, places, most) for edge in edges)
    drawn += (_box(it, steps[it], places[it], at.get(it)) for it in steps)
    return "".join([*drawn, "</svg>\n"])


def edges_of(steps: Mapping[str, Any], went: Sequence[Went]) -> list[Edge]:
    """Return the ways of a flow, and those that callers went besides."""
    by: dict[tuple[str, str], list[str]] = {}
    for name, step in steps.items():
        for place, value in leaves(step):
            # What a step does may be a word that is a step's name too.
            if value in steps and (place[0] != kind_of(step) or place[-1] == "goto"):
                here = by.setdefault((name, value), [])
                here += [word] if (word := _way(place, step)) else []
    calls: dict[tuple[str, str], int] = {}
    besides: dict[tuple[str, str], list[str]] = {}
    for it in went:
        pair = (it.step, it.next_step)
        if it.next_step in steps and it.step in steps:
            calls[pair] = calls.get(pair, 0) + it.calls
            besides.setdefault(pair, []).append(it.way.removeprefix("key "))
    return [
        Edge(
            step=pair[0],
            goto=pair[1],
            by=", ".join(by.get(pair, besides.get(pair, []))),
            calls=calls.get(pair, 0),
            is_written=pair in by,
        )
        for pair in [*by, *(it for it in besides if it not in by)]
    ]


def _way(place: tuple[str, ...], step: Mapping[str, Any]) -> str:
    match place:
        case ("keys", key):
            return key
        case ("branch", nth, "goto"):
            return f"if {step['branch'][int(nth) - 1]['if']}"
        case ("goto",):
            return ""
        case (*_, "goto"):
            return " ".join(place[:-1])
        case _:
            return " ".join(place)


def _places(
    flow: Mapping[str, Any], edges: Sequence[Edge]
) -> dict[str, tuple[float, float]]:
    """Return where each step stands: in rows by how far it is from the entry."""
    depths = _depths(flow, edges)
    rows: dict[int, list[str]] = {}
    for name, depth in depths.items():
        rows.setdefault(depth, []).append(name)
    widest = max(map(len, rows.values()), default=1)
    middles = {
        name: nth - len(row) / 2
        for row in rows.values()
        for nth, name in enumerate(row)
    }
    for _ in range(_SWEEPS):
        for _, row in sorted(rows.items()):
            # Each stands below the middle of those that lead to it.
            row.sort(key=lambda name: _middle(name, edges, middles))
            middles |= {name: nth - len(row) / 2 for nth, name in enumerate(row)}
    return {
        name: (
            _MARGIN + (widest / 2 + middles[name]) * _ACROSS,
            2 * _MARGIN + depth * _DOWN,
        )
        for name, depth in depths.items()
    }


def _depths(flow: Mapping[str, Any], edges: Sequence[Edge]) -> dict[str, int]:
    depths: dict[str, int] = {flow["entry"]: 0}
    todo = [flow["entry"]]
    for name in todo:
        for edge in edges:
            if edge.step == name and edge.goto not in depths:
                depths[edge.goto] = depths[name] + 1
                todo.append(edge.goto)
    last = max(depths.values()) + 1
    return depths | {it: last for it in flow["steps"] if it not in depths}


def _middle(
    name: str, edges: Sequence[Edge], middles: Mapping[str, float]
) -> tuple[float, str]:
    before = [middles[edge.step] for edge in edges if edge.goto == name]
    return (sum(before) / len(before) if before else middles[name], name)


def _edge(edge: Edge, places: Mapping[str, tuple[float, float]], most: int) -> str:
    (x1, y1), (x2, y2) = places[edge.step], places[edge.goto]
    if y2 > y1:
        x1, y1, x2 = x1 + _WIDE / 2, y1 + _HIGH, x2 + _WIDE / 2
        path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + 50:.0f} {x2:.0f} {y2 - 50:.0f}"
        # Where the curve is steepest, nearer its end: labels of one box lie apart.
        label = (x1 + (x2 - x1) * 0.6, y1 + (y2 - y1) * 0.55)
    else:
        # Back, or aside: out to the right of both.
        x1, y1, x2, y2 = x1 + _WIDE, y1 + 20, x2 + _WIDE, y2 + _HIGH - 20
        out = max(x1, x2) + 26
        path = f"M{x1:.0f} {y1:.0f}C{out:.0f} {y1:.0f} {out:.0f} {y2:.0f}"
        label = (out - 4, (y1 + y2) / 2)
    thick = 1 + (_THICKEST - 1) * edge.calls / most if most and edge.calls else 1
    dashes = "" if edge.is_written else ' stroke-dasharray="4 3"'
    words = " · ".join(it for it in (edge.by, str(edge.calls or "")) if it)
    return (
        f'<path d="{path} {x2:.0f} {y2:.0f}" fill="none" stroke="#8c959f"'
        f' stroke-width="{thick:.1f}" stroke-opacity="0.8"{dashes}'
        ' marker-end="url(#tip)"/>'
        f'<text x="{label[0]:.0f}" y="{label[1]:.0f}" text-anchor="middle"'
        f' paint-order="stroke" stroke="#fff" stroke-width="3">{escape(words)}</text>\n'
    )


def _box(
    name: str, step: Mapping[str, Any], place: tuple[float, float], at: At | None
) -> str:
    x, y = place
    colour = _COLOURS.get(kind_of(step), _OTHER)
    lines = [(name, "600"), (words_of(step), "400")]
    if at is not None:
        lines.append((_counted(at), "400"))
    texts = "".join(
        f'<text x="{x + 8:.0f}" y="{y + 17 + 18 * nth:.0f}" font-weight="{weight}">'
        f"{escape(_fitting(line))}</text>"
        for nth, (line, weight) in enumerate(lines)
    )
    return (
        f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{_WIDE}" height="{_HIGH}" rx="8"'
        f' fill="{colour}" stroke="#8c959f"/>{texts}</g>\n'
    )


def _counted(at: At) -> str:
    told = [f"{at.entered} in"]
    if at.asked_again:
        told.append(f"{at.asked_again} again")
    if at.gave_up:
        told.append(f"{at.gave_up} gave up")
    return ", ".join(told)


def _fitting(text: str) -> str:
    """Return what of a text fits into a box."""
    return "".join(_within(text))


def _within(text: str) -> Iterator[str]:
    used = 0
    for letter in text:
        used += 1 if letter.isascii() else 2
        if used > _LETTERS:
            yield "…"
            return
        yield letter
