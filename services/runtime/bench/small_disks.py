"""Small disks for an instance, in its sight only: they fill up, and nothing else."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CAN_BE = os.geteuid() == 0 and shutil.which("unshare") is not None
"""Only root can mount."""


def small_disks(sizes: Mapping[str, str]) -> Callable[[Path], Sequence[str]]:
    """Return what, told the data folder, gives a command to run another within.

    Args:
        sizes: Each disk's size, as tmpfs reads it, by its folder in the data folder.
    """

    def within(data: Path) -> Sequence[str]:
        steps = []
        for name, size in sizes.items():
            place = data / name
            place.mkdir(parents=True)
            steps.append(f"mount -t tmpfs -o size={size},mode=755 tmpfs {place}")
        script = " && ".join([*steps, 'exec "$@"'])
        return ("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh")

    return within
