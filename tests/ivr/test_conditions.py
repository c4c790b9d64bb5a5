"""What expressions come to, and what is said of those that are none."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.conditions import DEEPEST, LONGEST, NotAnExpression, read_expression
from ivr.values import Secret, Value, Values

KNOWN: Values = {
    "caller": "13800000000",
    "account.found": True,
    "account.balance": Decimal("-12.50"),
    "account.no": "0012",
    "n": 3,
    "pin": Secret("4711"),
    "eta": datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
    "due": date(2026, 11, 22),
    "opens": time(8, 30),
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("caller == '13800000000'", True),
        ('caller != "x"', True),
        ("account.found", True),
        ("not account.found", False),
        ("account.balance < 0", True),
        ("account.balance <= -12.5", True),
        ("account.no == 12", True),
        ("account.no == '12'", False),
        ("n + 1", 4),
        ("n - 0.5", Decimal("2.5")),
        ("unheard.of + 1", 1),
        ("caller + 'x'", None),
        ("n in (1, 2, 3)", True),
        ("n not in [1, 2]", True),
        ("n > 2 and n < 4 or false", True),
        ("not (n > 2 and n < 4)", False),
        ("not n > 2", False),
        ("pin == '4711'", True),
        ("pin", Secret("4711")),
        ("eta > due", False),
        ("due == eta", True),
        ("opens < eta", False),
        ("nothing == false", True),
        ("nothing == ''", True),
        ("nothing == 0", True),
        ("nothing < 1", True),
        ("nothing", None),
        ("true", True),
        ("'or'", "or"),
        ("caller < 5", False),
        ("'abc' < 'abd'", True),
        ("'abc' < 5", False),
    ],
)
def test_an_expression_comes_to_its_value(text: str, value: Value) -> None:
    assert read_expression(text).value(KNOWN) == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "character 1: expected a name, a number or a text in quotes, found the "),
        ("n = 3", "character 3: '=' compares nothing; write '=='"),
        ("n == ", "character 6: expected a name, a number or a text in quotes, found "),
        (
            "n 3",
            "character 3: expected `and`, `or`, a comparison or the end, found '3'",
        ),
        ("n && m", "character 3: '&' means nothing here; write `and`, `or` or `not`"),
        ("(n", "character 3: expected ')', found the end"),
        ("n in m", "character 6: expected a list as in `('a', 'b')`, found 'm'"),
        ("'abc", "character 1: a text that does not end; close it with '"),
        ("Account.no", "character 1: 'Account.no' is no name; names are of a to z, "),
        ("__import__('os')", "character 1: '__import__' is no name; names are of"),
        ("n == 1 == 1", "character 8: expected `and`, `or`, a comparison or the end"),
        ("1.5.5", "character 1: '1' means nothing here"),
        (
            "not " * 30 + "n",
            f"character 85: more than {DEEPEST} brackets in each other",
        ),
        ("(" * 30 + "n", f"character 22: more than {DEEPEST} brackets in each other"),
        ("n" * (LONGEST + 1), f"character 500: more than {LONGEST} letters; use two"),
        ("停电 == 1", "character 1: '停' means nothing here"),
    ],
)
def test_what_is_no_expression_is_said_with_its_place(text: str, what: str) -> None:
    with pytest.raises(NotAnExpression) as caught:
        read_expression(text)

    assert str(caught.value).startswith(what)


def test_the_names_of_an_expression_are_told_with_their_places() -> None:
    names = read_expression("n > 1 and account.no in (caller, 'n')").names()

    assert [(one.name, one.place) for one in names] == [
        ("n", 1),
        ("account.no", 11),
        ("caller", 26),
    ]


PIECES = ["n", "account.no", "pin", "eta", "due", "opens", "nothing", "caller", "x.y"]
ATOMS = st.sampled_from([*PIECES, "1", "2.5", "'a'", "''", "true", "false"])
JOINS = [" == ", " < ", " >= ", " and ", " or ", " + ", " - ", " != "]


@given(st.lists(st.tuples(ATOMS, st.sampled_from(JOINS)), max_size=8), ATOMS)
def test_whatever_is_read_comes_to_something_without_an_error(
    parts: list[tuple[str, str]], last: str
) -> None:
    text = "".join(f"{atom}{join}" for atom, join in parts) + last
    try:
        expression = read_expression(text)
    except NotAnExpression:
        return

    assert expression.holds(KNOWN) in (True, False)
    assert expression.holds({}) in (True, False)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    place = 1
    try:
        read_expression(text)
    except NotAnExpression as refused:
        place = refused.place

    assert 1 <= place <= len(text) + 1
