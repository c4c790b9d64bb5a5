"""A recording becomes a prompt, or is refused with everything that is wrong."""

import os
import stat
import struct
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.prompts.errors import NotASound, UploadRefused
from services.prompts.loudness import speech_level_dbov
from services.prompts.upload import Uploaded, add_prompt
from services.prompts.wave_file import MOST_BYTES, read_wave
from tests.services.prompts.test_a_prompt_store import sound_in
from tests.services.prompts.waves import chunk, silence, voice, wav, written

SPEECH = voice().tobytes()


def added(tmp_path: Path, content: bytes, name: str = "a/b") -> Uploaded:
    folder = tmp_path / "prompts"
    return add_prompt(written(tmp_path, content), name, folder)


def refusal(tmp_path: Path, content: bytes, name: str = "a/b") -> str:
    with pytest.raises(UploadRefused) as caught:
        added(tmp_path, content, name)
    assert not list(tmp_path.rglob("*.part-*"))
    return str(caught.value)


def test_a_recording_is_brought_to_the_telephones_form_and_loudness(
    tmp_path: Path,
) -> None:
    quiet = voice(2.0, 48000, peak=1000)

    made = added(tmp_path, wav(quiet.tobytes(), rate_hz=48000))

    assert made.file == tmp_path / "prompts/a/b.wav"
    samples = sound_in(made.file)
    assert len(samples) == 16000
    assert speech_level_dbov(samples) == pytest.approx(-20, abs=0.1)
    assert made.notes == (
        "brought from 48000 Hz to the telephone's 8000",
        "its speech was at -33 dB",
    )
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o644
    assert stat.S_IMODE(made.file.parent.stat().st_mode) == 0o755


def test_silence_at_the_ends_is_cut_and_told(tmp_path: Path) -> None:
    made = added(tmp_path, wav((silence(1.5) + voice() + silence(2)).tobytes()))

    assert made.length_s == pytest.approx(1.17)
    assert made.notes[:2] == (
        "1.5 s of silence were cut from its beginning",
        "2.0 s of silence were cut from its end",
    )


def as_bits(bits: int) -> bytes:
    shift = bits - 16
    whole = b"".join(
        (sample << shift).to_bytes(bits // 8, "little", signed=True)
        for sample in voice()
    )
    return wav(whole, bits=bits)


def as_eight() -> bytes:
    return wav(bytes((it >> 8) + 128 for it in voice()), bits=8)


def as_float() -> bytes:
    floats = array("f", [it / 32768 for it in voice()])
    return wav(floats.tobytes(), code=3, bits=32)


def as_stereo() -> bytes:
    both = array("h", [it for sample in voice() for it in (sample, sample)])
    return wav(both.tobytes(), channels=2)


def as_extensible() -> bytes:
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1)
    guid = bytes.fromhex("0000 00001000800000aa00389b71")
    parts = chunk(b"fmt ", form + guid) + chunk(b"data", SPEECH)
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WAVE" + parts


@pytest.mark.parametrize(
    ("content", "off"),
    [
        (as_bits(16), 0),
        (as_bits(24), 0),
        (as_bits(32), 0),
        (as_float(), 1),
        (as_stereo(), 0),
        (as_extensible(), 0),
        (as_eight(), 256),
        (wav(SPEECH, extra=chunk(b"LIST", b"odd")), 0),
    ],
    ids=["16", "24", "32", "float", "stereo", "extensible", "8", "with a title"],
)
def test_every_usual_form_of_wav_is_read_the_same(
    tmp_path: Path, content: bytes, off: int
) -> None:
    read = read_wave(written(tmp_path, content), most_s=10)

    assert read.rate_hz == 8000
    pairs = zip(read.samples, voice(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= off


@pytest.mark.parametrize(
    ("code", "sent", "heard"),
    [
        # From the tables of ITU-T G.711: ends, middle and zero, of both signs.
        (6, "d5 55 aa 2a 80 00 f0", [8, -8, 32256, -32256, 5504, -5504, 688]),
        (7, "ff 7f 80 00 e7 67 8f", [0, 0, 32124, -32124, 260, -260, 16764]),
    ],
)
def test_what_a_telephone_recorded_is_read(
    tmp_path: Path, code: int, sent: str, heard: list[int]
) -> None:
    content = wav(bytes.fromhex(sent), code=code, bits=8)

    assert list(read_wave(written(tmp_path, content), most_s=10).samples) == heard


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty; save it as WAV"),
        (b"hello", "is not WAV; save it as WAV"),
        (b"ID3\x04" + bytes(100), "is MP3, not WAV; save it as WAV"),
        (b"OggS" + bytes(100), "is Ogg, not WAV; save it as WAV"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(99), "is MP4 or M4A; save it as WAV"),
        (b"%PDF-1.7", "is PDF, not WAV; save it as WAV"),
        (wav(SPEECH)[:999], "ends after 999 of 16044 bytes; save it again"),
        (
            wav(SPEECH, behind=b"PK\x03\x04 another file"),
            "has 17 bytes behind its end; save it as a plain WAV",
        ),
        (wav(b""), "has no sound in it; record it again"),
        (wav(SPEECH, channels=6, bits=16), "has 6 channels; save it in one"),
        (wav(SPEECH, channels=0), "has 0 channels; save it in one"),
        (
            wav(SPEECH, bits=12),
            "its format is 1 of 12 bits; save it as PCM of 8, 16, 24 or 32 bits, float"
            " of 32, A-law or µ-law",
        ),
        (
            wav(SPEECH, code=85),
            "its format is 85 of 16 bits; save it as PCM of 8, 16, 24 or 32 bits, float"
            " of 32, A-law or µ-law",
        ),
        (
            wav(SPEECH, rate_hz=4000),
            "has 4000 samples a second; save it with one of 8000, 11025, 12000, 16000,"
            " 22050, 24000, 32000, 44100, 48000, 96000",
        ),
        (wav(SPEECH[:-1]), "its last sample is cut off; save it again"),
        (
            wav(array("f", [float("nan")] * 8000).tobytes(), code=3, bits=32),
            "has samples that are no numbers; save it again",
        ),
        (
            wav(voice(181, peak=9000).tobytes()),
            "lasts 181 s; a prompt has at most 180 s",
        ),
        (wav(voice(0.1).tobytes()), "lasts 0.10 s; a prompt has at least 0.2 s"),
        (wav(silence(2).tobytes()), "there is nothing to hear in it; record it again"),
        (
            wav(voice(peak=200).tobytes()),
            "too quiet, its speech is at -47 dB; at least -45 are needed; record it"
            " again, nearer to the microphone",
        ),
        (
            wav(
                array(
                    "h", [max(-32768, min(32767, 6 * it)) for it in voice()]
                ).tobytes()
            ),
            "clipped in 880 places; record it again with less gain",
        ),
        (
            b"RIFF"
            + struct.pack("<I", 36)
            + b"WAVE"
            + b"fmt \xff\xff\xff\xff"
            + SPEECH,
            "has 15976 bytes behind its end; save it as a plain WAV",
        ),
        (
            b"RIFF\x10\0\0\0WAVE" + b"fmt \xff\xff\xff\x7f" + bytes(4),
            "part b'fmt ' is cut off; save it again",
        ),
        (
            b"RIFF"
            + struct.pack("<I", 8 * 1100 + 4)
            + b"WAVE"
            + chunk(b"junk", b"") * 1100,
            "has more than 1000 parts; save it as a plain WAV",
        ),
    ],
)
def test_what_is_no_prompt_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, why: str
) -> None:
    assert refusal(tmp_path, content) == f"'spoken.wav': {why}"
    assert not (tmp_path / "prompts").exists()


def test_a_pipe_a_device_a_folder_and_a_link_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(written(tmp_path, wav(SPEECH)))
    begun = time.monotonic()

    for path, why in (
        (tmp_path / "pipe", "is not a file; name a WAV file"),
        (tmp_path, "is not a file; name a WAV file"),
        (Path("/dev/zero"), "is not a file; name a WAV file"),
        (tmp_path / "link", "cannot be opened: is a link; name a WAV file"),
        (
            tmp_path / "none",
            "cannot be opened: No such file or directory; name a WAV file",
        ),
        (tmp_path / "\0", "cannot be opened: no such name; name a WAV file"),
    ):
        with pytest.raises(NotASound) as caught:
            read_wave(path, most_s=10)
        assert str(caught.value) == why
    # A pipe that nobody writes to would hold us for good.
    assert time.monotonic() - begun < 30


def test_two_gigabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    large = tmp_path / "large.wav"
    with large.open("wb") as opened:
        opened.write(wav(SPEECH))
        opened.truncate(2 * 10**9)

    with pytest.raises(NotASound) as caught:
        read_wave(large, most_s=10)

    assert str(caught.value) == "has 2000 MB; a prompt has at most 80 MB"
    assert MOST_BYTES == 80_000_000


def test_what_hides_beside_the_sound_stays_outside(tmp_path: Path) -> None:
    evil = b"<?php system($_GET['x']); ?> PK\x03\x04"
    content = wav(SPEECH, extra=chunk(b"evil", evil))

    made = added(tmp_path, content)

    assert evil not in made.file.read_bytes()
    assert len(made.file.read_bytes()) == 44 + 2 * len(sound_in(made.file))


@pytest.mark.parametrize(
    "name",
    [
        *("../out", "/etc/out", "a/../../out", "a//b", "a/", "", ".", "a\0b", "a b"),
        *("欢迎", "a.wav", "a\n", "a/b/c/d/e", "x" * 65, "a\\b", "~/a", "%2e%2e/a"),
    ],
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))

    why = refusal(tmp_path, wav(SPEECH), name)

    assert why.startswith(f"name {name!r}: is none; write letters, digits, - and _,")
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "spoken.wav"]


def test_a_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a").symlink_to(outside)

    assert refusal(tmp_path, wav(SPEECH)) == (
        "name 'a/b': 'a' is a link; put a folder or file there"
    )
    assert list(outside.iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_can_be_replaced(tmp_path: Path) -> None:
    first = added(tmp_path, wav(SPEECH)).file.read_bytes()

    assert refusal(tmp_path, wav(SPEECH)) == (
        "name 'a/b': is there already; choose another, or give --replace"
    )
    folder = tmp_path / "prompts"
    (folder / "a/b.gsm").write_bytes(b"older")
    longer = written(tmp_path, wav(voice(3).tobytes()))
    made = add_prompt(longer, "a/b", folder, replace=True)

    assert made.file.read_bytes() != first
    # Asterisk would be free to play it instead.
    assert not (folder / "a/b.gsm").exists()


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (lambda root: (root / "a").write_text(""), "'a' is no folder; choose another"),
        (
            lambda root: (root / "a/b.wav").mkdir(parents=True),
            "is a folder; choose another",
        ),
    ],
)
def test_what_is_in_the_way_is_named(
    tmp_path: Path, put: Callable[[Path], object], why: str
) -> None:
    (tmp_path / "prompts").mkdir()
    put(tmp_path / "prompts")

    assert refusal(tmp_path, wav(SPEECH)) == f"name 'a/b': {why}"


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    loud = array("h", [max(-32768, min(32767, 9 * it)) for it in voice(0.1)])

    assert refusal(tmp_path, wav(loud.tobytes()), "../x").splitlines() == [
        "name '../x': is none; write letters, digits, - and _, in at most three"
        " folders, as in storm/warning",
        "'spoken.wav': lasts 0.10 s; a prompt has at least 0.2 s",
        "'spoken.wav': clipped in 88 places; record it again with less gain",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bytes_break_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(wav(voice(0.02).tobytes(), extra=chunk(b"LIST", b"abc")))
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, 60))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    file = written(tmp_path, bytes(content[: cut or None]))

    try:
        read = read_wave(file, most_s=10)
    except NotASound:
        return
    assert len(read.samples) > 0
