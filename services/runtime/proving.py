"""Proves and edits floors in a process of its own, so that no call waits for it.

A floor of thousands of agents takes seconds, in which the engine's one loop would
share its interpreter with it.
"""

import asyncio
import json
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.problems import Problem
from services.floor.edit import EditLost, Patch, edited
from services.floor.floor import Floor
from services.floor.load import FloorRefused, load_text
from services.runtime.settings import CHECKOUT

_LIMIT_S = 120.0
_NICER = 10


class ProofFailed(Exception):
    """The process that proves floors ended without an answer: our mistake."""

    def __init__(self, said: str) -> None:
        """Say its last words."""
        super().__init__(f"floor: could not be proved: {said}")
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A floor that is right."""

    text: str
    floor: Floor


async def prove(
    text: str, flows: Path, *, file: str, patch: Patch | None = None
) -> Proved:
    """Prove a floor, edited first where there is a patch; see ``load_text``.

    Raises:
        FloorRefused: With every problem of the text and of every flow.
        EditLost: The text cannot be changed without changing more.
        ProofFailed: There was no answer.
    """
    asked = {"text": text, "flows": str(flows), "file": file, "patch": patch}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Not our whole environment: there are secrets in it.
        env={"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT)},
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            told, said = await process.communicate(json.dumps(asked).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise ProofFailed(last)
    answer: Proved | tuple[Problem, ...] | None = pickle.loads(told)  # noqa: S301 - of our own child
    match answer:
        case Proved():
            return answer
        case None:
            raise EditLost
        case _:
            raise FloorRefused(answer)


def answered(asked: dict[str, Any]) -> Proved | tuple[Problem, ...] | None:
    """Return the proved floor, or all that is wrong with it; None for a lost edit."""
    try:
        patch = asked["patch"]
        text = asked["text"] if patch is None else edited(asked["text"], patch)
        floor = load_text(text, Path(asked["flows"]), file=asked["file"])
    except FloorRefused as refused:
        return refused.problems
    except EditLost:
        return None
    return Proved(text=text, floor=floor)


def main() -> None:
    """Answer what stands on the standard input."""
    os.nice(_NICER)
    sys.stdout.buffer.write(pickle.dumps(answered(json.load(sys.stdin.buffer))))


if __name__ == "__main__":
    # By its own name, so that what is pickled is found again.
    from services.runtime.proving import main as run

    run()
