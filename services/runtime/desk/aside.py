"""Builds the desk beside an instance that starts: no call waits for its pages."""

import asyncio
import os
import sys
from pathlib import Path

from services.runtime.desk.build import serve_kept
from services.runtime.desk.errors import DeskNotBuilt
from services.runtime.embedded.child import Child
from services.runtime.progress import Say, say
from services.runtime.settings import CHECKOUT

_NICER = ("nice", "-n", "19")


async def build_aside(data: Path, cache: Path | None, tell: Say = say) -> None:
    """See that the desk's pages of now are served; say so where that takes long.

    Cancelled, it takes the build with it.

    Args:
        data: The data folder that serves them.
        cache: Where built pages are kept; None means the machine's or the user's.
        tell: Takes what is done, for the operator.
    """
    try:
        if await asyncio.to_thread(serve_kept, data, cache=cache):
            return
    except DeskNotBuilt as problem:
        tell(str(problem))
        return
    tell("desk: building its pages beside the rest, once; calls need not wait …")
    tell(await _built(data))


async def _built(data: Path) -> str:
    began_s = asyncio.get_running_loop().time()
    log = data / "log" / "desk.log"
    build = ("-P", "-m", "services.runtime.cli", "desk", "build", "--data", str(data))
    try:
        child = await Child.start(
            "desk",
            (*_NICER, sys.executable, *build),
            log=log,
            environment=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        )
    except OSError as error:
        return f"desk: not built: {error}; ./tieline desk build tries again"
    try:
        code = await child.wait()
    finally:
        await child.stop()
    took_s = asyncio.get_running_loop().time() - began_s
    if code == 0:
        return f"desk: built in {took_s:.0f} s"
    told = await asyncio.to_thread(log.read_text, "utf-8", "replace")
    last = told.strip().rpartition("\n")[2]
    return last or f"desk: not built, its log is {log}; ./tieline desk build"
