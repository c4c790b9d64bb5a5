"""The scorecard as Markdown, with its chart beside it, for a repository's readers."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.runtime.bench.chaos.page import reaches_goal, scene_in_words
from services.runtime.charts import bars

_WORDS = {True: "holds", False: "**does not hold**", None: "too few trials"}


def written(told: Mapping[str, Any], chart: str) -> str:
    """Return the card as a page of Markdown.

    Args:
        told: The card.
        chart: Where its chart lies, as seen from the page.
    """
    lines = [
        "# What Tieline survives",
        "",
        "Written by `./tieline bench chaos`. A figure is the worst of all rounds; ★"
        " marks a goal that is reached.",
        "",
        scene_in_words(told),
        "",
        f"![seconds not served, by fault]({chart})",
        "",
        *_verdict(told),
        "",
        "| fault | figure | found | floor | goal | trials | |",
        "| --- | --- | --: | --: | --: | --: | --- |",
        *(row for result in told["faults"] for row in _rows(result)),
        *(row for figure in told["sums"] for row in _row("all", figure)),
        "",
        *_notes(told),
    ]
    return "\n".join(lines) + "\n"


def chart(told: Mapping[str, Any]) -> str:
    """Return the chart of the card as a picture of its own."""
    spans = [(r["fault"], r["unserved_s"] or 0.0) for r in told["faults"]]
    drawn = bars(spans, "s not served")
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _verdict(told: Mapping[str, Any]) -> Iterator[str]:
    judged = [f for f in told["figures"] if f["floor"] is not None]
    held = sum(figure["holds"] is True for figure in judged)
    few = sum(figure["holds"] is None for figure in judged)
    goals = sum(bool(f["holds"]) and reaches_goal(f) for f in judged)
    yield (
        f"Of {len(judged)} floors {held} hold, {len(judged) - held - few} do not, and"
        f" of {few} the trials are too few to say; {goals} goals are reached."
    )


def _rows(result: Mapping[str, Any]) -> Iterator[str]:
    for figure in result["figures"]:
        if figure["floor"] is not None:
            yield from _row(result["fault"], figure)
    for problem in result["problems"]:
        why = _plain(problem)
        yield f"| {result['fault']} | {why} | | | | | **could not be done** |"


def _row(fault: str, figure: Mapping[str, Any]) -> Iterator[str]:
    name = figure["name"].removeprefix(fault).strip()
    star = " ★" if figure["holds"] and reaches_goal(figure) else ""
    goal = "" if figure["goal"] is None else f"{figure['goal']:g}"
    yield (
        f"| {fault} | {_plain(name)} | {figure['value']:g} {figure['unit']} |"
        f" {figure['floor']:g} | {goal} | {figure['n']} |"
        f" {_WORDS[figure['holds']]}{star} |"
    )


def _notes(told: Mapping[str, Any]) -> Iterator[str]:
    yield "## The faults"
    yield ""
    for result in told["faults"]:
        note = f": {result['note']}" if result["note"] else ""
        yield f"- {result['fault']}, {result['title']}{note}"
    for fault, why in told["left_out"].items():
        yield f"- {fault} is left out: {why}"


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
