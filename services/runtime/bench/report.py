"""A bench's findings as tables for a person."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

_WORDS = {True: "[green]holds[/]", False: "[red]does not hold[/]", None: "-"}


def print_figures(figures: Sequence[Mapping[str, object]], console: Console) -> None:
    """Print figures with their floors."""
    table = Table("figure", "value", "unit", "n", "floor", "goal", "", box=None)
    for figure in figures:
        holds = figure["holds"]
        table.add_row(
            str(figure["name"]),
            f"{figure['value']:g}",
            str(figure["unit"]),
            str(figure["n"]),
            _number(figure["floor"]),
            _number(figure["goal"]),
            _WORDS[holds if isinstance(holds, bool) else None],
        )
    console.print(table)


def print_counts(rows: Sequence[Mapping[str, object]], console: Console) -> None:
    """Print what was counted twice, and whether both came to the same."""
    table = Table("what", "records", "SIPp", "", box=None)
    for row in rows:
        table.add_row(
            str(row["name"]),
            str(row["found"]),
            str(row["expected"]),
            _WORDS[row["found"] == row["expected"]],
        )
    console.print(table)


def _number(value: object) -> str:
    return "-" if value is None else f"{value:g}"
