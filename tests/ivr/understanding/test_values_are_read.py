"""Numbers, money and days, as callers say them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.sounds import Language
from ivr.spoken import words
from ivr.understanding.spoken_digits import digits_in
from ivr.understanding.spoken_values import date_in, money_in, number_in
from ivr.values import Form

TODAY = date(2026, 11, 22)
"""A Sunday."""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("三百五", "350"),
        ("三百零五", "305"),
        ("十二", "12"),
        ("一万零五", "10005"),
        ("两千", "2000"),
        ("一亿两千万", "120000000"),
        ("负三点一四", "-3.14"),
        ("one hundred and twenty-three", "123"),
        ("two thousand five", "2005"),
        ("three point one four", "3.14"),
        ("1,200.5", "1200.5"),
    ],
)
def test_numbers(text: str, number: str) -> None:
    assert number_in(text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("十二块五", "12.5"),
        ("十二元五角", "12.5"),
        ("三块零五分", "3.05"),
        ("一百元", "100"),
        ("五块五毛", "5.5"),
        ("twelve yuan fifty", "12.5"),
    ],
)
def test_money(text: str, yuan: str) -> None:
    assert money_in(text) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天", "2026-11-22"),
        ("大后天", "2026-11-25"),
        ("周五", "2026-11-27"),
        ("下周一", "2026-11-23"),
        ("十二月二号", "2026-12-02"),
        ("十一月二号", "2027-11-02"),
        ("三号", "2026-12-03"),
        ("tomorrow", "2026-11-23"),
        ("Friday", "2026-11-27"),
        ("the twenty-first of December", "2026-12-21"),
        ("January 3rd", "2027-01-03"),
    ],
)
def test_days(text: str, day: str) -> None:
    assert date_in(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize("text", ["", "呵呵", "二月三十号", "点", "point", "月", "-"])
def test_what_is_none_is_none(text: str) -> None:
    assert number_in(text) is None
    assert money_in(text) is None
    assert date_in(text, TODAY) is None


@given(st.integers(0, 10**9), st.sampled_from(Language))
def test_what_is_spoken_as_a_number_is_read_as_it(
    number: int, language: Language
) -> None:
    assert number_in(words(number, Form.NUMBER, language)) == number


@given(st.text("0123456789", min_size=1, max_size=12), st.sampled_from(Language))
def test_what_is_spoken_as_digits_is_read_as_them(
    digits: str, language: Language
) -> None:
    found = digits_in(words(digits, Form.DIGITS, language))

    assert found is not None
    assert found.digits == digits


@given(st.text(max_size=200))
def test_any_text_is_read_or_not(text: str) -> None:
    number_in(text)
    money_in(text)
    date_in(text, TODAY)
    digits_in(text)
