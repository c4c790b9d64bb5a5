"""``tieline flow schema``: editors are told what a flow can say and name."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.editors import editor_schema
from ivr.sounds import Language
from services.flows.names import names_for
from services.runtime.errors import RuntimeProblem
from services.runtime.launch import floor_file
from services.runtime.settings import read_settings
from services.runtime.versions_told import Data, InLanguage, near

_FOLDER = ".schema"
"""Beside the folder of flows."""
_SETTINGS = Path(".vscode") / "settings.json"
_SCHEMAS = "yaml.schemas"


class NotWritten(RuntimeProblem):
    """What editors read cannot be written."""

    exit_code = 2


def schema(
    folder: Annotated[
        Path | None, typer.Argument(help="folder of flows; else the settings' own")
    ] = None,
    *,
    is_written: Annotated[
        bool, typer.Option("--write", help="beside the flows, and for VS Code here")
    ] = False,
    language: InLanguage = Language.EN,
    data: Data = None,
) -> None:
    """Print the JSON Schema of a flow, or write one for each flow with its names.

    Editors with YAML's language server complete steps, queues and look-ups by it, and
    mark errors while you type. --language is that of the words beside a completion.
    """
    if not is_written:
        typer.echo(_json(editor_schema(language=language)))
        return
    settings = read_settings(data=data)
    flows = folder or settings.flows
    try:
        written = write(flows, floor_file(settings), language)
        _into_settings(flows, written)
    except OSError as error:
        raise NotWritten(
            f"{error.filename}: cannot be written: {error.strerror}"
        ) from None
    typer.echo(f"{near(folder_of(flows))}: {len(written)} schemas written")
    typer.echo(
        f"{_SETTINGS}: names them, for VS Code; other editors take as first line:"
    )
    typer.echo(f"# yaml-language-server: $schema=../{_FOLDER}/main.json")


def folder_of(flows: Path) -> Path:
    """Return where the schemas of a folder of flows lie."""
    return flows.parent / _FOLDER


def write(flows: Path, floor: Path, language: Language) -> dict[str, Path]:
    """Write a schema for each flow; return them by the flow's file.

    Raises:
        OSError: They cannot be written.
    """
    target = folder_of(flows)
    target.mkdir(parents=True, exist_ok=True)
    written = {}
    for flow in sorted(flows.glob("*.yaml")):
        path = target / f"{flow.stem}.json"
        path.write_text(
            _json(editor_schema(names_for(flow, floor), language)), encoding="utf-8"
        )
        written[flow.name] = path
    return written


def _into_settings(flows: Path, written: dict[str, Path]) -> None:
    """Name the schemas in VS Code's settings of the folder where we are."""
    told: Any = {}
    if _SETTINGS.exists():
        try:
            told = json.loads(_SETTINGS.read_text(encoding="utf-8"))
        except ValueError:
            told = None
        if not isinstance(told, dict):
            what = "is no plain JSON; add yaml.schemas by hand, or take it away"
            raise NotWritten(f"{_SETTINGS}: {what}")
    ours = {
        f"./{os.path.relpath(path)}": os.path.relpath(flows / name)
        for name, path in written.items()
    }
    told[_SCHEMAS] = {**told.get(_SCHEMAS, {}), **ours}
    _SETTINGS.parent.mkdir(exist_ok=True)
    _SETTINGS.write_text(_json(told), encoding="utf-8")


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1)
