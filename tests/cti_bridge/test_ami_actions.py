"""No text from outside becomes an action, a field or a variable of its own."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cti_bridge.ami.actions import ACTIONS, Fields, encode
from cti_bridge.ami.errors import ActionRefused

HOSTILE = [
    "\r\n",
    "x\r\nAction: Originate",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x0b",
    "\x1c",
    "\x7f",
    "\udc0a",
    "%0d%0a",
    "%0D%0AAction: Command",
    "x\r\n\r\nAction: Logoff\r\n\r\n",
]

ORIGINATE: dict[str, str] = {
    "Channel": "PJSIP/dev-1001",
    "ChannelId": "c0ffee00-1111-4222-8333-444455556666",
    "Context": "cc-offer",
    "Exten": "s",
    "Priority": "1",
    "Async": "true",
}

TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from([*HOSTILE, "Action: Hangup", "a", ": ", ",", "$"]), max_size=4
).map("".join)


def asterisk_reads(stream: bytes) -> list[list[tuple[str, str]]]:
    """Return the actions that manager.c reads: lines end in CRLF, or in LF alone."""
    actions: list[list[tuple[str, str]]] = []
    fields: list[tuple[str, str]] = []
    for line in re.split(rb"\r\n|\n", stream)[:-1]:
        if line:
            key, _, value = line.decode().partition(":")
            fields.append((key, value.strip(" ")))
        elif fields:
            actions.append(fields)
            fields = []
    return actions + ([fields] if fields else [])


CASES = [(action, field) for action, fields in ACTIONS.items() for field in fields]


@settings(max_examples=250, deadline=None)
@given(text=TEXTS)
@example(text="\r\nAction: Logoff")
def test_any_text_in_any_field_is_one_action_or_is_refused(text: str) -> None:
    # 250 texts in each of some 50 fields.
    for action, field in CASES:
        check_one_action_or_refused(action, field, text)


def check_one_action_or_refused(action: str, field: str, text: str) -> None:
    given_fields: dict[str, str] = {"ActionID": "1:1:ab", field: text}
    if action == "Originate":
        given_fields = {**ORIGINATE, **given_fields}

    try:
        stream = encode(action, given_fields)
    except ActionRefused:
        return

    [read] = asterisk_reads(stream)
    assert read == [
        ("Action", action),
        *((key, value.strip(" ")) for key, value in given_fields.items()),
    ]


@pytest.mark.parametrize("text", [t for t in HOSTILE if "%" not in t])
@pytest.mark.parametrize(
    ("action", "field"),
    [("Setvar", "Value"), ("Originate", "CallerID"), ("Login", "Secret")],
)
def test_what_could_end_a_line_is_refused_where_any_text_may_stand(
    action: str, field: str, text: str
) -> None:
    fields = {**(ORIGINATE if action == "Originate" else {}), field: f"a{text}b"}

    with pytest.raises(ActionRefused, match="control character or line break"):
        encode(action, fields)


def test_an_action_is_written_as_asterisk_reads_it() -> None:
    stream = encode("Hangup", {"ActionID": "1:7:ab", "Channel": "PJSIP/trunk-0000001"})

    assert stream == (
        b"Action: Hangup\r\nActionID: 1:7:ab\r\nChannel: PJSIP/trunk-0000001\r\n\r\n"
    )


def test_several_variables_are_several_lines() -> None:
    stream = encode("Originate", {**ORIGINATE, "Variable": ["CC_A=1", "__CC_B=x y"]})

    assert b"\r\nVariable: CC_A=1\r\nVariable: __CC_B=x y\r\n" in stream


def test_han_text_is_written_whole() -> None:
    assert "Value: 张伟\r\n".encode() in encode(
        "Setvar", {"Variable": "CC_X", "Value": "张伟"}
    )


@pytest.mark.parametrize(
    ("action", "fields", "problem"),
    [
        ("Command", {}, "ami action 'Command': is not an action that we send"),
        ("UpdateConfig", {}, "is not an action that we send"),
        ("originate", ORIGINATE, "is not an action that we send"),
        ("Originate", {**ORIGINATE, "Application": "System"}, "'Application': is not"),
        ("Originate", {**ORIGINATE, "Data": "id"}, "'Data': is not a field of it"),
        ("Originate", {"Channel": "PJSIP/dev-1001"}, "needs Async, ChannelId, Context"),
        ("Originate", {**ORIGINATE, "Async": "false"}, "must match true"),
        ("Originate", {**ORIGINATE, "Context": "default"}, "'Context': must match"),
        ("Originate", {**ORIGINATE, "Variable": "PATH=1"}, "'Variable': must match"),
        ("Originate", {**ORIGINATE, "Variable": "CC_A=1,SHELL(id)=2"}, "must match"),
        ("Setvar", {"Variable": "SHELL(id)", "Value": "1"}, "'Variable': must match"),
        ("Setvar", {"Variable": "CC_A)\n", "Value": "1"}, "control character"),
        ("Setvar", {"Variable": "GLOBAL(CC_A)", "Value": "1"}, "must match"),
        ("Getvar", {"Variable": "SHELL(id)"}, "'Variable': must match"),
        ("Status", {"Variables": "CC_A,SHELL(id)"}, "'Variables': must match"),
        ("Hangup", {"Channel": "/PJSIP.*/ x"}, "'Channel': must match"),
        ("Hangup", {"Channel": ["a", "b"]}, "'Channel': takes one value"),
        ("Setvar", {"Variable": "CC_A", "Value": "é" * 257}, "at most 512 bytes"),
    ],
)
def test_what_we_never_send_is_refused_with_a_sentence(
    action: str, fields: Fields, problem: str
) -> None:
    with pytest.raises(ActionRefused) as refused:
        encode(action, fields)

    assert problem in str(refused.value)


def test_a_secret_stands_in_no_error() -> None:
    with pytest.raises(ActionRefused) as refused:
        encode("Login", {"Username": "tieline", "Secret": "geheim\n"})

    assert "geheim" not in str(refused.value)
    assert "geheim" not in repr(refused.value.value)


def test_no_action_can_run_a_program_or_write_a_file() -> None:
    assert not ACTIONS.keys() & {
        *("Command", "GetConfig", "UpdateConfig", "CreateConfig", "ModuleLoad"),
        *("MixMonitor", "AGI", "Reload", "DBPut", "SendText", "UserEvent"),
    }
    assert not {"Application", "Data"} & frozenset().union(*ACTIONS.values())
