"""What is heard of a prompt: texts, files, values."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from ivr.prompt import Prompt
from ivr.saying import filled
from ivr.sounds import Either, Language, Recorded, Spoken
from ivr.template import NotATemplate, Shown, pieces_of
from ivr.values import Form, Secret, Value

ZH, EN = Language.ZH, Language.EN


def prompt(**written: object) -> Prompt:
    return Prompt.model_validate(written)


def zh(text: str, *, is_slow: bool = False) -> Spoken:
    return Spoken(language=ZH, text=text, is_slow=is_slow)


def test_texts_around_a_value_are_made_ahead_and_the_value_when_it_is_known() -> None:
    balance = prompt(zh="您的余额是{account.balance:money}。请按1。")

    assert balance.sounds() == (zh("您的余额是"), zh("。请按1。"))
    first, _, last = balance.heard(ZH, ZH, {"account.balance": Decimal("12.5")})
    assert (first, last) == (zh("您的余额是"), zh("。请按1。"))
    assert balance.shown() == {Shown(name="account.balance", form=Form.MONEY)}


def test_a_full_stop_behind_a_value_is_not_said() -> None:
    assert prompt(zh="{n}。").sounds() == ()
    assert len(prompt(zh="{n}。").heard(ZH, ZH, {"n": 3})) == 1


@pytest.mark.parametrize("value", [None, Secret("4711")])
def test_a_value_that_is_missing_or_secret_is_said_to_be_unknown(value: Value) -> None:
    assert prompt(zh="{n}").heard(ZH, ZH, {"n": value}) == (zh("未知"),)
    assert prompt(zh="{n}").heard(ZH, ZH, {}) == (zh("未知"),)


def test_a_file_goes_first_and_its_texts_stand_in_for_it() -> None:
    both = prompt(zh="您好", file="greeting")
    recorded = Recorded(name="greeting", may_be_missing=True)

    assert both.sounds() == (recorded, zh("您好"))
    assert both.heard(ZH, ZH) == (Either(recorded=recorded, otherwise=(zh("您好"),)),)


def test_a_file_alone_must_be_there() -> None:
    assert prompt(file="storm").heard(EN, ZH) == (Recorded(name="storm"),)


def test_a_text_is_said_in_a_language_that_there_is_no_file_for() -> None:
    mixed = prompt(zh="您好", en="Hello", file={"zh": "hello_zh"})

    assert mixed.heard(EN, ZH) == (Spoken(language=EN, text="Hello"),)
    assert mixed.languages() == {ZH, EN}


def test_a_slow_prompt_is_spoken_slowly() -> None:
    assert prompt(zh="您好", slow="yes").heard(ZH, ZH) == (zh("您好", is_slow=True),)
    assert prompt(zh="您好").sounds(is_slow=True) == (zh("您好", is_slow=True),)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a {{b}} c", ("a {b} c",)),
        ("{n:count 个}", (Shown(name="n", form=Form.COUNT, unit="个"),)),
        ("{ n : digits }", (Shown(name="n", form=Form.DIGITS),)),
        ("a{n}{m:date}", ("a", Shown(name="n"), Shown(name="m", form=Form.DATE))),
    ],
)
def test_a_text_is_read_as_its_pieces(text: str, pieces: tuple[object, ...]) -> None:
    assert pieces_of(text) == pieces


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a {n", "a '{' without its other half; write '{{' for a brace"),
        ("a } b", "a '}' without its other half; write '}}' for a brace"),
        ("{}", "'{}' names no value; write `{name}` or a form too"),
        ("{Na me}", "'{Na me}' names no value; write `{name}` or a form too"),
        ("{n:mony}", "no form of a value is called 'mony'; did you mean 'money'?"),
        (
            "{n:count}",
            "'{n:count}': a count has a unit, and nothing else has one; "
            "write `{name:count 个}`",
        ),
        (
            "{n:money 元}",
            "'{n:money 元}': a count has a unit, and nothing else has one; "
            "write `{name:count 个}`",
        ),
    ],
)
def test_braces_that_stand_for_nothing_are_refused(text: str, what: str) -> None:
    with pytest.raises(NotATemplate) as caught:
        pieces_of(text)

    assert str(caught.value) == what


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("{n:money}", Decimal("12.5"), "12.50元"),
        ("{n:count 个}", 3, "3个"),
        ("{n}", datetime(2026, 11, 22, 18, 30, tzinfo=UTC), "11月22日 18:30"),
        ("{n:time}", datetime(2026, 11, 22, 18, 30, tzinfo=UTC), "18:30"),
        ("{n:date}", date(2026, 11, 22), "11月22日"),
        ("{n}", time(8, 30), "08:30"),
        ("{n}。", "x", "x。"),
        ("{n}", Secret("4711"), "未知"),
        ("{n}", "x" * 1000, "x" * 300),
    ],
)
def test_a_message_is_written_and_not_spoken(
    text: str, value: Value, written: str
) -> None:
    assert filled(text, ZH, {"n": value}) == written
