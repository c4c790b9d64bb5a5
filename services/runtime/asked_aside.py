"""Asks a module of ours in a process of its own, so that no call waits for it."""

import asyncio
import json
import os
import pickle
import sys
from collections.abc import Callable, Mapping
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
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Not our whole environment: there are secrets in it.
        env={"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT)},
    )
    try:
        async with asyncio.timeout(limit_s):
            told, said = await process.communicate(json.dumps(asked).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise AsideFailed(module, last)
    return pickle.loads(told)  # noqa: S301 - of our own child


def answer_aside(answered: Callable[[dict[str, Any]], object]) -> None:
    """Answer, as such a process, what stands on the standard input."""
    os.nice(_NICER)
    sys.stdout.buffer.write(pickle.dumps(answered(json.load(sys.stdin.buffer))))
