"""What pool and workers say to each other, however it is cut on its way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.ending import Times
from services.speech.errors import FrameBroken
from services.speech.frames import MOST_BYTES, Frame, Frames, Kind, packed, packed_json
from services.speech.phrase import Asked, asked_of

frames = st.lists(
    st.builds(Frame, st.sampled_from(list(Kind)), st.binary(max_size=60)), max_size=8
)


@given(said=frames, cuts=st.lists(st.integers(0, 600), max_size=8))
def test_frames_come_as_they_were_said_wherever_they_are_cut(
    said: list[Frame], cuts: list[int]
) -> None:
    whole = b"".join(packed(one.kind, one.payload) for one in said)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    reader = Frames()

    heard = [f for a, b in pairwise(places) for f in reader.fed(whole[a:b])]

    assert heard == said


@given(garbage=st.binary(min_size=5, max_size=2000))
def test_bytes_that_are_no_frames_end_in_one_word_and_are_not_kept(
    garbage: bytes,
) -> None:
    reader = Frames()
    try:
        reader.fed(garbage)
    except FrameBroken:
        return

    assert len(reader._rest) <= MOST_BYTES + 5


def test_a_frame_has_its_most() -> None:
    with pytest.raises(FrameBroken, match=r"SOUND of 1048577 bytes, at most 1048576"):
        packed(Kind.SOUND, bytes(MOST_BYTES + 1))
    with pytest.raises(FrameBroken, match="kind 2 of 1048577 bytes"):
        Frames().fed(b"\x02\x00\x10\x00\x01")


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff", b"[" * 9999])
def test_what_should_tell_something_and_does_not_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameBroken, match="HEARD without an object in it"):
        Frame(Kind.HEARD, payload).told()


@given(
    phrases=st.lists(st.text(max_size=9), max_size=5),
    seconds=st.lists(st.floats(0, 99), min_size=4, max_size=4),
)
def test_what_is_asked_arrives_as_it_was(
    phrases: list[str], seconds: list[float]
) -> None:
    start, trailing, longest, onset = seconds
    asked = Asked(
        number=3,
        language="zh",
        phrases=tuple(phrases),
        digits=2,
        times=Times(
            start_within_s=start,
            trailing_s=trailing,
            longest_s=longest,
            onset_s=onset,
        ),
    )

    (frame,) = Frames().fed(packed_json(Kind.OPEN, **asked.as_dict()))

    assert asked_of(frame.told()) == asked


@pytest.mark.parametrize("told", [{}, {"number": "1"}, {"phrases": [1]}])
def test_what_asks_for_nothing_known_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(FrameBroken, match="asks for nothing known"):
        asked_of(told)
