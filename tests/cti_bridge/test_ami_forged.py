"""A caller who writes headers and events into our stream is found out.

Recorded from the real Asterisk: asterisk.md, trap 1.
"""

import pytest

from acd.vocabulary.ids import LegId
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.translate import Translator
from tests.support import traces
from tests.support.builders import at

SIGNATURE = f"\r\nSystemName: {traces.SYSTEM_NAME}".encode()
VICTIM = "tl7f3a9c21-1795301595.7"


def read(name: str, *signatures: bytes) -> list[Message]:
    frames = Frames()
    frames.signatures = signatures
    return frames.feed(traces.ami(name))


@pytest.mark.parametrize("name", [n for n in traces.NAMES if "forged" not in n])
def test_no_true_message_is_doubted(name: str) -> None:
    doubted = [m for m in read(name) if m.is_doubtful]

    assert doubted == []


def test_true_events_bear_the_name_that_only_asterisk_and_we_know() -> None:
    signatures = (SIGNATURE, b"ActionID: 1:")

    messages = [m for name in traces.NAMES for m in read(name, *signatures)]

    unsigned = {m.event for m in messages if "unsigned" in m.faults}
    # What is left: the forgeries, and the ends of the events that they tore apart.
    assert unsigned == {"Hangup", ""} or unsigned == {"Hangup"}


def test_each_forged_hangup_of_another_leg_is_doubtful_by_itself() -> None:
    hangups = [m for m in read("forged/hangup-of-another") if m.event == "Hangup"]

    forged = [m for m in hangups if m.get("SystemName") is None]
    true = [m for m in hangups if m.get("Uniqueid") == VICTIM and m not in forged]

    assert len(forged) == 6
    assert all(m["Uniqueid"] == VICTIM for m in forged)
    assert all("incomplete" in m.faults and "repeated" in m.faults for m in forged)
    assert len(true) == 1
    assert not true[0].is_doubtful


def test_a_forged_hangup_lacks_the_signature() -> None:
    messages = read("forged/hangup-of-another", SIGNATURE)

    forged = [m for m in messages if m.event == "Hangup" and "Privilege" not in str(m)]

    assert forged
    assert all("unsigned" in m.faults for m in forged)


def test_the_event_that_was_torn_apart_is_incomplete() -> None:
    torn = [
        m
        for m in read("forged/hangup-of-another", SIGNATURE)
        if m.get("CallerIDNum") == "1" and m.get("SystemName")
    ]

    assert {m.event for m in torn} >= {"Newchannel", "Newstate", "Hangup"}
    assert all("incomplete" in m.faults for m in torn)
    assert all(m.get("Uniqueid") is None for m in torn)


def test_an_injected_header_that_nobody_reads_changes_nothing() -> None:
    [newchannel] = [
        m
        for m in read("forged/hangup-of-another")
        if m.event == "Newchannel" and m.get("X-Injected")
    ]

    assert newchannel["CallerIDNum"] == "138"
    assert newchannel["Uniqueid"] == "tl7f3a9c21-1795301596.9"


def test_a_variable_forged_into_a_status_is_told_as_repeated() -> None:
    [status] = [
        m
        for m in read("forged/hangup-of-another")
        if m.event == "Status" and m["CallerIDNum"] == "138"
    ]
    forged = Message(
        status.raw.replace(b"X-Injected: yes", b"Variable: CC_CALL_ID=somebody-elses")
    )

    assert not status.is_doubtful
    assert forged.repeated == {"CC_CALL_ID"}


def test_each_forgery_is_counted_ends_nothing_and_has_the_leg_asked_after() -> None:
    translator = Translator()
    translator.begin({LegId(VICTIM): "PJSIP/trunk-00000004"})
    hangups = [m for m in read("forged/hangup-of-another") if m.event == "Hangup"]
    forged = [m for m in hangups if m.get("SystemName") is None]

    told = [translator.take(message, at(1)) for message in forged]

    assert translator.passed_over["doubtful"] == len(forged) == 6
    assert [fact for one in told for fact in one.facts] == []
    assert {d.leg_id for one in told for d in one.doubts} == {VICTIM}
