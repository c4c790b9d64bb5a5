"""``tieline restore``: a backup brought back into a new data folder."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from services.runtime.backup.returning import Goal, looked_at
from services.runtime.backup.returning import restore as bring_back
from services.runtime.parts import postgres
from services.runtime.privileges import service_user
from services.runtime.progress import say
from services.runtime.settings import read_settings


def restore(
    source: Annotated[Path, typer.Argument(help="a folder of ./tieline backup")],
    *,
    data: Annotated[Path, typer.Option(help="the data folder that is made")],
    keys_from: Annotated[
        Path | None, typer.Option(help="the folder of the backup's keys")
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="without recordings and passwords")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(help="DIR/journal of the instance, saved after the backup"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
) -> None:
    """Bring a backup back into a folder that is not there yet; then start it there.

    Every sum is looked at before anything is touched. Ends with 0 when the folder is
    ready for ./tieline up, 2 when a folder will not do, 1 when the backup is not whole
    or cannot be brought back; nothing is left then.
    """
    began_s = time.monotonic()
    if keys_from is not None and without_keys:
        raise typer.BadParameter("--keys-from and --without-keys exclude each other")
    settings = read_settings()
    sources = looked_at(source, keys_from, journal, without_keys=without_keys)
    say(f"{source}: whole, {len(sources.told.files)} files; bringing them back …")
    url = settings.database.url
    goal = Goal(
        data=data.expanduser().absolute(),
        part=postgres.obtain(settings.parts),
        user=service_user(settings.user),
        url=url.get_secret_value() if url else None,
    )
    done = asyncio.run(bring_back(sources, goal))
    took_s = time.monotonic() - began_s
    told = {
        "data": str(goal.data),
        "made_at": sources.told.made_at,
        "counts": done.position.counts,
        "shipped_seq": done.position.shipped_seq,
        "journaled_seq": done.journaled_seq,
        "took_s": round(took_s, 3),
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    ahead = done.journaled_seq - done.position.shipped_seq
    typer.echo(
        f"{goal.data}: restored in {took_s:.1f} s, {done.position.counts['calls']}"
        f" calls on record; {ahead} entries of the journal are shipped at the start\n"
        f"next: ./tieline up --data {goal.data}"
    )
