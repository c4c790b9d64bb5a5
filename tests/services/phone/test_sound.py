"""What a phone says and hears, as numbers."""

import wave
from pathlib import Path

import pytest

from services.phone.errors import SoundUnusable
from services.phone.sound import (
    AGENT_HZ,
    CALLER_HZ,
    FRAME_BYTES,
    Ear,
    Mouth,
    loudness_at,
    read_wav,
    voice_like,
)

SILENT_FRAME = bytes(FRAME_BYTES)


def test_the_voices_of_caller_and_agent_can_be_told_apart() -> None:
    caller, agent = voice_like(CALLER_HZ), voice_like(AGENT_HZ)

    assert loudness_at(caller, CALLER_HZ) > 100 * loudness_at(caller, AGENT_HZ)
    assert loudness_at(agent, AGENT_HZ) > 100 * loudness_at(agent, CALLER_HZ)


def test_silence_is_heard_as_bytes_but_not_as_seconds_of_sound() -> None:
    ear = Ear()

    ear.take(SILENT_FRAME * 50)

    assert (ear.heard_bytes, ear.heard_s) == (50 * FRAME_BYTES, 0.0)


def test_a_second_of_voice_with_pauses_is_about_a_second_of_sound() -> None:
    ear = Ear()

    ear.take(voice_like(CALLER_HZ)[: 50 * FRAME_BYTES])

    assert 0.7 <= ear.heard_s <= 1.0


def test_frames_cut_anywhere_are_heard_the_same() -> None:
    voice = voice_like(CALLER_HZ)
    whole, cut = Ear(keeps_sound=True), Ear(keeps_sound=True)

    whole.take(voice)
    for start in range(0, len(voice), 334):
        cut.take(voice[start : start + 334])

    assert cut.heard_s == whole.heard_s
    assert cut.pcm == whole.pcm == voice


def test_a_voice_that_repeats_never_falls_silent() -> None:
    mouth = Mouth()
    mouth.say(b"abcd", repeat=True)

    said = b"".join(mouth.next_piece(3) for _ in range(4))

    assert said == b"abcdabcd"
    assert not mouth.is_silent


def test_a_voice_that_does_not_repeat_falls_silent_at_its_end() -> None:
    mouth = Mouth()
    mouth.say(b"abcd")

    said = [mouth.next_piece(3) for _ in range(3)]

    assert said == [b"abc", b"d", b""]
    assert mouth.is_silent


def test_a_new_sentence_takes_the_place_of_the_old_one() -> None:
    mouth = Mouth()
    mouth.say(b"abcd", repeat=True)
    mouth.next_piece(2)

    mouth.say(b"xy")

    assert mouth.next_piece(9) == b"xy"


def _wav(path: Path, *, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(SILENT_FRAME)
    return path


def test_a_file_of_telephone_sound_is_read(tmp_path: Path) -> None:
    assert read_wav(_wav(tmp_path / "a.wav", rate=8000)) == SILENT_FRAME


def test_a_file_of_another_rate_is_refused_with_what_it_is(tmp_path: Path) -> None:
    path = _wav(tmp_path / "a.wav", rate=44100, channels=2)

    with pytest.raises(SoundUnusable) as refusal:
        read_wav(path)

    assert str(refusal.value) == (
        f"{path}: wanted 8000 Hz, one channel, 16 bits, got 44100 Hz, 2 channels,"
        " 16 bits; convert it first"
    )


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"not a sound at all")

    with pytest.raises(SoundUnusable, match="does not start with RIFF"):
        read_wav(path)
