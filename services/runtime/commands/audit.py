"""``tieline audit``: who heard, shredded or was refused, and whether that is whole."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from services.runtime import instance
from services.runtime.errors import RuntimeProblem
from services.runtime.vaults import anchor_of
from services.store.audit import latest, verify
from services.store.errors import StoreError


class AuditUnsound(RuntimeProblem):
    """The audit is broken, or cannot be read."""


def audit(
    *,
    last: Annotated[int, typer.Option(min=0, help="rows to show")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Verify the chain of the audit and show its last rows.

    Ends with 0 when every row is what was written, 1 when not.
    """
    found = instance.find(data)
    try:
        chain = asyncio.run(verify(found.database, anchor_of(found.data)))
        rows = asyncio.run(latest(found.database, last))
    except StoreError as problem:
        raise AuditUnsound(str(problem)) from None
    if as_json:
        told = {"rows": chain.rows, "last_sum": chain.last_sum, "latest": rows}
        typer.echo(json.dumps(told, ensure_ascii=False, default=str))
        return
    for row in rows:
        typer.echo(
            f"{row['seq']:>6} {row['at']:%Y-%m-%d %H:%M:%S} {row['actor']:<12} "
            f"{row['act']:<13} {row['object']} {row['detail']}"
        )
    typer.echo(
        f"{chain.rows} rows, whole; the last has the sum {chain.last_sum}: kept "
        "elsewhere, it proves later that nothing was cut off"
    )
