"""A recogniser as a program of its own: sound in by frames, words out, one at a time.

Started by the Python in whose environment the recogniser is, so it imports nothing of
ours but its own folder's parts. It ends with its input, by SIGTERM, or with its parent.
"""

import argparse
import ctypes
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if __name__ == "__main__":
    # Started isolated: the folder above all packages is not looked in by itself.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from services.speech.ending import Ending
from services.speech.errors import FrameBroken, RecognitionError
from services.speech.frames import Frame, Frames, Kind, packed_json
from services.speech.phrase import Heard, Words, asked_of
from services.speech.voicing import new_voicing, silero

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.speech.phrase import Model
    from services.speech.voicing import Detector

    Load = Callable[[argparse.Namespace], Model]

MOST_CPU_S = 60
"""Of one phrase; a decoder that never ends is ended by the kernel if by nobody else."""
_NICER = 5
_READ_BYTES = 65536
_PR_SET_PDEATHSIG = 1
_LOOKS_S = 1.0


def main(
    load: "Load | None" = None,
    find_detector: "Callable[[], Detector | None]" = silero,
) -> None:
    """Load the model and say so, or why not; then listen to phrases."""
    read = argparse.ArgumentParser()
    read.add_argument("recogniser")
    read.add_argument("--model", default="")
    read.add_argument("--cache", default="")
    read.add_argument("--memory-mb", type=int, required=True)
    read.add_argument("--threads", type=int, default=1)
    read.add_argument("--parent", type=int, required=True)
    given = read.parse_args()
    # Whatever a library prints goes where logs go, and never between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _bounded(given.parent, given.memory_mb)
    try:
        model = (load or _loaded)(given)
        detector = find_detector()
    except (RecognitionError, ImportError, OSError, MemoryError, ValueError) as error:
        _tell(answers, Kind.FAILED, why=str(error) or type(error).__name__)
        return
    has_model = detector is not None
    _tell(answers, Kind.READY, ends_by="silero" if has_model else "loudness")
    Worker(model, detector, answers).run()


def _loaded(given: argparse.Namespace) -> "Model":
    # Each has its own library, and only its own is loaded.
    match given.recogniser:
        case "vosk":
            from services.speech.vosk import VoskModel

            return VoskModel(Path(given.model))
        case "whisper":
            from services.speech.whisper import WhisperModel

            return WhisperModel(given.model, given.cache, given.threads)
        case other:
            raise ValueError(f"{other!r}: no recogniser is called so")


class Worker:
    """The loop: one frame after the other, at most one phrase at a time."""

    def __init__(
        self, model: "Model", detector: "Detector | None", answers: BinaryIO
    ) -> None:
        self._model = model
        self._detector = detector
        self._answers = answers
        self._heard: Heard | None = None
        self._number = 0
        self._at = 0

    def run(self) -> None:
        """Take frames until there are no more."""
        frames = Frames()
        while more := os.read(0, _READ_BYTES):
            for frame in frames.fed(more):
                self._take(frame)

    def _take(self, frame: Frame) -> None:
        match frame.kind:
            case Kind.OPEN:
                self._open(frame)
            case Kind.SOUND:
                self._listen(frame.payload)
            case Kind.END if self._heard:
                self._heard.end()
                self._final(self._heard.said)
            case Kind.DROP:
                self._heard = None
                _tell(self._answers, Kind.IDLE, number=self._number)
            case Kind.END:
                pass
            case other:
                raise FrameBroken(f"{other.name} to a worker")

    def _open(self, frame: Frame) -> None:
        asked = asked_of(frame.told())
        self._number, self._at, self._heard = asked.number, 0, None
        _more_cpu()
        try:
            stream = self._model.open(asked)
        except RecognitionError as refused:
            _tell(
                self._answers, Kind.FAILED, number=self._number, why=str(refused)[:500]
            )
            return
        voicing = new_voicing(self._detector)
        self._heard = Heard(stream, voicing, Ending(times=asked.times))

    def _listen(self, sound: bytes) -> None:
        heard = self._heard
        if heard is None:
            return
        for words in heard.more(sound):
            self._told((words,), is_final=False)
        self._at += len(sound)
        _tell(self._answers, Kind.PULSE, number=self._number, at=self._at)
        if heard.has_ended:
            self._final(heard.said)

    def _final(self, said: tuple[Words, ...]) -> None:
        self._heard = None
        self._told(said, is_final=True)

    def _told(self, said: tuple[Words, ...], *, is_final: bool) -> None:
        _tell(
            self._answers,
            Kind.HEARD,
            number=self._number,
            said=[[one.text, round(one.confidence, 4)] for one in said],
            is_final=is_final,
        )


def _tell(answers: BinaryIO, kind: Kind, **told: object) -> None:
    answers.write(packed_json(kind, **told))
    answers.flush()


def _bounded(parent: int, memory_mb: int) -> None:
    """Take little, and never outlive who started us."""
    signal.signal(signal.SIGTERM, _stopped)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
    # That signal comes from the kernel at the end of the thread that started us; where
    # that is not the one that lives longest, or none comes, this looks by itself.
    threading.Thread(target=_look_after, args=(parent,), daemon=True).start()
    _at_most(resource.RLIMIT_DATA, memory_mb << 20)
    _at_most(resource.RLIMIT_CORE, 0)
    os.nice(_NICER)


def _look_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKS_S)
    os._exit(0)


def _stopped(*_: object) -> None:
    os._exit(0)


def _more_cpu() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _at_most(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + MOST_CPU_S)


def _at_most(limit: int, most: int) -> None:
    """Bound ourselves, within what we were given."""
    _, given = resource.getrlimit(limit)
    if given != resource.RLIM_INFINITY:
        most = min(most, given)
    resource.setrlimit(limit, (most, given))


if __name__ == "__main__":
    main()
