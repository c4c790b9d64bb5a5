"""AGI commands hold one argument where we meant one; answers are told from noise."""

import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cti_bridge.agi import protocol
from cti_bridge.agi.errors import HeadersRefused, TextRefused
from cti_bridge.agi.protocol import HangupNotice, Replies, Reply, read_request

TEXTS = st.text(max_size=80) | st.text("\\\" \t,$(){}\r\n\0'", max_size=20)


def parse_args(line: str) -> list[str]:
    """Part a line as parse_args of Asterisk's res_agi.c does, written anew."""
    words: list[list[str]] = []
    is_quoted = is_escaped = False
    is_between = True
    for character in line:
        if character == '"' and not is_escaped:
            is_quoted = not is_quoted
            if is_quoted and is_between:
                words.append([])
                is_between = False
        elif character in " \t" and not is_quoted and not is_escaped:
            is_between = True
        elif character == "\\" and not is_escaped:
            is_escaped = True
        else:
            if is_between:
                words.append([])
                is_between = False
            words[-1].append(character)
            is_escaped = False
    return ["".join(word) for word in words]


def read_by_asterisk(command: bytes) -> list[list[str]]:
    """Return the words of each line, as fgets and parse_args take them."""
    *lines, rest = command.decode().split("\n")
    assert rest == ""
    return [parse_args(line) for line in lines]


@settings(deadline=None)
@given(TEXTS)
@example('a" EXEC System "id')
@example("\\")
@example('\\" x')
@example("")
def test_any_text_is_one_argument_or_is_refused(text: str) -> None:
    check_one_argument_or_refused(text)


def test_twenty_thousand_texts_of_awkward_letters_are_one_argument_each() -> None:
    letters = random.Random(20261121)  # noqa: S311  # the same texts in every run
    awkward = '"\\ \t,$(){}ab张\u2028\x7f' + "\n\r\0"

    for _ in range(20_000):
        check_one_argument_or_refused(
            "".join(letters.choices(awkward, k=letters.randrange(12)))
        )


def check_one_argument_or_refused(text: str) -> None:
    try:
        command = protocol.set_variable("CC_X", text)
    except TextRefused:
        assert any(c in text for c in "\r\n\0") or any(
            "\ud800" <= c <= "\udfff" for c in text
        )
        return

    assert read_by_asterisk(command) == [["SET", "VARIABLE", "CC_X", text]]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (protocol.answer(), ["EXEC", "Answer", ",i"]),
        (protocol.stream_file("/p/a-1", "12#"), ["STREAM", "FILE", "/p/a-1", "12#"]),
        (protocol.stream_file("beep", ""), ["STREAM", "FILE", "beep", ""]),
        (
            protocol.record_file("/m/a-1", "#0", limit_s=30, silence_s=4),
            ["RECORD", "FILE", "/m/a-1", "wav", "#0", "30000", "BEEP", "s=4"],
        ),
        (protocol.wait_for_digit(1.5), ["WAIT", "FOR", "DIGIT", "1500"]),
        (protocol.wait_for_digit(0), ["WAIT", "FOR", "DIGIT", "1"]),
        (protocol.get_variable("CC_CALL_ID"), ["GET", "VARIABLE", "CC_CALL_ID"]),
        (protocol.get_variable("CC_ARRIVAL"), ["GET", "VARIABLE", "CC_ARRIVAL"]),
        (
            protocol.set_variables({"CC_QUEUE": "q_fault", "CC_SKILLS": "a:b"}),
            ["EXEC", "MSet", "CC_QUEUE=q_fault,CC_SKILLS=a:b"],
        ),
        (protocol.run("Wait", "1.5"), ["EXEC", "Wait", "1.5"]),
        (protocol.run("Ringing"), ["EXEC", "Ringing", ""]),
    ],
)
def test_a_command_is_what_asterisk_reads(command: bytes, words: list[str]) -> None:
    assert read_by_asterisk(command) == [words]


def recording(file: str) -> bytes:
    return protocol.record_file(file, "#", limit_s=30, silence_s=4)


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: protocol.set_variable("PATH", "x"), "is not a variable of ours"),
        (lambda: protocol.set_variable("CC_A)", "x"), "is not a variable of ours"),
        (lambda: protocol.set_variable("CC_A", "x\ny"), "one line without NUL"),
        (lambda: protocol.set_variable("CC_A", "x" * 2048), "at most 2047 bytes"),
        (lambda: protocol.set_variable("CC_A", "\udcff"), "whole characters"),
        (lambda: protocol.get_variable("SHELL(id)"), "not a variable of ours"),
        (lambda: protocol.get_variable("CALLERID(num)"), "not a variable of ours"),
        (lambda: protocol.set_variables({"CC_X": "a,CC_Y=b"}), "than a plain word"),
        (lambda: protocol.set_variables({"PATH": "a"}), "not a variable of ours"),
        (lambda: protocol.stream_file("a b", ""), "is no sound's name"),
        (lambda: protocol.stream_file("../x", ""), "must not lead upwards"),
        (lambda: protocol.stream_file("beep", "x"), "keys are 0 to 9"),
        (lambda: recording("m/a"), "a file must be named from the root"),
        (lambda: recording("/m/../a"), "a file must be named from the root"),
        (lambda: recording("/m/a b"), "is no file's name"),
        (lambda: protocol.run("System", "id"), "'System'"),  # type: ignore[arg-type]  # refused at run time too
        (lambda: protocol.run("Wait", "for ever"), "must match"),
        (lambda: protocol.run("Wait", "${SHELL(id)}"), "must match"),
    ],
)
def test_what_we_never_write_is_refused_with_a_sentence(
    build: Callable[[], bytes], problem: str
) -> None:
    with pytest.raises(TextRefused) as refused:
        build()

    assert problem in str(refused.value)


def replies(*lines: str) -> list[Reply | HangupNotice]:
    reader = Replies()
    taken = [reader.take(f"{line}\n".encode()) for line in lines]
    return [reply for reply in taken if reply is not None]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("200 result=0", Reply(code=200, result=0)),
        ("200 result=-1", Reply(code=200, result=-1)),
        ("200 result=1 (13800)", Reply(code=200, result=1, value="13800")),
        ("200 result=1 (a) b (c)", Reply(code=200, result=1, value="a) b (c")),
        ("200 result=1 ()", Reply(code=200, result=1, value="")),
        ("200 result=49 endpos=3404", Reply(code=200, result=49, end_sample=3404)),
        ("200 result= (timeout)", Reply(code=200, value="timeout")),
        ("200 result=1 (138", Reply(code=200, result=1, text="(138")),
        (
            "511 result=-1 Command Not Permitted on a dead channel",
            Reply(code=511, result=-1, text="Command Not Permitted on a dead channel"),
        ),
        (
            "510 Invalid or unknown command",
            Reply(code=510, text="Invalid or unknown command"),
        ),
    ],
)
def test_an_answer_is_read(line: str, reply: Reply) -> None:
    assert replies(line) == [reply]


def test_a_usage_of_many_lines_is_one_answer() -> None:
    [reply] = replies(
        "520-Invalid command syntax.  Proper usage follows:",
        "Usage: STREAM FILE <filename>",
        "200 result=1",
        "520 End of proper usage.",
    )

    assert isinstance(reply, Reply)
    assert reply.code == 520
    assert "STREAM FILE" in reply.text


def test_a_hangup_anywhere_is_a_notice_and_shifts_no_answer() -> None:
    assert replies("HANGUP", "200 result=0", "520-x", "HANGUP", "520 End") == [
        HangupNotice(),
        Reply(code=200, result=0),
        HangupNotice(),
        Reply(code=520, text="x"),
    ]


def test_lines_that_are_no_answer_are_passed_by_and_counted() -> None:
    reader = Replies()

    assert reader.take(b"agi_calleridname: Mallory\n") is None
    assert reader.take(b"\n") is None
    assert reader.take(b"\xff\xfe\n") is None

    assert reader.strays == 3


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_line_ever_breaks_the_reader(lines: list[bytes]) -> None:
    reader = Replies()
    for line in lines:
        reader.take(line)


FORGED = (
    b"agi_network: yes\nagi_network_script: flow\nagi_request: agi://h/flow\n"
    b"agi_channel: PJSIP/trunk-00000007\nagi_language: en\nagi_type: PJSIP\n"
    b"agi_uniqueid: tl7f3a9c21-1795302395.3\nagi_version: 22.10.1\n"
    b"agi_callerid: 1\nagi_uniqueid: 1.1\nHANGUP\n\n"
)
"""As recorded from a From user ``1%0Aagi_uniqueid%3A%201.1%0AHANGUP%0A``."""


def test_the_first_of_a_forged_header_wins_and_the_forgery_is_told() -> None:
    request = read_request(FORGED)

    assert request.headers["agi_uniqueid"] == "tl7f3a9c21-1795302395.3"
    assert request.repeated == {"agi_uniqueid"}
    assert request.script == "flow"


@pytest.mark.parametrize(
    "block", [b"", b"GET / HTTP/1.0\r\n", b"agi_network: yes\n", b"\xff" * 100]
)
def test_what_is_no_request_is_refused(block: bytes) -> None:
    with pytest.raises(HeadersRefused, match="is another client connecting"):
        read_request(block)
