"""Digits, dates, times and texts as they are said on the telephone."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.sounds import Language
from ivr.spoken import CannotBeSpoken, words
from ivr.values import Form, Value
from tests.ivr.spoken.reading import LATIN

ZH, EN = Language.ZH, Language.EN
HERE = timezone(timedelta(hours=8))
TODAY = date(2026, 11, 22)


@given(st.from_regex(r"\A[0-9]{1,40}\Z"))
def test_digits_come_back_one_by_one_and_never_alone(digits: str) -> None:
    groups = words(digits, Form.DIGITS, ZH).split("，")
    assert "".join(groups).translate(
        str.maketrans("零幺二三四五六七八九", "0123456789")
    ) == (digits)
    assert len(digits) == 1 or min(map(len, groups)) > 1

    english = words(digits, Form.DIGITS, EN).replace(",", "").split()
    assert "".join(str(LATIN[word]) for word in english) == digits


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (10086, "幺零零八六", "one zero zero eight six"),
        ("007", "零零七", "zero zero seven"),
        (
            "13812345678",
            "幺三八，幺二三四，五六七八",
            "one three eight, one two three four, five six seven eight",
        ),
        (
            "+86 13812345678",
            "加八六，幺三八，幺二三四，五六七八",
            "plus eight six, one three eight, one two three four, five six seven eight",
        ),
        (
            "0571-8888666",
            "零五七幺，八八八八，六六六",
            "zero five seven one, eight eight eight eight, six six six",
        ),
        ("A12", "A 幺二", "A one two"),
        ("１２３", "幺二三", "one two three"),
    ],
)
def test_known_digits(value: Value, chinese: str, english: str) -> None:
    assert words(value, Form.DIGITS, ZH) == chinese
    assert words(value, Form.DIGITS, EN) == english


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("2026-11-02", "十一月二日", "November second"),
        (date(2025, 12, 31), None, "December thirty-first, twenty twenty-five"),
        (date(2027, 1, 1), "二零二七年一月一日", "January first, twenty twenty-seven"),
        (
            date(2005, 10, 20),
            "二零零五年十月二十日",
            "October twentieth, two thousand five",
        ),
        (date(1909, 8, 12), None, "August twelfth, nineteen oh nine"),
        (date(1900, 3, 3), None, "March third, nineteen hundred"),
        (datetime(2026, 2, 5, 8, tzinfo=HERE), "二月五日", "February fifth"),
        ("2026-11-02T08:00:00", "十一月二日", "November second"),
    ],
)
def test_known_dates(value: Value, chinese: str | None, english: str) -> None:
    if chinese:
        assert words(value, Form.DATE, ZH, today=TODAY) == chinese
    assert words(value, Form.DATE, EN, today=TODAY) == english


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("00:00", "凌晨零点", "twelve midnight"),
        ("00:30", "凌晨零点三十分", "twelve thirty AM"),
        ("02:00", "凌晨两点", "two AM"),
        ("09:05", "上午九点零五分", "nine oh five AM"),
        ("12:00", "中午十二点", "twelve noon"),
        ("12:15:59", "中午十二点十五分", "twelve fifteen PM"),
        (time(14, 2), "下午两点零二分", "two oh two PM"),
        (time(18, 10), "晚上六点十分", "six ten PM"),
        (time(23, 59), "晚上十一点五十九分", "eleven fifty-nine PM"),
    ],
)
def test_known_times(value: Value, chinese: str, english: str) -> None:
    assert words(value, Form.TIME, ZH) == chinese
    assert words(value, Form.TIME, EN) == english


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("2026-11-22 15:00", "今天下午三点", "today at three PM"),
        ("2026-11-23 09:00", "明天上午九点", "tomorrow at nine AM"),
        ("2026-11-24 12:00", "后天中午十二点", "November twenty-fourth at twelve noon"),
        ("2026-11-21 00:10", "昨天凌晨零点十分", "yesterday at twelve ten AM"),
        ("2026-11-20 20:00", "前天晚上八点", "November twentieth at eight PM"),
        ("2026-12-01 20:00", "十二月一日晚上八点", "December first at eight PM"),
    ],
)
def test_known_moments(value: Value, chinese: str, english: str) -> None:
    assert words(value, Form.MOMENT, ZH, today=TODAY) == chinese
    assert words(value, Form.MOMENT, EN, today=TODAY) == english


def test_without_a_today_every_day_is_said_in_full() -> None:
    said = words("2026-11-22 15:00", Form.MOMENT, ZH)

    assert said == "二零二六年十一月二十二日下午三点"


def test_an_instant_is_said_by_the_clock_of_the_one_who_listens() -> None:
    here = datetime(2026, 11, 23, 0, 30, tzinfo=HERE)
    late = datetime(2026, 11, 22, 17, tzinfo=UTC)

    for value in (late, "2026-11-22T17:00:00Z", "2026-11-22T17:00:00+00:00"):
        assert words(value, Form.MOMENT, ZH, today=here) == "今天凌晨一点"
        assert words(value, Form.TIME, ZH, today=here) == "凌晨一点"
        assert words(value, Form.DATE, ZH, today=here) == "十一月二十三日"
    # Without a zone of the listener it is said as it came.
    assert words(late, Form.TIME, ZH, today=TODAY) == "下午五点"


def test_the_ends_of_the_calendar_can_be_said() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

    assert words(last, Form.MOMENT, ZH, today=datetime(2026, 1, 1, tzinfo=HERE))
    assert words(datetime.min.replace(tzinfo=UTC), Form.MOMENT, EN, today=date.max)


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("停电50%的用户", "停电百分之五十的用户", None),
        ("人民路12号#201", "人民路12号 201", None),
        ("25℃", "25摄氏度", "25 degrees"),
        ("1.5 kWh", None, "1.5 kilowatt hours"),
        ("a\x00b\u202ec", "a b c", "a b c"),
        (True, "是", "yes"),
        (False, "否", "no"),
        (2, "二", "two"),
        (Decimal("0.5"), "零点五", "zero point five"),
        (time(8), "上午八点", "eight AM"),
        (date(2026, 11, 2), "十一月二日", "November second"),
        (datetime(2026, 11, 22, 8, tzinfo=HERE), "今天上午八点", "today at eight AM"),
    ],
)
def test_known_texts(value: Value, chinese: str | None, english: str | None) -> None:
    for language, expected in ((ZH, chinese), (EN, english)):
        if expected:
            assert words(value, Form.TEXT, language, today=TODAY) == expected


@pytest.mark.parametrize(
    ("value", "form", "why"),
    [
        ("2026-02-30", Form.DATE, "there is no such day or time on any calendar"),
        ("25:00", Form.TIME, "there is no such day or time on any calendar"),
        (
            "2026-13-01 10:00",
            Form.MOMENT,
            "there is no such day or time on any calendar",
        ),
        (
            "tomorrow",
            Form.DATE,
            "not a date, as 2026-03-01: a text of 8 characters",
        ),
        (time(8), Form.DATE, "not a date, as 2026-03-01: a time"),
        (12, Form.TIME, "not a time, as 14:05: a int"),
        (
            date(2026, 1, 1),
            Form.MOMENT,
            "not a day and a time, as 2026-03-01 14:05: a date",
        ),
        ("", Form.DIGITS, "no digits alone: a text of 0 characters"),
        ("12€", Form.DIGITS, "no digits alone: a text of 3 characters"),
        (-1, Form.DIGITS, "no digits alone: a int"),
        (10**2000, Form.DIGITS, "no digits alone: a int"),
        (Decimal("1.5"), Form.DIGITS, "no digits alone: a decimal"),
        ("1" * 41, Form.DIGITS, "more than 40 signs"),
        ("", Form.TEXT, "there are no words in it"),
        ("￥…!", Form.TEXT, "there are no words in it"),
        ("好" * 501, Form.TEXT, "longer than 500 characters"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_sentence(
    value: Value, form: Form, why: str
) -> None:
    for language in Language:
        with pytest.raises(CannotBeSpoken) as caught:
            words(value, form, language, today=TODAY)
        assert str(caught.value) == f"value as {form.value}: {why}"


@given(
    st.one_of(st.text(max_size=60), st.integers(), st.decimals(), st.datetimes()),
    st.sampled_from(Form),
    st.sampled_from(Language),
)
def test_whatever_comes_is_said_or_refused(
    value: Value, form: Form, language: Language
) -> None:
    try:
        said = words(value, form, language, "个", today=TODAY)
    except CannotBeSpoken:
        return
    assert any(sign.isalnum() for sign in said)
    assert len(said) <= 2000
