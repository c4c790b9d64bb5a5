"""A spare engine waits for its turn, with the code of now or not at all."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from services.runtime.embedded.engine import SPARE
from services.runtime.settings import CHECKOUT


def wait_for_turn() -> None:
    """Return when a line comes; end with whoever should have written it.

    Where the code was changed since it was loaded, it is loaded anew.
    """
    loaded = written_at()
    sys.stdout.write("waits\n")
    sys.stdout.flush()
    if not sys.stdin.readline():
        sys.exit(0)
    # From now on what it says is for its log, where its errors go.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with open(os.devnull, encoding="ascii") as nothing:  # noqa: PTH123 - no path
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    if written_at() != loaded:
        argv = [word for word in sys.orig_argv if word != SPARE]
        os.execv(sys.executable, argv)  # noqa: S606 - ourselves once more


def written_at() -> Mapping[str, int]:
    """Return when each file of ours that is loaded was written last, 0 for none."""
    files = [getattr(module, "__file__", None) for module in sys.modules.values()]
    ours = (file for file in files if file and Path(file).is_relative_to(CHECKOUT))
    return {file: _written_at(file) for file in ours if ".venv" not in file}


def _written_at(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0
