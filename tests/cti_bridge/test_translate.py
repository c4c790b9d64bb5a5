"""What recorded calls mean, as facts."""

import random
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest

from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId, OfferId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    CallQueued,
    LegEnded,
    LegEnding,
    LegJoined,
)
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.translate import SETTLES_S, Told, Translator
from tests.support import traces
from tests.support.builders import at

SIGNATURES = (f"\r\nSystemName: {traces.SYSTEM_NAME}\r\n".encode(), b"ActionID: 1:")
UUID = re.compile(r"[0-9a-f-]{36}")
VICTIM = LegId("tl7f3a9c21-1795301595.7")


def messages(name: str, cuts: Iterable[int] = ()) -> list[Message]:
    stream = traces.ami(name)
    frames = Frames()
    frames.signatures = SIGNATURES
    edges = [0, *sorted(cuts), len(stream)]
    return [
        message
        for start, end in pairwise(edges)
        for message in frames.feed(stream[start:end])
    ]


def told(name: str, cuts: Iterable[int] = ()) -> list[Told]:
    translator = Translator()
    return [
        translator.take(message, at(0))
        for message in messages(name, cuts)
        if message.event
    ]


def facts(name: str, cuts: Iterable[int] = ()) -> list[LegFact]:
    return [fact for each in told(name, cuts) for fact in each.facts]


def story(name: str) -> list[str]:
    """Tell a trace in words: who, and what happened to them."""
    names: dict[str, str] = {}
    lines = []
    for each in told(name):
        for doubt in each.doubts:
            who = names.setdefault(doubt.leg_id, f"agent {len(names)}")
            lines.append(f"{who} in doubt")
        for fact in each.facts:
            leg_id = getattr(fact, "leg_id", "")
            is_agent = UUID.fullmatch(leg_id)
            who = names.setdefault(
                leg_id, f"agent {len(names)}" if is_agent else "caller"
            )
            what = type(fact).__name__
            lines.append(
                f"{who} {what} {fact.ending}"
                if isinstance(fact, LegEnded)
                else f"{who} {what}"
            )
    return lines


def test_a_whole_call_is_told_step_by_step() -> None:
    lines = story("calls/answered-caller-hangs-up")

    # The order of two legs' events is Asterisk's threads' own; that of one leg holds.
    assert [line for line in lines if "caller" in line] == [
        "caller CallQueued",
        "caller LegJoined",
        "caller LegParted",
        "caller LegEnded hung_up",
    ]
    assert [line for line in lines if "agent" in line] == [
        "agent 1 LegRang",
        "agent 1 LegAnswered",
        "agent 1 LegJoined",
        "agent 1 LegParted",
        "agent 1 LegEnded hung_up",
    ]


def test_who_leaves_the_bridge_first_is_told_first() -> None:
    lines = story("calls/answered-agent-hangs-up")

    parted = [line for line in lines if "Parted" in line]
    assert parted == ["agent 1 LegParted", "caller LegParted"]


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("calls/busy", "busy"),
        ("calls/no-common-codec", "unreachable"),
        ("calls/rings-too-long", "no_answer"),
        ("calls/declined-then-the-next-agent", "declined"),
        ("calls/abandoned-while-ringing", "hung_up"),
        ("calls/answered-in-vain", "hung_up"),
        ("offer/refused-486", "busy"),
        ("offer/not-answered", "no_answer"),
    ],
)
def test_the_end_of_an_offer_is_told_with_its_reason(name: str, ending: str) -> None:
    ends = [
        fact
        for fact in facts(name)
        if isinstance(fact, LegEnded) and UUID.fullmatch(fact.leg_id)
    ]

    assert ends[0].ending == LegEnding(ending)


def test_a_queued_call_brings_its_queue_and_skills() -> None:
    queued = [f for f in facts("calls/abandoned-in-queue") if isinstance(f, CallQueued)]

    assert [(f.queue_id, f.skills) for f in queued] == [("main", ("main", "zh"))]
    assert UUID.fullmatch(queued[0].call_id)


def test_a_leg_that_was_never_made_is_doubted_and_asked_for_a_little_later() -> None:
    doubts = [
        doubt for each in told("calls/device-not-registered") for doubt in each.doubts
    ]

    assert [(d.after_s, d.ending) for d in doubts] == [
        (SETTLES_S, LegEnding.UNREACHABLE)
    ]


@pytest.mark.parametrize("hangup_comes_first", [True, False])
def test_of_a_refused_leg_the_hangup_decides_in_either_order(
    hangup_comes_first: bool,
) -> None:
    events = [m for m in messages("calls/busy") if m.event]
    hangup = next(m for m in events if m.event == "Hangup")
    failure = next(m for m in events if m.event == "OriginateResponse")
    translator = Translator()

    pair = [hangup, failure] if hangup_comes_first else [failure, hangup]
    outcome = [translator.take(message, at(0)) for message in pair]

    ends = [fact for each in outcome for fact in each.facts]
    assert [fact.ending for fact in ends if isinstance(fact, LegEnded)] == [
        LegEnding.BUSY
    ]
    assert not translator.is_failing(ends[0].leg_id)  # type: ignore[union-attr] # a LegEnded
    assert bool(outcome[0].doubts) is not hangup_comes_first


@pytest.mark.parametrize("name", [n for n in traces.NAMES if "account" not in n])
def test_however_the_stream_is_cut_the_facts_are_the_same(name: str) -> None:
    size = len(traces.ami(name))
    cuts = random.Random(name).sample(range(size), 40)  # noqa: S311 - seeded cuts

    whole = facts(name)

    assert facts(name, range(1, size)) == whole
    assert facts(name, cuts) == whole


def test_a_forged_hangup_ends_nobody_and_makes_us_ask() -> None:
    translator = Translator()
    translator.begin({VICTIM: "PJSIP/trunk-00000007"})

    outcome = [
        translator.take(message, at(0))
        for message in messages("forged/hangup-of-another")
        if not message.response
    ]

    ends = [
        fact
        for each in outcome
        for fact in each.facts
        if isinstance(fact, LegEnded) and fact.leg_id == VICTIM
    ]
    asked = [d for each in outcome for d in each.doubts if d.leg_id == VICTIM]
    assert len(ends) == 1, "its own end, the last event of all"
    assert asked
    assert all(doubt.ending is LegEnding.LOST for doubt in asked)
    assert translator.passed_over["doubtful"] >= len(asked)


def test_the_name_of_a_leg_is_known_while_it_lives() -> None:
    translator = Translator()
    named: list[str | None] = []
    leg_id = next(
        f.leg_id for f in facts("calls/abandoned-in-queue") if isinstance(f, CallQueued)
    )

    for message in messages("calls/abandoned-in-queue"):
        translator.take(message, at(0))
        named.append(translator.channel(leg_id))

    assert any(name and name.startswith("PJSIP/trunk-") for name in named)
    assert named[-1] is None


def test_text_that_is_no_id_becomes_no_fact() -> None:
    waiting = next(
        m for m in messages("calls/abandoned-in-queue") if m.event == "UserEvent"
    )
    broken = Message(re.sub(rb"CallId: [0-9a-f-]+", b"CallId: x", waiting.raw))
    translator = Translator()

    assert translator.take(broken, at(0)) == Told()
    assert translator.passed_over["unusable"] == 1


def test_a_leg_that_could_not_join_its_caller_says_so() -> None:
    offered = next(
        m for m in messages("calls/snapshot") if m.get("UserEvent") == "CCOffered"
    )
    offer_id = offered["OfferId"]
    said = offered.raw.replace(b"UserEvent: CCOffered", b"UserEvent: CCNotJoined")
    translator = Translator()

    told = translator.take(Message(said + b"\r\nWhy: NONEXISTENT"), at(0))
    forged = translator.take(Message(said + b"\r\nWhy: no such text"), at(0))

    assert told.facts == (
        BridgeFailed(at=at(0), offer_id=OfferId(offer_id), detail="NONEXISTENT"),
    )
    assert forged == Told()
    assert translator.passed_over["unusable"] == 1


def test_a_caller_who_hears_the_apology_is_no_news_for_the_engine_but_the_end() -> None:
    assert story("calls/engine-away") == ["caller LegEnded hung_up"]


def test_both_parties_join_the_same_bridge() -> None:
    joined = [f for f in facts("calls/snapshot") if isinstance(f, LegJoined)]

    assert len({fact.bridge_id for fact in joined}) == 1
