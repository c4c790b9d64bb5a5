"""Plain sentences on stderr about what takes long, each with where it belongs."""

import sys
import threading
from collections.abc import Callable

Say = Callable[[str], None]
"""Takes one sentence for the operator."""

_line = threading.Lock()


def say(sentence: str) -> None:
    """Write one sentence to stderr; stdout belongs to the command's answer."""
    # Parts are fetched by several threads: a line is written whole.
    with _line:
        sys.stderr.write(f"tieline: {sentence}\n")
        sys.stderr.flush()


def in_megabytes(size_bytes: int) -> str:
    """Return a size as a person reads it, as in 8.2 MB."""
    return f"{size_bytes / 1e6:.1f} MB"
