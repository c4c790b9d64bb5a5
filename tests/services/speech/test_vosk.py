"""What a phrase is to a vocabulary, and folders that are no models."""

from pathlib import Path

import pytest

from services.speech.errors import NotAModel
from services.speech.vosk import _joined, check_folder, words_in

KNOWN = frozenset(
    [
        "停电",
        "报修",
        "停",
        "电",
        "电费",
        "查",
        "询",
        "查询",
        "power",
        "outage",
        "정전",
        "신고",
    ]
)


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("停电报修", ("停电", "报修")),
        ("电费查询", ("电费", "查询")),
        ("停电 报修", ("停电", "报修")),
        ("Power outage", ("power", "outage")),
        # Never a word cut out of another, where a language has blanks.
        ("poweroutage", ()),
        ("power bills", ()),
        ("停电工", ()),
        ("정전 신고", ("정전", "신고")),
        ("", ()),
    ],
)
def test_a_phrase_is_cut_into_words_that_the_model_knows(
    phrase: str, words: tuple[str, ...]
) -> None:
    assert words_in(phrase, KNOWN.__contains__) == words


@pytest.mark.parametrize(
    ("heard", "text", "sure"),
    [
        ([("停电", 0.9), ("报修", 0.7)], "停电报修", 0.8),
        ([("power", 1.0), ("outage", 0.5)], "power outage", 0.75),
        # What it does not know counts against what it does.
        ([("[unk]", 1.0), ("停电", 0.8)], "停电", 0.4),
    ],
)
def test_words_are_put_together_and_so_is_how_sure_they_are(
    heard: list[tuple[str, float]], text: str, sure: float
) -> None:
    found = _joined(heard)

    assert found is not None
    assert found.text == text
    assert found.confidence == pytest.approx(sure)


def test_unknown_words_alone_are_nothing() -> None:
    assert _joined([("[unk]", 1.0)]) is None
    assert _joined([]) is None


def test_a_folder_that_is_no_model_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotAModel, match="is no model of Vosk, found no am/final"):
        check_folder(tmp_path)
    with pytest.raises(NotAModel, match="is no folder; unpack a model of Vosk there"):
        check_folder(tmp_path / "gone")
