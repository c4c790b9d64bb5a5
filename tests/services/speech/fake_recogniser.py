"""A recogniser whose model is a few lines: the rest of the worker is the real one."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from services.speech import worker
from services.speech.errors import NotAModel, RecogniserBroken
from services.speech.frames import Kind, packed_json
from services.speech.phrase import Asked, Words


class Counting:
    """Tells how much it heard; after half a second it does what it must not."""

    def __init__(self, asked: Asked, how: str) -> None:
        self._asked, self._how = asked, how
        self._heard = 0
        if how == "refuses":
            raise RecogniserBroken("fake", "knows no word of that")

    def accept(self, sound: bytes) -> Words | None:
        self._heard += len(sound)
        if self._how == "hangs" and self._heard > 8000:
            said = [["hangs now", 0.5]]
            number = self._asked.number
            told = packed_json(Kind.HEARD, number=number, said=said, is_final=False)
            os.write(worker_out, told)
            while True:
                time.sleep(0.01)
        if self._how == "dies" and self._heard > 8000:
            os._exit(7)
        if self._how == "babbles" and self._heard > 8000:
            os.write(worker_out, b"\xff" * 64)
        if self._how == "says nothing until its end":
            return None
        return Words(f"so far {self._heard // 8000}", 0.5)

    def finish(self) -> tuple[Words, ...]:
        if self._how == "mumbles":
            return ()
        if self._how in ("hangs at the end", "says nothing until its end"):
            time.sleep(3600)
        return (Words(f"{self._asked.language} {self._heard} {os.getpid()}", 0.9),)


class Model:
    def __init__(self, how: str) -> None:
        if how == "none":
            raise NotAModel("/nowhere", "is no folder")
        if how == "large":
            self.much = bytearray(1 << 30)
        if how == "slow":
            time.sleep(3600)
        self._how = how

    def open(self, asked: Asked) -> Counting:
        return Counting(asked, self._how)


worker_out = os.dup(1)
# A tone is a voice as far as loudness can tell; the packaged model knows better.
worker.main(lambda given: Model(given.model), lambda: None)
