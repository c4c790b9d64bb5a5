"""What commands that publish versions share: options, and how a version is told."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.sounds import Language

Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
Json = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
Note = Annotated[str, typer.Option(help="why; it stands in the history")]
From = Annotated[
    int | None,
    typer.Option("--from", help="the version it was made from; else the one in force"),
]
InLanguage = Annotated[Language, typer.Option("--language", help="of what is told")]
LIMIT_S = 120.0
"""New prompts are spoken before what is published is in force."""


def made_from(number: int) -> Mapping[str, str]:
    """Return the header that names the version which another was made from."""
    return {"If-Match": f'"{number}"'}


def wanted(language: Language) -> Mapping[str, str]:
    """Return the header that says in which language sentences are wanted."""
    return {"Accept-Language": language.value}


def near(path: Path) -> Path:
    """Return a path as it is shorter to read: from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def history_lines(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the versions, a line each: when, by whom, from what, why."""
    return [
        f"{one['number']:>5} {one['published_at'][:19].replace('T', ' ')}Z "
        f"{one['by']:<12} from {one['made_from'] or '-':>4}  {one['note']}".rstrip()
        for one in told
    ]


def tell(told: object, as_json: bool, lines: Iterable[str]) -> None:
    """Print what an instance told, as JSON or in lines."""
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in lines:
        typer.echo(line)
