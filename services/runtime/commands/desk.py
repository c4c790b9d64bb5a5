"""``tieline desk``: the agents' desk built, checked, and its types written."""

from pathlib import Path
from typing import Annotated

import typer

from services.runtime.desk.build import SOURCES, build
from services.runtime.desk.checks import check as checked
from services.runtime.desk.vocabulary import write_vocabulary
from services.runtime.errors import NoInstance
from services.runtime.instance import find
from services.runtime.progress import say
from services.runtime.settings import read_settings

app = typer.Typer(no_args_is_help=True)


@app.command(name="build")
def build_(
    data: Annotated[
        Path | None, typer.Option(help="data folder that serves it")
    ] = None,
) -> None:
    """Build the desk from its sources, and serve it."""
    settings = read_settings(data=data)
    pages = build(settings.data, cache=settings.parts)
    typer.echo(str(pages))
    try:
        say(f"desk: at {find(settings.data).http}/desk/")
    except NoInstance:
        say("desk: built; ./tieline up serves it")


@app.command()
def check() -> None:
    """Check the desk's types and run its tests, as CI does."""
    raise typer.Exit(checked(read_settings().parts))


@app.command(name="types")
def types_(
    folder: Annotated[Path, typer.Argument(help="where they are written")] = SOURCES
    / "src"
    / "vocabulary",
) -> None:
    """Write the types of facts and API as TypeScript, for an editor."""
    write_vocabulary(folder)
    typer.echo(str(folder))
