"""Charts as SVG, drawn here: a page with them needs nothing from anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:66rem;
padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .6rem;border-bottom:1px solid #dde2e8;text-align:left}
td.n{text-align:right}.ok{color:#176b36}.bad{color:#b3261e;font-weight:600}.nil{color:#6b7480}
.goal:after{content:" ★";color:#a06a00}svg{display:block;margin:.6rem 0;max-width:100%}
small{color:#6b7480}
"""
"""How pages with figures look."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 170, 52, 24
_NAMES = 190
_COLOURS = (
    *("#3a6ea5", "#b3261e", "#176b36", "#a06a00", "#6a3d9a"),
    *("#00808a", "#8c564b", "#5b6570", "#d14b8f", "#7a8b00"),
)


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


def spans(rows: Sequence[tuple[str, float, float, float]], unit: str) -> str:
    """Return a chart of named values with the interval in which each lies.

    Args:
        rows: Name, value, and the interval's two ends.
        unit: Of all of them.
    """
    least = min([0.0, *(low for _, _, low, _ in rows)])
    most = max([0.0, *(high for _, _, _, high in rows)])
    wide = (most - least) or 1.0

    def x(value: float) -> float:
        return _NAMES + (_WIDTH - _NAMES - 130) * (value - least) / wide

    drawn = [
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{22 * len(rows)}"'
        ' stroke="#9aa3ad"/>'
    ]
    for nth, (name, value, low, high) in enumerate(rows):
        y = nth * 22 + 11
        drawn.append(
            f'<text x="0" y="{y + 4}" font-size="12">{escape(name)}</text>'
            f'<line x1="{x(0):.1f}" x2="{x(value):.1f}" y1="{y}" y2="{y}"'
            ' stroke="#3a6ea5" stroke-width="9" opacity="0.45"/>'
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"'
            ' stroke="#1b1f24" stroke-width="2"/>'
            f'<circle cx="{x(value):.1f}" cy="{y}" r="3" fill="#1b1f24"/>'
            f'<text x="{_WIDTH - 122}" y="{y + 4}" font-size="12">{value:.2f}'
            f" ± {(high - low) / 2:.2f} {escape(unit)}</text>"
        )
    return _svg("".join(drawn), max(22, 22 * len(rows)))


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], *, x_unit: str, y_unit: str
) -> str:
    """Return a chart of named curves, each as its points from left to right."""
    points = [point for line in lines.values() for point in line] or [(0.0, 0.0)]
    last = max(at for at, _ in points) or 1.0
    least, most = min(v for _, v in points), max(v for _, v in points)
    high, wide = _HEIGHT - _BOTTOM, (most - least) or 1.0
    right = _WIDTH - 170

    def x(at: float) -> float:
        return _LEFT + (right - _LEFT) * at / last

    def y(value: float) -> float:
        return high - (high - 12) * (value - least) / wide

    drawn = [
        f'<line x1="{_LEFT}" x2="{right}" y1="{high}" y2="{high}" stroke="#9aa3ad"/>'
        f'<text x="0" y="16" font-size="11">{most:.0f} {escape(y_unit)}</text>'
        f'<text x="0" y="{high}" font-size="11">{least:.0f}</text>'
        f'<text x="{right - 30}" y="{_HEIGHT - 6}" font-size="11">{last:g}'
        f" {escape(x_unit)}</text>"
    ]
    for nth, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[nth % len(_COLOURS)]
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line)
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}"'
            ' stroke-width="1.6"/>'
            f'<text x="{right + 8}" y="{14 + nth * 15}" font-size="11"'
            f' fill="{colour}">{escape(name)}</text>'
        )
    return _svg("".join(drawn), _HEIGHT)


def stacked(charts: Sequence[tuple[str, str]]) -> str:
    """Return titled charts as one picture that stands by itself."""
    return "\n".join(_stack(charts))


def _stack(charts: Sequence[tuple[str, str]]) -> Iterator[str]:
    heights = [
        int(chart.split('height="', 1)[1].split('"', 1)[0]) for _, chart in charts
    ]
    whole = sum(heights) + 44 * len(charts)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 0 {_WIDTH + 32} {whole}"'
        f' width="{_WIDTH + 32}" height="{whole}" font-family="system-ui,sans-serif">'
        f'<rect x="-16" width="{_WIDTH + 32}" height="{whole}" fill="#fff"/>'
    )
    top = 0
    for (title, chart), height in zip(charts, heights, strict=True):
        yield f'<text x="0" y="{top + 22}" font-size="14">{escape(title)}</text>'
        yield chart.replace("<svg ", f'<svg x="0" y="{top + 32}" ', 1)
        top += height + 44
    yield "</svg>"
