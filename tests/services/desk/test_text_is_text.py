"""What comes from outside is shown as text: no page of ours makes markup of it."""

import re
from pathlib import Path

import pytest

from services.runtime.desk.build import SOURCES

MARKUP = re.compile(
    r"dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write"
    r"|\beval\(|new Function|javascript:"
)
FILES = sorted(
    path
    for folder in ("src", "public")
    for path in (SOURCES / folder).rglob("*")
    if path.suffix in {".ts", ".tsx", ".html", ".svg", ".css"}
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_source_makes_markup_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert MARKUP.findall(text) == []
