"""Frames of AudioSocket: any cut of the stream gives the same messages."""

import struct
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_bridge.audiosocket.errors import FrameRefused
from cti_bridge.audiosocket.protocol import (
    FRAME_BYTES,
    MOST_BYTES,
    Ended,
    Failed,
    Frames,
    Message,
    Named,
    Pressed,
    Sound,
    hang_up,
    named,
    pressed,
    sound,
)

MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.just(Ended()),
    st.uuids().map(Named),
    st.sampled_from("0123456789*#ABCD").map(Pressed),
    st.integers(0, 400).flatmap(
        lambda half: st.binary(min_size=2 * half, max_size=2 * half).map(Sound)
    ),
    st.integers(0, 255).map(Failed),
)


def written(message: Message) -> bytes:
    match message:
        case Ended():
            return hang_up()
        case Named(id=leg):
            return named(leg)
        case Pressed(key=key):
            return pressed(key)
        case Sound(pcm=pcm):
            return sound(pcm)
        case Failed(code=code):
            return struct.pack(">BHB", 0xFF, 1, code)


def read(stream: bytes, cuts: list[int]) -> list[Message]:
    frames, places = Frames(), sorted({0, len(stream), *cuts})
    told: list[Message] = []
    for begin, end in pairwise(places):
        told += frames.take(stream[begin:end])
    assert frames.unread_bytes == 0
    return told


@given(messages=st.lists(MESSAGES, max_size=12), data=st.data())
def test_any_cut_of_a_stream_gives_the_same_messages(
    messages: list[Message], data: st.DataObject
) -> None:
    stream = b"".join(written(message) for message in messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=30))

    assert read(stream, cuts) == messages


def test_a_stream_that_comes_byte_by_byte_gives_the_same_messages() -> None:
    messages: list[Message] = [
        Named(UUID(int=7)),
        Sound(bytes(FRAME_BYTES)),
        Pressed("5"),
        Ended(),
    ]
    stream = b"".join(written(message) for message in messages)

    assert read(stream, list(range(len(stream)))) == messages


@given(garbage=st.binary(max_size=3 * MOST_BYTES), data=st.data())
def test_garbage_is_refused_or_read_and_never_kept_beyond_the_limit(
    garbage: bytes, data: st.DataObject
) -> None:
    frames, at = Frames(), 0
    try:
        while at < len(garbage):
            size = data.draw(st.integers(1, 2000))
            for message in frames.take(garbage[at : at + size]):
                assert isinstance(message, Message)
            assert frames.unread_bytes <= MOST_BYTES + 3
            at += size
    except FrameRefused:
        pass


@pytest.mark.parametrize(
    ("stream", "problem"),
    [
        (b"GET / HTTP/1.1\r\n", "no kind"),
        (struct.pack(">BH", 0x12, 640), "no kind that is sent for 8 kHz"),
        (struct.pack(">BH", 0x10, MOST_BYTES + 2), "must be at most"),
        (struct.pack(">BH", 0x10, 321), "two bytes"),
        (struct.pack(">BH", 0x01, 4), "16 bytes"),
        (struct.pack(">BH", 0x03, 2), "one byte"),
        (struct.pack(">BHc", 0x03, 1, b"\n"), "no key"),
    ],
)
def test_a_frame_that_asterisk_would_not_send_is_refused_by_its_header(
    stream: bytes, problem: str
) -> None:
    with pytest.raises(FrameRefused, match=problem):
        list(Frames().take(stream))


def test_what_came_whole_before_a_refusal_is_told() -> None:
    told = Frames().take(pressed("1") + b"\x77\x00\x00")

    assert next(told) == Pressed("1")
    with pytest.raises(FrameRefused):
        next(told)
