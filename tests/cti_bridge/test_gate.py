"""Who may be speaking, on quiet and on noisy lines."""

import math
import random
from array import array
from collections.abc import Iterator

import pytest

from cti_bridge.audiosocket.gate import Gate, peak_of
from cti_bridge.audiosocket.protocol import SILENCE


def noise(peak: int, seconds: float, seed: int = 1) -> Iterator[bytes]:
    chance = random.Random(seed)  # noqa: S311  noise, the same in each run
    for _ in range(int(seconds * 50)):
        yield array("h", (chance.randint(-peak, peak) for _ in range(160))).tobytes()


def voice(peak: int, seconds: float) -> Iterator[bytes]:
    """Syllables: four a second, with pauses between."""
    for n in range(int(seconds * 50)):
        loud = peak * max(0.0, math.sin(2 * math.pi * 4 * n / 50))
        wave = (int(loud * math.sin(0.3 * k)) for k in range(160))
        yield array("h", wave).tobytes()


def opened(gate: Gate, sound: Iterator[bytes]) -> int:
    return sum([gate.is_open(piece) for piece in sound])


@pytest.mark.parametrize("line", [0, 60, 250])
def test_a_quiet_line_opens_nothing(line: int) -> None:
    assert opened(Gate(), noise(line, 20)) == 0


@pytest.mark.parametrize(("line", "speech"), [(0, 400), (60, 1000), (1000, 5000)])
def test_who_speaks_opens_it_on_a_quiet_and_on_a_noisy_line(
    line: int, speech: int
) -> None:
    gate = Gate()
    opened(gate, noise(line, 20))

    assert opened(gate, voice(speech, 1)) > 10


def test_a_line_that_is_noisy_from_the_start_opens_it_for_a_few_seconds() -> None:
    gate = Gate()

    assert opened(gate, noise(2000, 10)) > 0
    assert opened(gate, noise(2000, 10)) == 0


def test_a_long_phrase_is_not_taken_for_the_lines_noise() -> None:
    gate = Gate()
    opened(gate, voice(8000, 30))

    assert opened(gate, voice(8000, 1)) > 10


def test_what_a_line_gives_back_of_our_own_prompt_opens_nothing() -> None:
    gate, prompt = Gate(), list(voice(12000, 10))
    heard = []
    for played in prompt[:5]:
        gate.play(played)
    for played, back in zip(prompt[5:], prompt, strict=False):
        gate.play(played)
        echo = array("h", (sample // 8 for sample in array("h", back)))
        heard.append(gate.is_open(echo.tobytes()))

    assert sum(heard) == 0
    # Who speaks meanwhile is heard all the same.
    gate.play(prompt[12])
    assert opened(gate, voice(6000, 1)) > 5


def test_behind_the_prompt_a_quiet_voice_is_heard() -> None:
    gate = Gate()
    for frame in [*voice(12000, 2), *(25 * [SILENCE])]:
        gate.play(frame)

    assert opened(gate, voice(700, 1)) > 10


def test_silence_is_quiet() -> None:
    assert (peak_of(b""), peak_of(SILENCE)) == (0, 0)
    assert peak_of(array("h", [5, -32768, 3]).tobytes()) == 32768
