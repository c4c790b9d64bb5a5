"""Asks a module of ours in a process of its own, so that no call waits for it."""

import asyncio
import json
import os
import pickle
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from services.runtime.settings import CHECKOUT

_NICER = 10


class AsideFailed(Exception):
    """The process ended without an answer: our mistake."""

    def __init__(self, module: str, said: str) -> None:
        """Say its last words."""
        super().__init__(f"{module}: gave no answer: {said}")
        self.module = module
        self.said = said


@asynccontextmanager
async def running_aside(
    *command: str,
    environment: Mapping[str, str],
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program of ours for the block; it does not outlive it.

    Args:
        command: Program and arguments.
        environment: All that it finds there, but for where our code is. Ours as a
            whole has secrets in it.
        stdin: What it reads; None means what we read.
        stdout: Where it writes; None means where we do.
        stderr: Where it writes errors; None means where we do.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def asked_aside(module: str, asked: Mapping[str, Any], *, limit_s: float) -> Any:  # noqa: ANN401 - what the module answers
    """Return what a module answers, which must end in ``answer_aside``.

    Args:
        module: Its whole name.
        asked: What it is asked, as JSON; it stands on no command line and in no
            environment.
        limit_s: How long it may take.

    Raises:
        AsideFailed: There was no answer.
        TimeoutError: There was none in time.
    """
    async with (
        asyncio.timeout(limit_s),
        running_aside(
            *(sys.executable, "-P", "-m", module),
            environment={"PATH": os.defpath},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        ) as process,
    ):
        told, said = await process.communicate(json.dumps(asked).encode())
    if process.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise AsideFailed(module, last)
    return pickle.loads(told)  # noqa: S301 - of our own child


def answer_aside(answered: Callable[[dict[str, Any]], object]) -> None:
    """Answer, as such a process, what stands on the standard input."""
    os.nice(_NICER)
    sys.stdout.buffer.write(pickle.dumps(answered(json.load(sys.stdin.buffer))))
