import json
from collections.abc import Callable
from pathlib import Path

import pytest

from services.runtime.backup import manifest as manifests
from services.runtime.backup.copies import Copies, whole_end
from services.runtime.backup.errors import BackupDamaged, PlaceRefused
from services.runtime.backup.manifest import Manifest
from services.runtime.backup.returning import looked_at
from services.store.segments import Entry, Origin, line_of


def made(folder: Path, files: dict[str, str], **other: object) -> Path:
    """Make a backup's folder of these files."""
    source = folder.with_name(f"{folder.name}.source")
    source.mkdir()
    folder.mkdir()
    copies = Copies(folder)
    for name, text in files.items():
        (source / "one").write_text(text)
        copies.take(source / "one", name)
    told = {"backup_id": "b", "holds": "records", "release": "1", "made_at": "now"}
    manifest = Manifest(**(told | other), files=copies.sums)  # type: ignore[arg-type]
    (folder / manifests.NAME).write_text(manifests.written(manifest))
    return folder


def line(seq: int) -> bytes:
    return line_of(Entry(seq=seq, origin=Origin.TOLD, text='{"kind":"x"}'))


def test_a_whole_backup_is_believed(tmp_path: Path) -> None:
    folder = made(tmp_path / "b", {"journal/id": "one", "audit/anchor": "two"})

    told = manifests.read(folder, "records")
    manifests.check(folder, told)

    assert set(told.files) == {"journal/id", "audit/anchor"}
    assert (folder / "journal/id").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda path: path.write_text("on"), "2 bytes of 3"),
        (lambda path: path.write_text("onf"), "its sum is"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/hostname")), "symbolic"),
    ],
    ids=["cut", "changed", "gone", "a link"],
)
def test_a_file_that_is_not_what_was_written_is_named_with_what_was_found(
    tmp_path: Path, harm: Callable[[Path], object], found: str
) -> None:
    folder = made(tmp_path / "b", {"journal/id": "one"})
    harm(folder / "journal/id")

    with pytest.raises(BackupDamaged) as told:
        looked_at(folder, None, None, without_keys=True)

    assert told.value.path == folder / "journal/id"
    assert found in told.value.found


def test_a_manifest_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    folder = made(tmp_path / "b", {"journal/id": "one", "audit/anchor": "two"})
    told = json.loads((folder / manifests.NAME).read_text())
    del told["told"]["files"]["audit/anchor"]
    (folder / manifests.NAME).write_text(json.dumps(told))

    with pytest.raises(BackupDamaged, match="its sum is another"):
        manifests.read(folder, "records")


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out", "a//b"])
def test_a_manifest_that_leads_out_of_its_folder_is_not_believed(
    tmp_path: Path, name: str
) -> None:
    folder = made(tmp_path / "b", {})
    sum_ = {name: manifests.sum_of(folder / manifests.NAME)}
    manifest = Manifest(
        backup_id="b", holds="records", release="1", made_at="now", files=sum_
    )
    (folder / manifests.NAME).write_text(manifests.written(manifest))

    with pytest.raises(BackupDamaged):
        manifests.read(folder, "records")


def test_keys_of_another_backup_are_refused(tmp_path: Path) -> None:
    records = made(tmp_path / "b", {"journal/id": "one"})
    keys = made(tmp_path / "k", {}, holds="keys", backup_id="another")

    with pytest.raises(PlaceRefused, match="keys of the backup of"):
        looked_at(records, keys, None, without_keys=False)


def test_without_keys_is_said_or_refused(tmp_path: Path) -> None:
    files = {"journal/id": "one", "recordings/2026/11/22/x.wav.sealed": "sealed"}
    records = made(tmp_path / "b", files)

    with pytest.raises(PlaceRefused, match="--without-keys"):
        looked_at(records, None, None, without_keys=False)

    sources = looked_at(records, None, None, without_keys=True)
    assert sources.names == ["journal/id"]


def test_a_torn_end_of_a_growing_journal_is_not_copied(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "id").write_text("one\n")
    (journal / f"{1:020d}.journal").write_bytes(line(1) + line(2) + line(3)[:-4])
    to = tmp_path / "to"
    to.mkdir()

    last_seq = Copies(to).journal(journal)

    assert last_seq == 2
    copied = (to / "journal" / f"{1:020d}.journal").read_bytes()
    assert copied == line(1) + line(2)


@pytest.mark.parametrize(
    ("journal_id", "first", "last", "found"),
    [
        ("another", 1, 9, "another instance's"),
        ("one", 1, 4, "it ends at entry 4, the backup at 5"),
        ("one", 5, 9, "it begins at entry 5"),
    ],
)
def test_a_journal_that_does_not_go_on_from_the_backup_is_refused(
    tmp_path: Path, journal_id: str, first: int, last: int, found: str
) -> None:
    records = made(tmp_path / "b", {}, journal_id="one", journaled_seq=5, shipped_seq=3)
    journal = tmp_path / "journal"
    journal.mkdir()
    (journal / "id").write_text(journal_id)
    segment = journal / f"{first:020d}.journal"
    segment.write_bytes(b"".join(map(line, range(first, last + 1))))
    assert whole_end(segment) == (last, segment.stat().st_size)

    with pytest.raises(PlaceRefused) as told:
        looked_at(records, None, journal, without_keys=True)

    assert found in told.value.found


def test_sealed_sound_is_linked_and_keys_of_cases_are_copied(tmp_path: Path) -> None:
    # A shredding writes over the key of a case: the backup's must be its own.
    source, to = tmp_path / "recordings", tmp_path / "to"
    sound, key = source / "2026/11/22/a.wav.sealed", source / "keys/3f/a.key"
    for path in (sound, key):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    to.mkdir()

    Copies(to).recordings(source)

    assert (to / "recordings/2026/11/22/a.wav.sealed").samefile(sound)
    assert not (to / "recordings/keys/3f/a.key").samefile(key)
