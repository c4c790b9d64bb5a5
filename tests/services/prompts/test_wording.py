"""What the voices are given to say."""

import pytest

from ivr.sounds import Language
from services.prompts.wording import Unspeakable, runs_of


def said(text: str, language: str = "zh") -> list[tuple[str, str]]:
    return [
        (run.voice.name.partition("-")[0], run.words)
        for run in runs_of(text, Language(language))
    ]


def test_mandarin_is_given_as_pinyin_with_tones() -> None:
    assert said("您好，云江电力。") == [("cmn", "nin2 hao3 , yun2 jiang1 dian4 li4 .")]


def test_digits_in_mandarin_are_said_one_by_one() -> None:
    assert said("95598请按0") == [("cmn", "jiu3 wu3 wu3 jiu3 ba1 qing3 an4 ling2")]


def test_english_in_mandarin_has_its_own_voice_with_the_digits_after_it() -> None:
    assert said("投诉请按4，English, press 8，重听请按9") == [
        ("cmn", "tou2 su4 qing3 an4 si4 ,"),
        ("en", "English, press 8 ,"),
        ("cmn", "chong2 ting1 qing3 an4 jiu3"),
    ]


def test_mandarin_in_english_has_its_own_voice() -> None:
    assert said("say 停电 now", "en") == [
        ("en", "say"),
        ("cmn", "ting2 dian4"),
        ("en", "now"),
    ]


def test_a_telephone_number_in_english_is_said_digit_by_digit() -> None:
    assert said("Press 1 for 95598", "en") == [("en", "Press 1 for 9 5 5 9 8")]


def test_quotes_and_brackets_are_not_said() -> None:
    assert said("“停电”（故障）") == [("cmn", "ting2 dian4 gu4 zhang4")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("50%", "'50%' cannot be spoken: no voice for '%'; write it in words"),
        (
            "Да да",
            "'Да да' cannot be spoken: no voice for 'Д', 'а', 'д'; write it in words",
        ),
        ("……。", "'……。' cannot be spoken: there are no words in it; write some"),
    ],
)
def test_what_has_no_sound_is_named(text: str, message: str) -> None:
    with pytest.raises(Unspeakable) as caught:
        said(text)

    assert str(caught.value) == message
