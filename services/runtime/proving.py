"""Proves floors and flows in a process of its own, so that no call waits for it.

A floor of thousands of agents takes seconds, in which the engine's one loop would
share its interpreter with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ivr.problems import Problem
from ivr.wording import Wording
from services.floor.edit import EditLost, Patch, edited
from services.floor.floor import Floor
from services.floor.load import FloorRefused, ReadFlows, load_text
from services.flows.changes import changes
from services.flows.files import FlowFiles, reading
from services.runtime.asked_aside import AsideFailed, answer_aside, asked_aside

_LIMIT_S = 120.0


class ProofFailed(Exception):
    """The process that proves floors ended without an answer: our mistake."""

    def __init__(self, said: str) -> None:
        """Say its last words."""
        super().__init__(f"floor: could not be proved: {said}")
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A floor that is right, and flows that are."""

    text: str
    floor: Floor
    """With its flows in it."""
    trial: Floor | None = None
    """The same with other flows, which are right for it too; None without others."""


async def prove(
    text: str,
    flows: FlowFiles,
    *,
    file: str,
    patch: Patch | None = None,
    trial: FlowFiles | None = None,
) -> Proved:
    """Prove a floor and flows against each other; see ``load_text``.

    Args:
        text: The floor, edited first where there is a patch.
        flows: The flows that its numbers lead to.
        file: What the floor is called in messages.
        patch: What is to be otherwise in the floor.
        trial: Other flows that it must be right with as well.

    Raises:
        FloorRefused: With every problem of the text and of every flow.
        EditLost: The text cannot be changed without changing more.
        ProofFailed: There was no answer.
    """
    asked = {
        "text": text,
        "flows": _told(flows),
        "file": file,
        "patch": patch,
        "trial": _told(trial) if trial else None,
    }
    match await _asked(asked):
        case Proved() as proved:
            return proved
        case tuple() as problems:
            raise FloorRefused(problems)
        case _:
            raise EditLost


async def compare(before: Mapping[str, str], after: Mapping[str, str]) -> list[Wording]:
    """Say what is otherwise for callers in another set of flows; see ``changes``.

    Raises:
        ProofFailed: There was no answer.
    """
    told = await _asked({"before": dict(before), "after": dict(after)})
    return told if isinstance(told, list) else []


async def _asked(asked: dict[str, Any]) -> "Answer":
    try:
        answer: Answer = await asked_aside(__name__, asked, limit_s=_LIMIT_S)
    except AsideFailed as failed:
        raise ProofFailed(failed.said) from None
    return answer


Answer = Proved | tuple[Problem, ...] | list[Wording] | None
"""What was proved, or all that is wrong with it; what is otherwise; None for a lost
edit."""


def answered(asked: dict[str, Any]) -> Answer:
    """Prove, or compare, what is told on the standard input."""
    if "after" in asked:
        return changes(asked["before"], asked["after"])
    try:
        patch = asked["patch"]
        text = asked["text"] if patch is None else edited(asked["text"], patch)
        floor = load_text(text, _read(asked["flows"]), file=asked["file"])
        trial = None
        if asked["trial"]:
            read = _read(asked["trial"])
            trial = load_text(text, read, file=asked["file"])
    except FloorRefused as refused:
        return refused.problems
    except EditLost:
        return None
    return Proved(text=text, floor=floor, trial=trial)


def _told(flows: FlowFiles) -> dict[str, Any]:
    return {"files": dict(flows.files), "folder": str(flows.folder)}


def _read(told: Mapping[str, Any]) -> ReadFlows:
    folder = PurePath(told["folder"])
    return reading(FlowFiles(files=told["files"], folder=folder))


def main() -> None:
    """Answer what stands on the standard input."""
    answer_aside(answered)


if __name__ == "__main__":
    # By its own name, so that what is pickled is found again.
    from services.runtime.proving import main as run

    run()
