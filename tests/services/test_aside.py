"""Large logs are put aside at a start, Asterisk's notes once they are read."""

from pathlib import Path

import pytest

from cti_bridge.switch_log.file import SwitchLog
from services.runtime.embedded.aside import LOG_KEPT_BYTES, put_asterisks_aside


def grown(log: Path, *, end: bytes = b"") -> None:
    with log.open("wb") as opened:
        opened.truncate(LOG_KEPT_BYTES + 1)
        opened.seek(0, 2)
        opened.write(end)


@pytest.mark.parametrize("name", ["messages.log", "security.log"])
def test_a_large_log_begins_anew_and_a_small_one_goes_on(
    tmp_path: Path, name: str
) -> None:
    grown(tmp_path / name, end=b"the last words")
    put_asterisks_aside(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [f"{name}.1"]

    (tmp_path / name).write_bytes(b"few words")
    put_asterisks_aside(tmp_path)
    assert (tmp_path / name).read_bytes() == b"few words"


def test_notes_begin_anew_once_all_of_them_are_read_and_the_reader_follows(
    tmp_path: Path,
) -> None:
    notes = tmp_path / "queue_log"
    grown(notes, end=b"what the engine missed\n")
    reader = SwitchLog(notes, tmp_path / "mark")

    put_asterisks_aside(tmp_path)
    assert notes.exists(), "it was not read yet"
    while reader.lines(0.0):
        pass
    reader.empty(6.0)
    put_asterisks_aside(tmp_path)
    assert not notes.exists()
    notes.write_text("the next\n", encoding="utf-8")

    assert reader.lines(7.0) == ["the next"]
    after = SwitchLog(notes, tmp_path / "mark")
    assert after.lines(7.0) == ["the next"], "another process too"


def test_where_nothing_was_written_yet_nothing_is_put_aside(tmp_path: Path) -> None:
    put_asterisks_aside(tmp_path)

    assert not list(tmp_path.iterdir())
