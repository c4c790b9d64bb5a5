import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.errors import (
    KeyOfAnother,
    NotSealed,
    SealError,
    SoundChanged,
    SoundCut,
)
from recordings.sealed import CHUNK_BYTES, HEADER_BYTES, Sealed, Sealing, Whose

CALL = "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
OFFER = "0ffe77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
WHOSE = Whose(call_id=CALL, offer_id=OFFER, key=b"k" * 32)
STORED_BYTES = CHUNK_BYTES + 16
SOUND = os.urandom(3 * CHUNK_BYTES + 1000)


def sealed_bytes(sound: bytes, whose: Whose = WHOSE) -> bytes:
    out = io.BytesIO()
    sealing = Sealing(out, whose)
    sealing.write(sound)
    sealing.finish()
    return out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.wav.sealed"
    path.write_bytes(sealed_bytes(SOUND))
    return path


def heard(path: Path, whose: Whose = WHOSE) -> bytes:
    sound = Sealed(path, whose)
    try:
        return b"".join(sound.read())
    finally:
        sound.close()


@pytest.mark.parametrize(
    "length",
    [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES],
)
def test_what_was_sealed_is_heard_as_it_was(tmp_path: Path, length: int) -> None:
    path = tmp_path / "it"
    sound = os.urandom(length)
    path.write_bytes(sealed_bytes(sound))

    assert heard(path) == sound
    opened = Sealed(path, WHOSE)
    opened.close()
    assert opened.size_bytes == length


def test_nothing_of_the_sound_stands_in_the_file(tmp_path: Path) -> None:
    stored = sealed_bytes(b"a voice that is heard " * 10_000)

    assert b"voice" not in stored


@settings(max_examples=60, deadline=None)
@given(first=st.integers(0, len(SOUND) + 10), length=st.integers(0, 2 * CHUNK_BYTES))
def test_it_is_read_from_any_place(
    tmp_path_factory: pytest.TempPathFactory, first: int, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.sealed"
    if not path.exists():
        path.write_bytes(sealed_bytes(SOUND))

    sound = Sealed(path, WHOSE)
    pieces = b"".join(sound.read(first, first + length))
    sound.close()

    assert pieces == SOUND[first : first + length]


@pytest.mark.parametrize("kept_chunks", [1, 2, 3])
def test_a_file_cut_between_chunks_is_told_as_cut(path: Path, kept_chunks: int) -> None:
    kept = HEADER_BYTES + kept_chunks * STORED_BYTES
    os.truncate(path, kept)

    with pytest.raises(SoundCut) as caught:
        Sealed(path, WHOSE)

    assert str(caught.value) == (
        f"{path}: is cut, its end is not there, found {kept} bytes; put back the one "
        "of a backup"
    )


@pytest.mark.parametrize("kept", [HEADER_BYTES, HEADER_BYTES + 15])
def test_a_file_without_any_chunk_is_told_as_cut(path: Path, kept: int) -> None:
    os.truncate(path, kept)

    with pytest.raises(SoundCut):
        Sealed(path, WHOSE)


def test_a_file_cut_in_a_chunk_is_told_before_anything_is_heard(path: Path) -> None:
    os.truncate(path, HEADER_BYTES + 2 * STORED_BYTES + 500)

    with pytest.raises(SoundChanged) as caught:
        Sealed(path, WHOSE)

    assert "was changed or cut in chunk 2" in str(caught.value)


def test_bytes_behind_the_end_are_told(path: Path) -> None:
    with path.open("ab") as out:
        out.write(b"more")

    with pytest.raises(SoundChanged):
        Sealed(path, WHOSE)


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, len(sealed_bytes(SOUND)) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_anywhere_is_told(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.sealed"
    stored = bytearray(sealed_bytes(SOUND))
    stored[at] ^= 1 << bit
    path.write_bytes(stored)

    with pytest.raises(SealError):
        heard(path)


def test_a_changed_byte_names_its_chunk(path: Path) -> None:
    stored = bytearray(path.read_bytes())
    stored[HEADER_BYTES + STORED_BYTES + 7] ^= 1
    path.write_bytes(stored)

    with pytest.raises(SoundChanged) as caught:
        heard(path)

    assert str(caught.value) == (
        f"{path}: was changed in chunk 1, it is not what was sealed; put back the one "
        "of a backup"
    )


def test_chunks_that_changed_places_are_told(path: Path) -> None:
    stored = path.read_bytes()
    first, second = HEADER_BYTES, HEADER_BYTES + STORED_BYTES
    path.write_bytes(
        stored[:first]
        + stored[second : second + STORED_BYTES]
        + stored[first:second]
        + stored[second + STORED_BYTES :]
    )

    with pytest.raises(SoundChanged):
        heard(path)


def test_another_key_is_told(path: Path) -> None:
    other = Whose(call_id=CALL, offer_id=OFFER, key=b"o" * 32)

    with pytest.raises(KeyOfAnother) as caught:
        Sealed(path, other)

    assert str(caught.value) == (
        f"{path}: was sealed by another key than its case has; are recordings and "
        "their keys of the same backup?"
    )


def test_the_recording_of_another_offer_does_not_pass_for_this_one(path: Path) -> None:
    other = Whose(call_id=CALL, offer_id=CALL, key=WHOSE.key)

    with pytest.raises(SoundChanged):
        Sealed(path, other)


def test_what_is_no_sealed_recording_is_told(path: Path) -> None:
    path.write_bytes(b"RIFF....WAVEfmt ")

    with pytest.raises(NotSealed) as caught:
        Sealed(path, WHOSE)

    assert "it begins with b'RIFF....WAVEfmt '" in str(caught.value)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)

    with pytest.raises(OSError, match="symbolic links"):
        Sealed(link, WHOSE)


def test_the_same_sound_is_never_sealed_alike() -> None:
    assert sealed_bytes(SOUND) != sealed_bytes(SOUND)
