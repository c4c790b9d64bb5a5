"""What callers said into a flow, sealed and kept as recordings are."""

import asyncio
import os
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acd.vocabulary.facts import RecordingFact
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from recordings.errors import CaseShredded
from recordings.messages import MessageStore, id_of
from recordings.reading import open_recording
from recordings.vault import Vault
from tests.support.eventually import eventually

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CALL = "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
NAME = f"{CALL}-4"


class Place:
    def __init__(self, root: Path) -> None:
        self.spool = root / "messages"
        self.spool.mkdir()
        self.vault = Vault(root / "kept", root / "secrets", now=lambda: AT)
        self.told: list[RecordingFact] = []
        self.store = MessageStore(
            self.spool, self.vault, tell=self.told.append, now=lambda: AT
        )

    def spoken(self, name: str = NAME, seconds: float = 2) -> bytes:
        path = self.spool / f"{name}.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(b"\x10\x20" * int(8000 * seconds))
        return path.read_bytes()

    async def outcome(self, name: str = NAME) -> RecordingFact:
        self.store.take(name)
        await self.store.close()
        [fact] = self.told
        return fact


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_message_is_sealed_by_the_key_of_its_call_and_leaves_the_spool(
    place: Place,
) -> None:
    said = place.spoken()

    fact = await place.outcome()

    assert isinstance(fact, RecordingStored)
    assert (fact.call_id, fact.offer_id) == (CALL, id_of(NAME))
    assert (fact.length_s, fact.channels) == (2.0, 1)
    assert list(place.spool.iterdir()) == []
    sealed = (place.vault.recordings / fact.path).read_bytes()
    assert b"\x10\x20" * 8 not in sealed
    heard = open_recording(place.vault, fact.path, call_id=CALL, offer_id=fact.offer_id)
    assert b"".join(heard.read()) == said
    heard.close()


async def test_two_messages_of_a_call_are_kept_apart(place: Place) -> None:
    for name in (NAME, f"{CALL}-9"):
        place.spoken(name)
        place.store.take(name)
    await place.store.close()

    assert len({fact.offer_id for fact in place.told}) == 2


async def test_a_shredded_case_takes_its_messages_along(place: Place) -> None:
    place.spoken()
    fact = await place.outcome()
    assert isinstance(fact, RecordingStored)

    place.vault.shred(CALL, by="retention", reason="older than 30 days")

    with pytest.raises(CaseShredded):
        open_recording(place.vault, fact.path, call_id=CALL, offer_id=fact.offer_id)
    assert not (place.vault.recordings / fact.path).exists()


async def test_what_comes_after_its_case_was_shredded_is_wiped(place: Place) -> None:
    place.vault.key_for(CALL)
    place.vault.shred(CALL, by="retention", reason="old")
    place.spoken()

    fact = await place.outcome()

    assert isinstance(fact, RecordingMissing)
    assert list(place.spool.iterdir()) == []


async def test_a_message_that_is_not_there_is_told_as_missing(place: Place) -> None:
    fact = await place.outcome()

    assert isinstance(fact, RecordingMissing)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "x-1", f"{CALL}", f"{CALL}-1/2"]
)
async def test_a_name_that_is_none_is_passed_over(place: Place, name: str) -> None:
    place.store.take(name)
    await place.store.close()

    assert place.told == []


async def test_what_was_left_is_sealed_and_what_is_being_said_is_not(
    place: Place,
) -> None:
    place.spoken()
    place.spoken(f"{CALL}-5")
    old = AT.timestamp() - 600
    os.utime(place.spool / f"{NAME}.wav", (old, old))

    running = asyncio.create_task(place.store.run())
    await eventually(lambda: len(place.told) == 1)
    running.cancel()

    assert [fact.offer_id for fact in place.told] == [id_of(NAME)]
    assert [path.stem for path in place.spool.iterdir()] == [f"{CALL}-5"]
