import asyncio
import hashlib
import io
import resource
import signal
import struct
import wave
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.facts import RecordingFact
from acd.vocabulary.ids import CallId, OfferId
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from recordings.errors import UnsafeName
from recordings.naming import final_path, spool_name
from recordings.reading import open_recording, seal_earlier
from recordings.store import RecordingStore
from recordings.vault import Vault
from tests.support.eventually import eventually

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CALL = CallId("3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10")
OFFER = OfferId("0ffe77e1-0c56-4a0e-9b8e-5d1c0f4f7a10")
DECISION = StoreRecording(call_id=CALL, offer_id=OFFER)


class Place:
    def __init__(self, root: Path) -> None:
        self.spool, self.folder = root / "spool", root / "kept"
        self.spool.mkdir()
        self.raw = self.spool / f"{CALL}_{OFFER}.raw"
        self.vault = Vault(self.folder, root / "secrets", now=lambda: AT)
        self.store = RecordingStore(self.spool, self.vault, now=lambda: AT)
        self.told: list[RecordingFact] = []

    async def outcome(self) -> RecordingFact:
        self.store.take(DECISION, tell=self.told.append)
        await self.store.close()
        (fact,) = self.told
        return fact

    def heard(self, path: str, offer_id: OfferId = OFFER) -> bytes:
        sound = open_recording(self.vault, path, call_id=CALL, offer_id=offer_id)
        try:
            return b"".join(sound.read())
        finally:
            sound.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def pairs(seconds: float, agent: int = 1000, caller: int = -2000) -> bytes:
    return struct.pack("<hh", agent, caller) * int(8000 * seconds)


async def test_a_recording_is_a_wav_with_the_caller_left_and_the_agent_right(
    place: Place,
) -> None:
    place.raw.write_bytes(pairs(1.5))

    fact = await place.outcome()

    assert isinstance(fact, RecordingStored)
    path = place.folder / fact.path
    assert fact.path == f"2026/11/21/{CALL}.{OFFER}.wav.sealed"
    heard = place.heard(fact.path)
    assert (fact.length_s, fact.channels, fact.at) == (1.5, 2, AT)
    assert fact.size_bytes == len(heard) == 44 + 4 * 12000
    assert fact.sha256 == hashlib.sha256(heard).hexdigest()
    assert heard[:2000] not in path.read_bytes()
    with wave.open(io.BytesIO(heard)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        left, right = struct.unpack("<hh", sound.readframes(1))
    assert (left, right) == (-2000, 1000)
    assert list(place.spool.iterdir()) == []
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mode & 0o077 == 0


async def test_a_file_that_still_grows_is_waited_for(place: Place) -> None:
    place.raw.write_bytes(pairs(0.5))

    async def grow() -> None:
        for _ in range(5):
            await asyncio.sleep(0.2)
            with place.raw.open("ab") as out:
                out.write(pairs(0.5))

    growing = asyncio.create_task(grow())
    fact = await place.outcome()
    await growing

    assert isinstance(fact, RecordingStored)
    assert fact.length_s == 3.0


async def test_half_a_frame_at_the_end_is_dropped(place: Place) -> None:
    place.raw.write_bytes(pairs(0.25) + b"\x01\x02\x03")

    fact = await place.outcome()

    assert isinstance(fact, RecordingStored)
    assert fact.length_s == 0.25


@pytest.mark.parametrize(
    ("is_there", "found"),
    [(True, "file is 0 bytes after stop"), (False, "there is no file")],
)
async def test_no_sound_is_said_in_the_record(
    place: Place, is_there: bool, found: str
) -> None:
    if is_there:
        place.raw.touch()

    fact = await place.outcome()

    assert isinstance(fact, RecordingMissing)
    assert fact.reason == (
        f"recording of call {CALL}: {found}; "
        f"is {place.spool} writable by asterisk, and its disk not full?"
    )


async def test_a_disk_that_refuses_leaves_the_sound_where_it_is(place: Place) -> None:
    place.raw.write_bytes(pairs(4))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        fact = await place.outcome()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    assert isinstance(fact, RecordingMissing)
    assert fact.reason == (
        f"recording of call {CALL}: cannot be stored in {place.folder}: "
        f"File too large; it is left at {place.raw}"
    )
    assert place.raw.exists()
    assert list(place.folder.glob("2026/*/*/*")) == []


async def test_asked_twice_it_is_stored_and_told_once(place: Place) -> None:
    place.raw.write_bytes(pairs(0.5))

    place.store.take(DECISION, tell=place.told.append)
    fact = await place.outcome()

    assert isinstance(fact, RecordingStored)


async def test_many_are_stored_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for _ in range(12):
        one = StoreRecording(call_id=CALL, offer_id=OfferId(str(uuid4())))
        (place.spool / spool_name(CALL, one.offer_id)).write_bytes(pairs(0.1))
        place.store.take(one, tell=place.told.append)

    await place.store.close()

    assert len(place.told) == 12
    assert all(isinstance(fact, RecordingStored) for fact in place.told)


async def test_those_that_are_waited_for_in_vain_keep_none_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test: what is not there stays waited for.
    monkeypatch.setattr("recordings.store._APPEARS_WITHIN_S", 3600.0)
    monkeypatch.setattr("recordings.store._GROWS_FOR_S", 3600.0)
    place = Place(tmp_path)
    for _ in range(12):
        missing = StoreRecording(call_id=CALL, offer_id=OfferId(str(uuid4())))
        place.store.take(missing, tell=place.told.append)
    place.raw.write_bytes(pairs(0.1))

    place.store.take(DECISION, tell=place.told.append)
    await eventually(lambda: bool(place.told))

    (fact,) = place.told
    assert isinstance(fact, RecordingStored)
    assert fact.offer_id == OFFER


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "a" * 36, f"{CALL}/..", f"{CALL}\n"]
)
def test_what_is_no_id_never_becomes_a_path(name: str) -> None:
    with pytest.raises(UnsafeName) as caught:
        spool_name(CallId(name), OFFER)
    with pytest.raises(UnsafeName):
        final_path(CALL, OfferId(name), AT)

    assert str(caught.value) == f"recording: {name!r} is no id; it should be a UUID"


async def test_an_id_that_is_none_is_said_in_the_record(place: Place) -> None:
    bad = StoreRecording(call_id=CallId("../x"), offer_id=OFFER)

    place.store.take(bad, tell=place.told.append)
    await place.store.close()

    (fact,) = place.told
    assert isinstance(fact, RecordingMissing)


async def test_the_plain_sound_is_overwritten_when_it_is_sealed(
    place: Place, tmp_path: Path
) -> None:
    place.raw.write_bytes(pairs(0.5))
    blocks = tmp_path / "blocks"
    blocks.hardlink_to(place.raw)

    await place.outcome()

    assert not place.raw.exists()
    assert set(blocks.read_bytes()) == {0}


async def test_what_comes_in_after_its_case_was_shredded_is_wiped(
    place: Place,
) -> None:
    place.vault.key_for(CALL)
    place.vault.shred(CALL, by="bob", reason="asked to be forgotten")
    place.raw.write_bytes(pairs(0.5))

    fact = await place.outcome()

    assert isinstance(fact, RecordingMissing)
    assert "was shredded at" in fact.reason
    assert not place.raw.exists()


async def test_without_a_master_key_the_sound_stays_where_it_is(place: Place) -> None:
    place.vault.key_for(CALL)
    place.vault.master_keys.path(1).unlink()
    place.raw.write_bytes(pairs(0.5))

    fact = await place.outcome()

    assert isinstance(fact, RecordingMissing)
    assert "there is no such master key" in fact.reason
    assert place.raw.exists()


def test_recordings_of_an_earlier_release_are_heard_then_sealed(place: Place) -> None:
    record = f"2026/11/20/{CALL}.{OFFER}.wav"
    plain = place.folder / record
    plain.parent.mkdir(parents=True)
    sound = bytes(range(256)) * 1000
    plain.write_bytes(sound)
    blocks = plain.with_name("blocks")
    blocks.hardlink_to(plain)

    assert place.heard(record) == sound
    assert seal_earlier(place.vault) == 1
    assert seal_earlier(place.vault) == 0

    assert place.heard(record) == sound
    assert not plain.exists()
    assert set(blocks.read_bytes()) == {0}


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        f"2026/11/20/{OFFER}.{CALL}.wav",
        f"2026/11/../{CALL}.{OFFER}.wav",
        f"2026/11/20/{CALL}.{OFFER}.wav\n",
        "",
    ],
)
def test_a_record_that_names_another_place_is_not_believed(
    place: Place, path: str
) -> None:
    with pytest.raises(UnsafeName):
        place.heard(path)
