"""Ends an instance with the process that wanted it, however that one ends."""

import ctypes
import signal
from pathlib import Path

from services.runtime.errors import RuntimeProblem

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h; the signal comes when the parent's thread ends that began us."""


class WantedByNobody(RuntimeProblem):
    """Who wanted an instance is gone before it is there."""

    exit_code = 1

    def __init__(self, pid: int) -> None:
        """Say who it was."""
        super().__init__(
            f"TIELINE_END_WITH: process {pid} wanted this instance and is gone;"
            " nothing was started"
        )


def end_with(pid: int) -> None:
    """Have this process told to stop when its parent ends, as by SIGTERM.

    Args:
        pid: Of the parent, or of who began it and ends it.

    Raises:
        WantedByNobody: It is gone already.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if not Path(f"/proc/{pid}").exists():
        raise WantedByNobody(pid)
