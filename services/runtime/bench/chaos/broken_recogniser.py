"""A recogniser that a bench breaks: told by a file, at each phrase, what to do wrong.

Started in the place of a real one, so it imports only what that may. ``well`` takes
whoever is loud to have said the word that its file names; the others are faults.
"""

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # Started isolated: the folder above all packages is not looked in by itself.
    sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from services.speech import worker
from services.speech.phrase import Asked, Words

HOW = "TIELINE_BROKEN_RECOGNISER"
"""The variable that names the file."""
WELL, SILENT, GARBAGE, LATE, DIES = "well", "silent", "garbage", "late", "dies"
WORD = "停电"
LATE_S = 10.0
_HALF_A_SECOND = 8000


class Broken:
    """One phrase."""

    def __init__(self, how: str, out: int) -> None:
        """Do what a word says, once half a second was heard or at the end."""
        self._how, self._out, self._heard = how, out, 0

    def accept(self, sound: bytes) -> Words | None:
        """Take sound; see ``Stream``."""
        self._heard += len(sound)
        if self._heard < _HALF_A_SECOND:
            return None
        if self._how == DIES:
            os._exit(7)
        if self._how == GARBAGE:
            os.write(self._out, os.urandom(4096))
        if self._how == SILENT:
            time.sleep(3600)
        return None

    def finish(self) -> tuple[Words, ...]:
        """Return the word, or nothing for long; see ``Stream``."""
        if self._how == LATE:
            time.sleep(LATE_S)
        return (Words(WORD, 0.95),) if self._heard else ()


class Model:
    """Asks its file anew at each phrase."""

    def __init__(self, file: Path, out: int) -> None:
        """Take the file, and where answers go."""
        self._file, self._out = file, out

    def open(self, _asked: Asked) -> Broken:
        """Begin a phrase; see ``Model`` of ``services.speech.phrase``."""
        return Broken(self._file.read_text(encoding="utf-8").strip(), self._out)


def main() -> None:
    """Be a worker."""
    answers = os.dup(1)
    file = Path(os.environ[HOW])
    worker.main(lambda _given: Model(file, answers), lambda: None)


if __name__ == "__main__":
    main()
