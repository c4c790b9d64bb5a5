"""Whatever words a value has, the voices can say them."""

import string
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ivr.sounds import Language
from ivr.spoken import CannotBeSpoken, words
from ivr.values import Form, Value
from services.prompts.wording import parts_of, runs_of

FORMS = [form for form in Form if form is not Form.TEXT]
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(10**12), 10**12),
    st.decimals(-(10**6), 10**6, places=4),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.dates(date(1900, 1, 1)),
    st.times(),
    st.from_regex(r"\A\+?[0-9A-Z -]{1,20}\Z"),
)
WRITTEN = st.text(
    st.sampled_from(
        string.printable
        + "人民路号栋停电，。、；：！？…（）《》“”‘’—～·§¥€℃№½Ⅷ①１Ａ　％＃\u200b\u202e"
    ),
    max_size=40,
)


def is_said(spell: Callable[..., object], said: str, language: Language) -> bool:
    return bool(spell(said, language))


@given(VALUES, st.sampled_from(FORMS), st.sampled_from(Language))
def test_every_form_of_a_value_is_spelt(
    value: Value, form: Form, language: Language
) -> None:
    unit = "个" if language is Language.ZH else "order"
    try:
        said = words(value, form, language, unit, today=date(2026, 7, 1))
    except CannotBeSpoken:
        return
    assert is_said(runs_of, said, language)
    assert is_said(parts_of, said, language)


@given(WRITTEN, st.sampled_from(Language))
def test_a_text_of_another_system_is_spelt_whatever_signs_are_in_it(
    text: str, language: Language
) -> None:
    try:
        said = words(text, Form.TEXT, language)
    except CannotBeSpoken:
        return
    assert is_said(runs_of, said, language)


def test_an_address_keeps_its_numbers() -> None:
    said = words("人民路12-3号（东门）#201", Form.TEXT, Language.ZH)

    assert said == "人民路12 3号 东门 201"
    assert words(Decimal("-0.5"), Form.TEXT, Language.EN) == "minus zero point five"
