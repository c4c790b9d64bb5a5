"""The manager's stream becomes the same messages however the network cuts it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_bridge.ami.errors import FrameTooLong, HeaderMissing, NotAsterisk
from cti_bridge.ami.protocol import Frames, Message, is_number
from cti_bridge.ami.shapes import MAX_SHAPES, Shapes
from tests.support import traces

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def read(stream: bytes, cuts: list[int] | None = None) -> list[Message]:
    frames = Frames()
    edges = [0, *sorted(cuts or []), len(stream)]
    return [
        message
        for start, end in pairwise(edges)
        for message in frames.feed(stream[start:end])
    ]


def one(block: bytes) -> Message:
    [message] = read(GREETING + block + b"\r\n\r\n")
    return message


@pytest.mark.parametrize("name", traces.NAMES)
def test_a_recorded_stream_is_the_same_byte_by_byte(name: str) -> None:
    stream = traces.ami(name)

    whole = read(stream)
    bytewise = read(stream, list(range(len(stream))))

    assert len(whole) > 1
    assert [m.pairs() for m in bytewise] == [m.pairs() for m in whole]


@given(st.data())
def test_a_recorded_stream_is_the_same_in_any_cuts(data: st.DataObject) -> None:
    stream = traces.ami(data.draw(st.sampled_from(traces.NAMES)))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=40))

    assert read(stream, cuts) == read(stream)


@given(
    st.binary(max_size=400).map(lambda noise: noise.replace(b"~", b"\r\n\r\n")),
    st.lists(st.integers(0, 450), max_size=10),
)
def test_garbage_after_the_greeting_never_raises_and_never_depends_on_cuts(
    noise: bytes, cuts: list[int]
) -> None:
    stream = GREETING + noise

    messages = read(stream, [min(cut, len(stream)) for cut in cuts])

    assert messages == read(stream)
    for message in messages:
        assert message.faults is not None
        assert isinstance(message.variables(), dict)


def test_the_greeting_is_no_message() -> None:
    frames = Frames()

    assert frames.feed(GREETING) == []

    assert frames.greeting == "Asterisk Call Manager/11.0.0"


def test_another_service_on_the_port_is_told_at_its_first_bytes() -> None:
    with pytest.raises(NotAsterisk, match="is another service on this port"):
        Frames().feed(b"SSH")


def test_a_greeting_without_end_is_no_asterisk() -> None:
    with pytest.raises(NotAsterisk):
        Frames().feed(b"Asterisk Call Manager/" + b"1" * 300)


def test_the_first_value_of_a_header_wins_and_the_second_is_told() -> None:
    message = one(b"Event: Hangup\r\nUniqueid: 1.1\r\nUniqueid: 9.9")

    assert message["Uniqueid"] == "1.1"
    assert message.repeated == {"uniqueid"}
    assert "repeated" in message.faults


def test_a_header_is_found_in_any_case() -> None:
    message = one(b"Event: Hangup\r\nuniqueID: 1.1")

    assert message["Uniqueid"] == "1.1"
    assert message.get("UNIQUEID") == "1.1"


def test_of_a_header_in_several_cases_the_first_is_found() -> None:
    message = one(b"Event: Hangup\r\nUNIQUEID: 1.1\r\nuniqueid: 9.9")

    assert message["Uniqueid"] == "1.1"


LINES = st.lists(
    st.sampled_from(
        [
            "A: 1",
            "A: 2",
            "a: 3",
            "B: ",
            "B:",
            "C: x: y",
            "D",
            "",
            "A:1",
            "é: ü",
            "A: \r",
        ]
    ),
    max_size=6,
)


@given(st.lists(LINES, min_size=2, max_size=6))
def test_a_message_reads_the_same_whether_or_not_one_like_it_came_before(
    blocks: list[list[str]],
) -> None:
    raw = ["\r\n".join(["Event: X", *b]) for b in blocks]
    # Each twice: the second time its shape is known.
    stream = GREETING + "".join(f"{r}\r\n\r\n" for r in raw + raw).encode()

    for message in read(stream):
        alone = Message(message.raw)
        for key in ("Event", "A", "a", "B", "C", "D", "é", "no"):
            assert message.get(key) == alone.get(key)
        assert message.pairs() == alone.pairs()


def test_a_caller_who_makes_many_shapes_costs_no_more_than_a_slower_reading() -> None:
    blocks = [f"Event: X\r\nX-{n}: {n}\r\n\r\n" for n in range(MAX_SHAPES + 20)]

    messages = read(GREETING + "".join(blocks + blocks).encode())

    assert [m.get(f"X-{n % len(blocks)}") for n, m in enumerate(messages)] == [
        str(n % len(blocks)) for n in range(2 * len(blocks))
    ]


def test_no_more_shapes_are_kept_than_the_limit() -> None:
    shapes = Shapes()
    for n in range(MAX_SHAPES + 1):
        shapes.learn("X", ["Event", f"X-{n}"])

    assert shapes.match("X", f"Event: X\r\nX-{MAX_SHAPES - 1}: 1") is not None
    assert shapes.match("X", f"Event: X\r\nX-{MAX_SHAPES}: 1") is None


def test_the_same_header_in_two_cases_is_told_as_repeated() -> None:
    message = one(b"Event: Hangup\r\nuniqueid: 9.9\r\nUniqueid: 1.1")

    assert message.repeated == {"uniqueid"}


def test_a_missing_header_is_not_an_empty_one() -> None:
    message = one(b"Event: Hangup\r\nAccountCode: ")

    assert message["AccountCode"] == ""
    assert message.get("Acountcode") is None
    with pytest.raises(HeaderMissing, match=r"'Hangup': it has no header 'Acountcode'"):
        message["Acountcode"]


def test_repeatable_headers_are_all_kept() -> None:
    message = one(
        b"Response: Success\r\nOutput: one\r\nOutput: two\r\n"
        b"Variable: CC_A=1\r\nVariable: CC_B=2=x\r\nVariable: CC_C=(null)"
    )

    assert message.all("output") == ["one", "two"]
    assert message.variables() == {"CC_A": "1", "CC_B": "2=x"}
    assert not message.repeated


def test_a_variable_told_twice_is_doubtful_and_the_first_wins() -> None:
    message = one(b"Response: x\r\nVariable: CC_CALL_ID=a\r\nVariable: CC_CALL_ID=b")

    assert message.variables() == {"CC_CALL_ID": "a"}
    assert message.repeated == {"CC_CALL_ID"}


def test_a_character_that_is_no_utf_8_is_kept() -> None:
    message = one(b"Event: X\r\nCallerIDName: Jos\xe9")

    assert message["CallerIDName"].encode("utf-8", "surrogateescape") == b"Jos\xe9"


def test_a_han_name_survives_any_cut_within_its_characters() -> None:
    stream = traces.ami("waiting/abandoned-han-name")

    names = {m.get("CallerIDName") for m in read(stream, list(range(len(stream))))}

    assert "张伟" in names


def test_the_last_header_may_be_empty_or_lack_its_blank() -> None:
    assert one(b"Event: X\r\nA: 1\r\nB: ")["B"] == ""
    assert one(b"Event: X\r\nA:1\r\nB:")["A"] == "1"
    assert one(b"Event: X\r\nA:1\r\nB:")["B"] == ""


def test_a_line_that_is_no_header_is_left_out_and_told() -> None:
    message = one(b"Event: X\r\nnothing at all\r\nA: 1")

    assert message["A"] == "1"
    assert message.pairs() == [("Event", "X"), ("A", "1")]
    assert message.faults == {"ragged"}


def test_a_block_without_event_or_response_is_headless() -> None:
    message = one(b"CallerIDName: x\r\nUniqueid: 1.1")

    assert (message.event, message.response) == ("", "")
    assert message.faults == {"headless"}


def test_an_event_that_tells_a_response_is_still_an_event() -> None:
    message = one(b"Event: OriginateResponse\r\nResponse: Failure")

    assert (message.event, message.response) == ("OriginateResponse", "")
    assert message["Response"] == "Failure"


def test_events_can_be_skipped_by_name_unread() -> None:
    frames = Frames(skipped=frozenset({"VarSet"}))

    messages = frames.feed(
        GREETING + b"Event: VarSet\r\nA: 1\r\n\r\nEvent: VarSets\r\n\r\n"
        b"Event: VarSet\r\n\r\nExten: VarSet\r\n\r\nEvent: Hangup\r\nA: 1\r\n\r\n"
    )

    assert [message.event for message in messages] == ["VarSets", "", "Hangup"]


def test_a_long_header_is_read_however_it_comes() -> None:
    value = "x" * 200_000
    stream = GREETING + f"Event: X\r\nA: {value}\r\n\r\n".encode()

    for cuts in ([], list(range(len(stream)))):
        [message] = read(stream, cuts)
        assert message["A"] == value


@pytest.mark.parametrize("cuts", [[], list(range(300))], ids=["whole", "bytewise"])
def test_a_message_past_the_limit_is_refused_and_those_before_it_are_kept(
    cuts: list[int],
) -> None:
    stream = GREETING + b"Event: A\r\n\r\n" + b"Event: B\r\nX: " + b"x" * 200
    frames = Frames(max_frame_bytes=100)
    seen: list[Message] = []

    def feed_all() -> None:
        for start, end in pairwise([0, *cuts, len(stream)]):
            seen.extend(frames.feed(stream[start:end]))

    with pytest.raises(FrameTooLong, match="must end within 100 bytes") as refused:
        feed_all()

    assert [m.event for m in (*seen, *refused.value.before)] == ["A"]


def test_a_whole_message_past_the_limit_is_refused_too() -> None:
    frames = Frames(max_frame_bytes=100)

    with pytest.raises(FrameTooLong) as refused:
        frames.feed(
            GREETING + b"Event: A\r\n\r\nEvent: B\r\nX: " + b"x" * 200 + b"\r\n\r\n"
        )

    assert [m.event for m in refused.value.before] == ["A"]


def test_a_message_of_just_the_limit_is_taken() -> None:
    frames = Frames(max_frame_bytes=30)

    [message] = frames.feed(GREETING + b"Event: A\r\nX: " + b"x" * 17 + b"\r\n\r\n")

    assert len(message.raw) == 30


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("13800138000", True),
        ("+8613800138000", True),
        ("", True),
        ("anonymous", True),
        ("1" * 41, False),
        ("138\n", False),
        ("138 1", False),
        ("１３８", False),
    ],
)
def test_a_number_is_of_few_letters(text: str, is_one: bool) -> None:
    assert is_number(text) is is_one
