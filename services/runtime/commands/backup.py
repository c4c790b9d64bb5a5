"""``tieline backup``: all that an instance knows, copied while it runs."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from services.runtime import instance
from services.runtime.backup.manifest import Manifest
from services.runtime.backup.taking import Taken, take
from services.runtime.parts import postgres
from services.runtime.progress import in_megabytes
from services.runtime.settings import read_settings


def backup(
    to: Annotated[Path, typer.Argument(help="the folder that is made")],
    *,
    keys_to: Annotated[
        Path | None,
        typer.Option(help="the folder that is made for the keys, elsewhere"),
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="leave the keys out")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
) -> None:
    """Copy records, journal, recordings and audit of a running instance into a folder.

    The keys go into a folder of their own: kept with the recordings, what is shredded
    later could be heard from the backup for ever. Ends with 0 when all of it is there,
    2 when a folder will not do, 3 when no instance runs, 1 when it failed.
    """
    if (keys_to is None) != without_keys:
        raise typer.BadParameter(
            "name a folder elsewhere by --keys-to, or say --without-keys"
        )
    found = instance.find(data)
    part = postgres.obtain(read_settings().parts)
    to = to.expanduser().absolute()
    keys_to = keys_to and keys_to.expanduser().absolute()
    taken = asyncio.run(take(found, part, to, keys_to))
    if as_json:
        typer.echo(json.dumps(_as_json(taken, to, keys_to)))
    else:
        typer.echo(_in_words(taken, to, keys_to))


def _as_json(taken: Taken, to: Path, keys_to: Path | None) -> dict[str, object]:
    told = asdict(taken.records) | {"files": len(taken.records.files)}
    return told | {
        "to": str(to),
        "keys_to": keys_to and str(keys_to),
        "size_bytes": taken.records.size_bytes,
        "took_s": round(taken.took_s, 3),
    }


def _in_words(taken: Taken, to: Path, keys_to: Path | None) -> str:
    told = taken.records
    lines = [
        f"{to}: {_size(told)} in {taken.took_s:.1f} s; {told.counts['calls']} calls,"
        f" {told.counts['audit']} rows of audit",
        f"holds all up to entry {told.journaled_seq} of the journal, of"
        f" {told.made_at}; what comes after is in DIR/journal alone, and comes back"
        " by ./tieline restore --journal where that is saved",
    ]
    if keys_to and taken.keys:
        lines.append(
            f"{keys_to}: {_size(taken.keys)} of keys and passwords; keep it elsewhere"
        )
    else:
        lines.append("keys were left out: without them no recording can be heard")
    return "\n".join(lines)


def _size(told: Manifest) -> str:
    return f"{len(told.files)} files, {in_megabytes(told.size_bytes)}"
