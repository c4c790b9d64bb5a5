"""What is read of YAML, and what is refused."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ivr.source import (
    LARGEST_BYTES,
    MOST_NODES,
    SourceRefused,
    Trail,
    parse_source,
    read_source,
)


def refusal(raw: bytes) -> Sequence[tuple[int, Trail, str]]:
    with pytest.raises(SourceRefused) as caught:
        parse_source(raw, file="f.yaml")
    return caught.value.found


def test_scalars_stay_text_so_that_keys_and_answers_need_no_quotes() -> None:
    raw = b"1: no\non: [1.50, ~, 0x10]\nyes: 2026-11-21\n"

    source = parse_source(raw, file="f.yaml")

    assert source.value == {
        "1": "no",
        "on": ["1.50", "~", "0x10"],
        "yes": "2026-11-21",
    }


def test_every_place_has_its_line() -> None:
    source = parse_source(b"a:\n  b:\n    - x\n    - y: 1\n", file="f.yaml")

    assert source.lines == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "b", "0"): 3,
        ("a", "b", "1"): 4,
        ("a", "b", "1", "y"): 4,
    }
    assert source.line(("a", "b", "7", "z")) == 2


def test_a_byte_order_mark_and_carriage_returns_are_no_trouble() -> None:
    assert parse_source(b"\xef\xbb\xbfa: b\r\nc: d\r\n", file="f").value == {
        "a": "b",
        "c": "d",
    }


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        (
            b"a: 1\nb: !!python/object/apply:os.system [ls]\n",
            2,
            "tag 'tag:yaml.org,2002:python/object/apply:os.system' is not used here; "
            "write the plain value",
        ),
        (b"a: ! b", 1, "tag '!' is not used here; write the plain value"),
        (b"a: 1\nb: &x 1", 2, "anchor '&x' is not used here; delete it"),
        (b"a: 1\nb: *x", 2, "alias '*x' is not used here; write it out"),
        (b"a: 1\nb: 2\na: 3", 3, "written twice, first at line 1; delete one"),
        (b"? [1, 2]\n: 3", 1, "a key that is not text; write `key: value`"),
        (b"a: 1\n---\nb: 2", 2, "a second document; one file holds one"),
        (b"", 0, "empty; nothing is written in it"),
        (b"# only words\n", 0, "empty; nothing is written in it"),
        (b"a: 1\nb: \xff", 2, "not UTF-8, found b'\\xff'; save it as UTF-8"),
        (
            b"a: 1\nb: \x07",
            2,
            "not YAML: has '\\x07', which is not text; delete it",
        ),
        (b"a: [1\nb: 2", 2, "not YAML: expected ',' or ']', but got ':'"),
        (b"a: 1\n\tb: 2", 2, "not YAML: found character '\\t' that cannot start"),
        (b"[" * 5000, 1, "more than 12 levels deep; write it flatter"),
        (
            b"- x\n" * (MOST_NODES + 1),
            MOST_NODES,
            f"more than {MOST_NODES} entries; split the file",
        ),
        (
            b"a" * (LARGEST_BYTES + 1),
            0,
            f"too large, more than {LARGEST_BYTES} bytes; split it",
        ),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(
    raw: bytes, line: int, what: str
) -> None:
    found = refusal(raw)

    assert found[0][0] == line
    assert found[0][2].startswith(what)


def test_a_bomb_of_aliases_is_refused_without_being_blown_up() -> None:
    raw = b"a: &a [x, x]\n" + b"".join(
        b"%c: &%c [*%c, *%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 118)
    )

    assert len(refusal(raw)) == 61


def test_everything_wrong_is_told_at_once() -> None:
    found = refusal(b"a: &x 1\nb: !t 2\na: 3\nc: [1\n")

    assert [line for line, _, _ in found] == [1, 2, 3, 5]


def test_a_pipe_in_the_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.yaml")

    with pytest.raises(SourceRefused, match="not a file; a pipe"):
        read_source(tmp_path / "main.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="cannot be read: No such file"):
        read_source(tmp_path / "main.yaml")


def test_no_more_than_the_limit_is_read_of_a_huge_file(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as opened:
        opened.truncate(10 * 1024 * LARGEST_BYTES)

    with pytest.raises(SourceRefused, match="too large"):
        read_source(huge)
