"""The files that calls are led by, as one set: from a folder and back to one."""

from pathlib import Path

import pytest

from ivr.problems import FlowRefused
from services.flows.files import as_text, from_text, read_files, reading, write_files
from tests.support.small_floor import STRAIGHT


def folder(place: Path, **files: str) -> Path:
    found = place / "flows"
    found.mkdir(exist_ok=True)
    for name, text in files.items():
        (found / f"{name}.yaml").write_text(text, encoding="utf-8")
    return found


def test_a_set_has_the_flows_and_what_stands_beside_them(tmp_path: Path) -> None:
    flows = folder(tmp_path, main="name: main\n", vip="name: vip\n")
    (tmp_path / "hours.yaml").write_text("hours: {}\n", encoding="utf-8")
    (tmp_path / "floor.yaml").write_text("no part of it", encoding="utf-8")
    (flows / "notes.txt").write_text("nor this", encoding="utf-8")

    found = read_files(flows)

    assert found.files == {
        "flows/main.yaml": "name: main\n",
        "flows/vip.yaml": "name: vip\n",
        "hours.yaml": "hours: {}\n",
    }
    assert found.folder == flows


def test_a_set_is_the_same_text_in_whichever_order_it_was_read() -> None:
    one = {"flows/a.yaml": "a: 你好\r\n", "hours.yaml": "\ufeff"}
    other = dict(reversed(one.items()))

    assert as_text(one) == as_text(other)
    assert from_text(as_text(one)) == one


def test_a_folder_is_brought_to_a_set_and_what_is_no_part_of_it_stays(
    tmp_path: Path,
) -> None:
    flows = folder(tmp_path, main="old", gone="gone", same="same")
    (flows / "notes.txt").write_text("mine", encoding="utf-8")
    files = {
        "flows/main.yaml": "new\r\n",
        "flows/same.yaml": "same",
        "lookups.yaml": "l",
    }

    changed = write_files(flows, files)

    assert changed == ["flows/gone.yaml", "flows/main.yaml", "lookups.yaml"]
    assert read_files(flows).files == files
    assert (flows / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert write_files(flows, files) == []


def test_what_cannot_be_read_is_told_all_at_once(tmp_path: Path) -> None:
    flows = folder(tmp_path, main="name: main\n")
    (flows / "bad.yaml").write_bytes(b"one\n\xff\n")
    (flows / "two words.yaml").write_text("", encoding="utf-8")
    (flows / "other.yml").write_text("", encoding="utf-8")

    with pytest.raises(FlowRefused) as caught:
        read_files(flows)

    assert str(caught.value).replace(f"{flows.as_posix()}/", "") == (
        "bad.yaml:2: not UTF-8, found b'\\xff'; save it as UTF-8\n"
        "other.yml: would be passed over; end it in '.yaml'\n"
        "two words.yaml: is no name for a flow; name it of letters, digits, - and _"
    )


def test_a_folder_that_is_missing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FlowRefused, match="nowhere: cannot be read: No such file or"):
        read_files(tmp_path / "nowhere")


def test_the_same_texts_are_proved_once(tmp_path: Path) -> None:
    flows = folder(tmp_path, main=STRAIGHT)

    once, again = reading(read_files(flows))(), reading(read_files(flows))()
    folder(tmp_path, main=STRAIGHT + "# looked through\n")
    other = reading(read_files(flows))()

    assert again is once
    assert other is not once
