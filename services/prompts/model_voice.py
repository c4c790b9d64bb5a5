"""A voice with a model: a program beside us that is asked over a pipe."""

import hashlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ivr.sounds import Language
from services.prompts.errors import SpeechFailed
from services.prompts.speech import LIMIT_S
from services.prompts.voices import Voice
from services.prompts.wording import SLOWNESS, parts_of

WORKER = Path(__file__).with_name("voice_worker.py")
HANGS_S = 300.0
"""A worker that has not answered for so long is ended."""
AGAIN_S = 60.0
"""After a failed start the voice is not tried for so long."""
_MOST_WAITING = 8
"""Texts that nobody waits for any more, before another is asked."""
_SAID = 300
"""Letters of what a worker says of itself that are told on."""
_GAP_S = 0.06
_MOST_BYTES = 8_000_000
"""Of one answer; eight minutes of sound."""


@cache
def _program() -> str:
    return hashlib.sha256(WORKER.read_bytes()).hexdigest()


class _Broken(Exception):
    """The worker is gone, or says what it must not."""


@dataclass(slots=True)
class _Worker:
    """One running program, and what was asked of it."""

    process: "subprocess.Popen[bytes]"
    asked_at: float
    is_ready: bool = False
    asked: int = 0
    """The number of the last text; answers to earlier ones are thrown away."""
    answered: int = 0
    read: bytearray = field(default_factory=bytearray)

    def answer(self, until: float) -> tuple[dict[str, object], bytes]:
        """Return the next answer whole; a part that came in time is kept.

        Raises:
            TimeoutError: It did not come in time; it is the next one later.
            _Broken: There will be none.
        """
        while b"\n" not in self.read:
            self._more(until)
        line, _, _ = self.read.partition(b"\n")
        head, size = _head(bytes(line))
        end = len(line) + 1 + size
        while len(self.read) < end:
            self._more(until)
        sound = bytes(self.read[len(line) + 1 : end])
        del self.read[:end]
        return head, sound

    def ask(self, text: str, pace: float) -> None:
        """Send a text; few wait, so that the pipe is never full."""
        self.asked += 1
        asked = {"id": self.asked, "text": text, "pace": pace}
        pipe = self.process.stdin
        if pipe is None:
            raise _Broken("has no input")
        pipe.write(json.dumps(asked).encode() + b"\n")
        pipe.flush()
        self.asked_at = time.monotonic()

    def _more(self, until: float) -> None:
        pipe = self.process.stdout
        if pipe is None:
            raise _Broken("has no output")
        left = until - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        found = os.read(pipe.fileno(), 65536)
        if not found:
            raise _Broken("ended")
        self.read += found
        if len(self.read) > _MOST_BYTES:
            raise _Broken("speaks otherwise than agreed")


def _head(line: bytes) -> tuple[dict[str, object], int]:
    """Return an answer's first line, and how many bytes of sound follow it."""
    try:
        head = json.loads(line)
        size = head.get("bytes", 0)
    except (ValueError, AttributeError):
        raise _Broken("speaks otherwise than agreed") from None
    if not isinstance(size, int) or not 0 <= size <= _MOST_BYTES or size % 2:
        raise _Broken("speaks otherwise than agreed")
    return head, size


@dataclass(slots=True, kw_only=True)
class ModelVoice:
    """hibari or Kokoro; other languages in a text are left to another voice."""

    name: str
    """As the worker knows it: ``hibari``, ``kokoro``."""
    language: Language
    python: Path
    """In whose environment it is installed."""
    other: Voice
    style: Path | None = None
    """Of Kokoro: the file of the person who speaks."""
    is_quick: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    pace: float = 1.0
    """Of its usual speed."""
    _worker: _Worker | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failed: tuple[float, str] | None = None

    @property
    def made_as(self) -> str:
        """Voice, person and program."""
        person = self.style.stem if self.style else ""
        pace = "" if self.pace == 1.0 else f" {self.pace:g}"
        return f"{self.name} {person}{pace} {_program()} with {self.other.made_as}"

    def speak(
        self, text: str, language: Language, *, is_slow: bool, limit_s: float = LIMIT_S
    ) -> "array[int]":
        """Return the text as samples; see ``Voice``."""
        until = time.monotonic() + limit_s
        made: array[int] = array("h")
        for spoken_in, part in parts_of(text, language):
            if not any(sign.isalnum() for sign in part):
                continue
            if made:
                made += array("h", bytes(2 * int(_GAP_S * 8000)))
            if spoken_in is self.language:
                made += self._asked(part, self._pace(is_slow=is_slow), until)
            else:
                made += self.other.speak(
                    part, spoken_in, is_slow=is_slow, limit_s=limit_s
                )
        return made

    def close(self) -> None:
        """End the program; see ``Voice``."""
        with self._lock:
            self._end()

    def _pace(self, *, is_slow: bool) -> float:
        return self.pace * (SLOWNESS if is_slow else 1.0)

    def _asked(self, text: str, pace: float, until: float) -> "array[int]":
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise SpeechFailed(self.name, "is busy")
        try:
            sound = self._answer(text, pace, until)
        except TimeoutError:
            self._end_if_it_hangs()
            raise SpeechFailed(self.name, "took too long") from None
        except (_Broken, OSError) as error:
            self._failed = time.monotonic(), str(error)
            self._end()
            raise SpeechFailed(self.name, str(error)) from None
        finally:
            self._lock.release()
        samples = array("h", sound)
        if sys.byteorder == "big":
            samples.byteswap()
        if not any(samples):
            raise SpeechFailed(self.name, f"silence for {len(text)} characters")
        return samples

    def _answer(self, text: str, pace: float, until: float) -> bytes:
        worker = self._running()
        if not worker.is_ready:
            # It may take longer than this text may; it goes on loading for the next.
            head, _ = worker.answer(until)
            if "error" in head:
                raise _Broken(str(head["error"])[:_SAID])
            worker.is_ready = True
        if worker.asked - worker.answered >= _MOST_WAITING:
            raise TimeoutError
        worker.ask(text, pace)
        while True:
            head, sound = worker.answer(until)
            worker.answered += 1
            if worker.answered == worker.asked:
                break
        if "error" in head:
            raise SpeechFailed(self.name, str(head["error"])[:_SAID])
        return sound

    def _running(self) -> _Worker:
        if self._worker is not None and self._worker.process.poll() is None:
            return self._worker
        if self._failed and time.monotonic() - self._failed[0] < AGAIN_S:
            raise SpeechFailed(self.name, self._failed[1])
        self._end()
        argv = [str(self.python), "-I", str(WORKER), self.name]
        if self.style is not None:
            argv += ["--style", str(self.style)]
        process = subprocess.Popen(  # noqa: S603 - argv is ours; texts go in by stdin
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(self.env),
        )
        self._worker = _Worker(process=process, asked_at=time.monotonic())
        return self._worker

    def _end_if_it_hangs(self) -> None:
        worker = self._worker
        if worker and time.monotonic() - worker.asked_at > HANGS_S:
            self._failed = time.monotonic(), "hangs"
            self._end()

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.process.kill()
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout):
            if pipe is not None:
                pipe.close()
