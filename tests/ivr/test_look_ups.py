"""Every message about look-ups that cannot be used, with file and line."""

from pathlib import Path

import pytest

from ivr.lookups import (
    ArgumentType,
    FieldType,
    LookUpsRefused,
    load_look_ups,
)

GOOD = """\
look_ups:
  balance:
    asks: balance
    takes: {account: digits, pin: secret}
    gives: {amount: money, read_on: date}
  outage:
    asks: outage-of-account
    limit_s: 1.5
orders:
  fault:
    code: FAULT
    takes: {account: digits}
    gives: {arrives_at: moment}
"""


def read(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lookups.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> list[str]:
    path = read(tmp_path, text)
    with pytest.raises(LookUpsRefused) as caught:
        load_look_ups(path)
    return [
        str(problem).removeprefix(f"{path.as_posix()}:")
        for problem in caught.value.problems
    ]


def test_a_good_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    asked = load_look_ups(read(tmp_path, GOOD)).look_ups

    balance = asked.look_ups["balance"]
    assert balance.takes == {
        "account": ArgumentType.DIGITS,
        "pin": ArgumentType.SECRET,
    }
    assert balance.gives == {"amount": FieldType.MONEY, "read_on": FieldType.DATE}
    assert (balance.limit_s, asked.look_ups["outage"].limit_s) == (2.0, 1.5)
    assert asked.sms_limit_s == 2.0


def test_every_order_gives_its_number_and_how_that_ends(tmp_path: Path) -> None:
    asked = load_look_ups(read(tmp_path, GOOD)).look_ups

    assert dict(asked.orders["fault"].answers) == {
        "id": FieldType.TEXT,
        "tail": FieldType.DIGITS,
        "arrives_at": FieldType.MOMENT,
    }


def test_where_there_is_no_file_there_is_nothing_to_ask(tmp_path: Path) -> None:
    asked = load_look_ups(tmp_path / "none.yaml").look_ups

    assert (asked.look_ups, asked.orders) == ({}, {})


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "amount: money",
            "amount: euros",
            "5: look_ups → balance → gives → amount: should be 'text', 'number', "
            "'money', 'flag', 'digits', 'date' or 'moment', got 'euros'",
        ),
        (
            "limit_s: 1.5",
            "limit_s: 11",
            "8: look_ups → outage → limit_s: input should be less than or equal to "
            "10, got '11'",
        ),
        (
            "limit_s: 1.5",
            "limit_s: 0",
            "8: look_ups → outage → limit_s: input should be greater than 0, got '0'",
        ),
        (
            "limit_s: 1.5",
            "limits: 1.5",
            "8: look_ups → outage → limits: is not an option here; "
            "did you mean 'limit_s'?",
        ),
        (
            "asks: outage-of-account",
            "asks: http://169.254.169.254/latest",
            "7: look_ups → outage → asks: should be words of a to z and 0 to 9 with "
            "- between them, no address, got 'http://169.254.169.254/latest'",
        ),
        (
            "asks: outage-of-account",
            "asks: ../orders",
            "7: look_ups → outage → asks: should be words of a to z and 0 to 9 with "
            "- between them, no address, got '../orders'",
        ),
        (
            "    code: FAULT\n",
            "",
            "10: orders → fault → code: is required, got nothing",
        ),
        (
            "code: FAULT",
            "code: fault",
            "11: orders → fault → code: should be a code of A to Z, 0 to 9 and -, "
            "as FAULT or EXT-12345, got 'fault'",
        ),
        (
            "arrives_at: moment",
            "tail: text",
            "13: orders → fault → gives → tail: 'tail' is in every answer anyway; "
            "call it otherwise",
        ),
        (
            "read_on: date",
            "found: flag",
            "5: look_ups → balance → gives → found: 'found' is in every answer "
            "anyway; call it otherwise",
        ),
        (
            "asks: balance",
            "asks: !!python/object/apply:os.system [id]",
            "3: look_ups → balance → asks: tag "
            "'tag:yaml.org,2002:python/object/apply:os.system' is not used here; "
            "write the plain value",
        ),
        (
            "look_ups:\n",
            "lookups:\n",
            "1: lookups: is not an option here; did you mean 'look_ups'?",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in GOOD

    assert refusal(tmp_path, GOOD.replace(right, wrong, 1)) == [message]
