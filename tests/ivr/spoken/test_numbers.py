"""Numbers, money and counts: known answers, and each number read back."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.sounds import Language
from ivr.spoken import CannotBeSpoken, words
from ivr.values import Form, Secret, Value
from tests.ivr.spoken.reading import read_chinese, read_english

ZH, EN = Language.ZH, Language.EN
WHOLE = st.one_of(
    st.integers(0, 10**9),
    st.integers(1 - 10**15, 10**15 - 1),
    # Where the gaps are: few digits that are not zero.
    st.tuples(st.integers(0, 999), st.integers(0, 12)).map(lambda n: n[0] * 10 ** n[1]),
    st.tuples(st.integers(1, 999), st.integers(3, 9), st.integers(0, 99)).map(
        lambda n: n[0] * 10 ** n[1] + n[2]
    ),
)


@given(WHOLE)
def test_a_number_in_words_reads_back_as_itself(number: int) -> None:
    chinese = words(number, Form.NUMBER, ZH)
    assert read_chinese(chinese) == number
    assert read_english(words(number, Form.NUMBER, EN)) == number
    # A gap is told once, and nothing begins or ends with one.
    assert "零零" not in chinese
    assert not re.search("零[十百千万亿]|.零$|^零.|^一十|二[千万亿]$(?<=^..)", chinese)


@given(st.integers(-(10**11), 10**11))
def test_money_in_words_is_the_same_to_the_cent(cents: int) -> None:
    chinese = words(Decimal(cents) / 100, Form.MONEY, ZH)
    found = re.fullmatch("(负?)(?:(.+)元)?零?(?:(.)角)?(?:(.)分)?", chinese)
    assert found
    yuan, jiao, fen = (read_chinese(part or "零") for part in found.groups()[1:])
    sign = -1 if found.group(1) else 1
    assert sign * (yuan * 100 + jiao * 10 + fen) == cents

    english = words(Decimal(cents) / 100, Form.MONEY, EN)
    found = re.fullmatch("(minus )?(?:(.+) yuan)?(?: and )?(?:(.+) cents?)?", english)
    assert found
    yuan, fen = (read_english(part or "zero") for part in found.groups()[1:])
    assert (-1 if found.group(1) else 1) * (yuan * 100 + fen) == cents


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (0, "零", "zero"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (110, "一百一十", "one hundred ten"),
        (101, "一百零一", "one hundred one"),
        (200, "二百", "two hundred"),
        (1010, "一千零一十", "one thousand ten"),
        (2000, "两千", "two thousand"),
        (22222, "两万二千二百二十二", None),
        (120000, "十二万", "one hundred twenty thousand"),
        (100005, "十万零五", "one hundred thousand five"),
        (203000, "二十万三千", None),
        (100002000, "一亿零二千", None),
        (100020000, "一亿零两万", None),
        (200000000, "两亿", "two hundred million"),
        (10**12, "一万亿", "one trillion"),
        (-3, "负三", "minus three"),
        (Decimal("2.50"), "二点五", "two point five"),
        (Decimal("-0.05"), "负零点零五", "minus zero point zero five"),
        ("1,234", "一千二百三十四", None),
        (" １２ ", "十二", "twelve"),
        (Decimal("1E+3"), "一千", "one thousand"),
        (Decimal("-0.0"), "零", "zero"),
    ],
)
def test_known_numbers(value: Value, chinese: str, english: str | None) -> None:
    assert words(value, Form.NUMBER, ZH) == chinese
    if english:
        assert words(value, Form.NUMBER, EN) == english


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (0, "零元", "zero yuan"),
        ("0.00", "零元", "zero yuan"),
        ("2", "两元", "two yuan"),
        ("0.2", "两角", "twenty cents"),
        ("0.02", "两分", "two cents"),
        ("0.01", "一分", "one cent"),
        ("2.22", "两元二角二分", "two yuan and twenty-two cents"),
        ("1.05", "一元零五分", "one yuan and five cents"),
        ("12.5", "十二元五角", "twelve yuan and fifty cents"),
        ("-38.60", "负三十八元六角", "minus thirty-eight yuan and sixty cents"),
        ("-0.05", "负五分", "minus five cents"),
        ("12000.00", "一万二千元", "twelve thousand yuan"),
        ("200000000", "两亿元", "two hundred million yuan"),
        (
            "0.5583",
            "零点五五八三元",
            "zero point five five eight three yuan",
        ),
    ],
)
def test_known_amounts(value: Value, chinese: str, english: str) -> None:
    assert words(value, Form.MONEY, ZH) == chinese
    assert words(value, Form.MONEY, EN) == english


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2, "个", "两个"),
        (12, "度", "十二度"),
        (22, "户", "二十二户"),
        (102, "次", "一百零二次"),
        (2000, "户", "两千户"),
        (0, "个", "零个"),
        ("2.5", "小时", "二点五小时"),
        (2, "两", "二两"),
        (2, "号", "二号"),
        (2, "月", "二月"),
        (2, "个月", "两个月"),
        (-2, "度", "负两度"),
    ],
)
def test_what_is_counted_in_chinese_is_two_otherwise_than_the_number(
    value: Value, unit: str, said: str
) -> None:
    assert words(value, Form.COUNT, ZH, unit) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "order", "one order"),
        (2, "order", "two orders"),
        (0, "day", "zero days"),
        (2, "city", "two cities"),
        (3, "box", "three boxes"),
        (2, "person", "two people"),
        (1, "person", "one person"),
        ("1.5", "hour", "one point five hours"),
    ],
)
def test_what_is_counted_in_english_has_its_plural(
    value: Value, unit: str, said: str
) -> None:
    assert words(value, Form.COUNT, EN, unit) == said


@pytest.mark.parametrize(
    ("value", "form", "why"),
    [
        ("12a", Form.NUMBER, "not a number: a text of 3 characters"),
        ("", Form.MONEY, "not a number: a text of 0 characters"),
        ("١٢", Form.NUMBER, "not a number: a text of 2 characters"),
        (True, Form.NUMBER, "not a number: a bool"),
        (None, Form.MONEY, "there is nothing to say"),
        (Decimal("NaN"), Form.MONEY, "not a number that has an end"),
        (Decimal("sNaN"), Form.NUMBER, "not a number that has an end"),
        (Decimal("-Infinity"), Form.NUMBER, "not a number that has an end"),
        (
            Decimal("1E+999999"),
            Form.NUMBER,
            "too large a number; the most is 15 digits; say it as digits",
        ),
        (
            10**2000,
            Form.MONEY,
            "too large a number; the most is 15 digits; say it as digits",
        ),
        (
            Decimal("1E-999999"),
            Form.NUMBER,
            "too many decimals; the most is 6; round it",
        ),
        ("0." + "1" * 30, Form.MONEY, "a number of too many digits; round it"),
        ("1" * 31, Form.NUMBER, "not a number: a text of 31 characters"),
        (2, Form.COUNT, "no unit; write one, as in `count 个`"),
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(
    value: Value, form: Form, why: str
) -> None:
    for language in Language:
        with pytest.raises(CannotBeSpoken) as caught:
            words(value, form, language)
        assert str(caught.value) == f"value as {form.value}: {why}"


@pytest.mark.parametrize("form", Form)
def test_a_secret_is_spoken_in_no_form(form: Form) -> None:
    with pytest.raises(CannotBeSpoken) as caught:
        words(Secret("123456"), form, ZH, "个")

    assert str(caught.value) == f"value as {form.value}: a secret is never spoken"
