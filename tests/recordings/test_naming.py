"""What Asterisk's spool holds: recordings by their names, and other files."""

from pathlib import Path

import pytest

from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.ids import OfferId
from recordings.naming import parse_spool_name, spool_name
from recordings.store import RecordingStore
from recordings.vault import Vault
from tests.support.builders import call_id

CALL, OFFER = call_id(1), OfferId(call_id(2))


def test_a_name_in_the_spool_tells_whose_recording_it_is() -> None:
    name = spool_name(CALL, OFFER)

    assert parse_spool_name(name) == StoreRecording(call_id=CALL, offer_id=OFFER)


@pytest.mark.parametrize(
    "name",
    ["", "x.raw", f"{CALL}.raw", f"{CALL}_{OFFER}.wav", f"../{CALL}_{OFFER}.raw"],
)
def test_other_files_in_the_spool_are_nobodys(name: str) -> None:
    assert parse_spool_name(name) is None


def test_what_an_engine_left_behind_is_found_again(tmp_path: Path) -> None:
    (tmp_path / spool_name(CALL, OFFER)).write_bytes(b"\0\0\0\0")
    (tmp_path / "core").write_bytes(b"")
    vault = Vault(tmp_path / "kept", tmp_path / "secrets")
    store = RecordingStore(tmp_path, vault)

    assert store.left_in_spool() == [StoreRecording(call_id=CALL, offer_id=OFFER)]


def test_a_spool_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "kept", tmp_path / "secrets")
    store = RecordingStore(tmp_path / "none", vault)

    assert store.left_in_spool() == []
