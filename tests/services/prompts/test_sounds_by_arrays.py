"""What arrays make of a sound is what the plain sums, done one by one, make of it."""

import math
import random
import struct
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from services.prompts import loudness
from services.prompts.loudness import levelled, speech_level_dbov
from services.prompts.resample import to_telephone
from services.prompts.upload import _flat_runs
from services.prompts.wave_file import read_wave
from services.runtime.settings import CHECKOUT
from tests.services.prompts.waves import wav, written


def noise(length: int, spread: float, seed: int = 1) -> "array[int]":
    """Return a sound in which every sum matters, with peaks at both limits."""
    chance = random.Random(seed)  # noqa: S311 - noise, the same each time
    heard = (round(chance.gauss(0, spread)) for _ in range(length))
    return array("h", [max(-32768, min(32767, sample)) for sample in heard])


def plainly_thinned(samples: "array[int]", rate_hz: int) -> list[int]:
    step = math.gcd(rate_hz, 8000)
    phases, stride = 8000 // step, rate_hz // step
    half = math.ceil((50.0 - 7.95) / (2.285 * 2 * math.pi * 1000.0 / rate_hz) / 2)
    made = []
    for place in range(math.ceil(len(samples) * phases / stride)):
        first, phase = divmod(place * stride, phases)
        filtered = plain_filter(rate_hz, half, phase / phases)
        near = range(first - half + 1, first + half + 1)
        heard = [samples[at] if 0 <= at < len(samples) else 0 for at in near]
        value = round(sum(a * b for a, b in zip(filtered, heard, strict=True)))
        made.append(max(-32768, min(32767, value)))
    return made


def plain_filter(rate_hz: int, half: int, offset: float) -> list[float]:
    taps = []
    for tap in range(-half + 1, half + 1):
        away = tap - offset
        window = plain_bessel(4.53 * math.sqrt(max(1 - (away / half) ** 2, 0.0)))
        turn = 2 * math.pi * 3500.0 / rate_hz * away
        taps.append(window * (math.sin(turn) / turn if turn else 1.0))
    return [tap / sum(taps) for tap in taps]


def plain_bessel(x: float) -> float:
    term = total = 1.0
    for order in range(1, 25):
        term *= (x / (2 * order)) ** 2
        total += term
    return total


def plain_level(samples: "array[int]") -> float:
    frames = [samples[at : at + 160] for at in range(0, len(samples), 160)]
    powers = [sum(it * it for it in frame) / len(frame) for frame in frames]
    powers = [power for power in powers if power > 0]
    while True:
        mean = sum(powers) / len(powers)
        speech = [power for power in powers if power >= mean / 10**1.59]
        if len(speech) == len(powers):
            return 10 * math.log10(mean / 32768**2)
        powers = speech


def plainly_levelled(samples: "array[int]") -> list[int]:
    gain = 10 ** (min(-20.0 - plain_level(samples), 30.0) / 20)
    made = []
    for sample in samples:
        louder = round(sample * gain)
        if (over := abs(louder) - 24000) > 0:
            bent = 24000 + round(8767 * math.tanh(over / 8767))
            louder = bent if louder > 0 else -bent
        made.append(louder)
    return made


def furthest(made: "array[int]", plain: list[int]) -> int:
    return max(abs(one - other) for one, other in zip(made, plain, strict=True))


@pytest.mark.parametrize("rate_hz", [11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("length", [1, 2, 3, 1001])
def test_a_sound_is_thinned_as_one_by_one(rate_hz: int, length: int) -> None:
    sound = noise(length, 15_000)

    made = to_telephone(sound, rate_hz)

    assert furthest(made, plainly_thinned(sound, rate_hz)) <= 1


@pytest.mark.parametrize("spread", [3, 300, 9000, 30_000])
@pytest.mark.parametrize("length", [1, 160, 161, 8000])
def test_a_sound_is_levelled_as_one_by_one(spread: float, length: int) -> None:
    sound = noise(length, spread)
    sound[0] = 5
    # Few samples are far above their mean, so that some peaks are bent.
    sound[:: max(40, length // 10)] = array("h", [-32768]) * len(
        sound[:: max(40, length // 10)]
    )

    assert speech_level_dbov(sound) == pytest.approx(plain_level(sound), abs=1e-9)
    assert furthest(levelled(sound), plainly_levelled(sound)) <= 1


def test_the_loudest_peaks_are_bent_on_both_sides() -> None:
    sound = noise(16_000, 20)
    sound[100], sound[9000] = 32767, -32768

    made = levelled(sound)

    assert furthest(made, plainly_levelled(sound)) <= 1
    assert loudness._KNEE < made[100] == -made[9000]


@pytest.mark.parametrize("limit", [32767, -32768, 32700, -32700])
def test_a_clipped_place_is_three_samples_at_the_limit(limit: int) -> None:
    two, three = [limit] * 2, [limit] * 3

    assert _flat_runs(array("h", [*three, 0, *two, 5, *three, 0, *three])) == 3
    assert _flat_runs(array("h", [*two, 0, 32699, -32699, 0])) == 0
    assert _flat_runs(array("h")) == 0


def test_two_channels_are_mixed_downwards_also_at_the_limits(tmp_path: Path) -> None:
    pairs = [(32767, 32767), (-32768, -32768), (-3, 0), (3, 0), (32767, -32768)]
    sound = struct.pack("<10h", *(sample for pair in pairs for sample in pair))

    read = read_wave(written(tmp_path, wav(sound, channels=2)), most_s=10)

    assert list(read.samples) == [(one + other) // 2 for one, other in pairs]


def test_floats_beyond_the_limits_stay_at_them(tmp_path: Path) -> None:
    sound = struct.pack("<6f", 3e38, -3e38, 1.0, -1.0, 0.5, 1.5 / 32768)

    read = read_wave(written(tmp_path, wav(sound, code=3, bits=32)), most_s=10)

    assert list(read.samples) == [32767, -32768, 32767, -32768, 16384, 2]


def test_a_command_without_sound_does_not_wait_for_numpy() -> None:
    asked = "import sys, services.runtime.cli, services.runtime.engine"

    done = subprocess.run(
        [sys.executable, "-c", f"{asked}; print('numpy' in sys.modules)"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "False"
