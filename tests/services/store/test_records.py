import dataclasses
from typing import get_args

import pytest

from acd.vocabulary.agent_facts import WrapUpEnded
from acd.vocabulary.facts import ALL_FACTS, Fact
from acd.vocabulary.flow_facts import CallAnswered, CallRouted, KeyPressed, StepEntered
from acd.vocabulary.ids import CENTRE, AgentId, DeviceId, LegId, OfferId, Place, QueueId
from acd.vocabulary.leg_facts import LegEnded, LegEnding, LegRang
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    OfferFailed,
    OfferFailure,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
    Party,
)
from acd.vocabulary.recording_facts import RecordingMissing
from services.store.changes import Row, RowChanges
from services.store.records import FOLDS, fold
from tests.support.builders import YZ, arrived, at, call_id, caller_leg, queued

OFFER = OfferId("0ffe0000-0000-4000-8000-000000000001")
ALICE = AgentId("alice")
ONE = call_id(1)


def folded(*facts: Fact) -> RowChanges:
    return fold(enumerate(facts, start=1))


def row(changes: RowChanges, table: str) -> Row:
    (found,) = changes.whole[table].values()
    return found


def closed(seconds: float, reason: CloseReason = CloseReason.COMPLETED) -> CallClosed:
    return CallClosed(at=at(seconds), call_id=ONE, reason=reason, ended_by=Party.CALLER)


def offered(seconds: float) -> OfferStarted:
    return OfferStarted(
        at=at(seconds),
        place=YZ,
        offer_id=OFFER,
        call_id=ONE,
        agent_id=ALICE,
        device_id=DeviceId("dev-alice"),
        queue_id=QueueId("q_fault"),
        expires_at=at(seconds + 15),
    )


def test_every_fact_says_which_rows_it_changes() -> None:
    assert set(FOLDS) == set(ALL_FACTS) == set(get_args(Fact))


def test_a_call_that_arrives_has_a_row_and_a_callers_leg() -> None:
    changes = folded(arrived(1, 0))

    assert row(changes, "calls") == {
        "call_id": ONE,
        "province": "YJ",
        "unit": "YZ",
        "state": "in_flow",
        "number": "6000",
        "caller_number": "13800130001",
        "caller_name": "",
        "sip_call_id": "1@sipp",
        "caller_leg_id": caller_leg(1),
        "arrived_at": at(0),
    }
    assert row(changes, "legs")["role"] == "caller"
    assert row(changes, "legs")["call_id"] == ONE


def test_all_of_a_batch_is_one_change_a_row() -> None:
    routed = CallRouted(
        at=at(2),
        call_id=ONE,
        flow="main",
        step="fault",
        nth=3,
        queue_id=QueueId("q_fault"),
        skills=(),
    )

    changes = folded(
        arrived(1, 0),
        CallAnswered(at=at(0.1), call_id=ONE),
        routed,
        queued(1, 3),
        closed(9, CloseReason.ABANDONED_IN_QUEUE),
    )

    call = row(changes, "calls")
    assert call["answered_at"] == at(0.1)
    assert call["flow"] == "main"
    assert call["queue_id"] == "q_fault"
    assert call["queued_at"] == at(3)
    assert call["state"] == "closed"
    assert call["close_reason"] == "abandoned_in_queue"
    assert call["is_estimated"] is False
    assert changes.touched["calls"] == {}


def test_the_first_closing_stands() -> None:
    changes = folded(
        arrived(1, 0), closed(9), closed(12, CloseReason.LOST), queued(1, 13)
    )

    call = row(changes, "calls")
    assert (call["ended_at"], call["close_reason"]) == (at(9), "completed")
    assert call["state"] == "closed"


def test_the_first_entry_of_a_queue_stands() -> None:
    changes = folded(arrived(1, 0), queued(1, 3), queued(1, 30, QueueId("q_bill")))

    assert row(changes, "calls")["queued_at"] == at(3)
    assert row(changes, "calls")["queue_id"] == "q_bill"


def test_keys_and_steps_are_rows_in_the_order_of_the_walk() -> None:
    changes = folded(
        StepEntered(at=at(1), call_id=ONE, flow="main", step="menu", nth=1),
        KeyPressed(
            at=at(2),
            call_id=ONE,
            flow="main",
            step="menu",
            key="1",
            nth=2,
            is_choice=True,
        ),
    )

    step, key = changes.whole["steps"].values()
    assert (step["kind"], step["step"], step["at"]) == ("step", "menu", at(1))
    assert (key["kind"], key["key"], key["is_choice"]) == ("key", "1", True)
    assert changes.touched["calls"][(ONE,)] == {"call_id": ONE, "flow": "main"}


def test_an_offer_is_a_row_and_its_leg_has_the_same_id() -> None:
    changes = folded(
        offered(4),
        LegRang(at=at(5), leg_id=LegId(OFFER)),
        LegEnded(at=at(19), leg_id=LegId(OFFER), ending=LegEnding.NO_ANSWER, cause=19),
        OfferTimedOut(at=at(19), offer_id=OFFER, call_id=ONE, agent_id=ALICE),
    )

    leg = row(changes, "legs")
    assert (leg["leg_id"], leg["role"], leg["agent_id"]) == (OFFER, "agent", ALICE)
    assert (leg["rang_at"], leg["ending"], leg["cause"]) == (at(5), "no_answer", 19)
    offer = row(changes, "offers")
    assert (offer["outcome"], offer["started_at"]) == ("timed_out", at(4))
    assert offer["ended_at"] == at(19)
    assert row(changes, "calls")["state"] == "queued"


@pytest.mark.parametrize("failure", OfferFailure)
def test_a_device_that_cannot_be_rung_is_the_offers_outcome(
    failure: OfferFailure,
) -> None:
    failed = OfferFailed(
        at=at(5), offer_id=OFFER, call_id=ONE, agent_id=ALICE, failure=failure
    )

    assert row(folded(offered(4), failed), "offers")["outcome"] == failure.value


def test_an_offer_taken_back_says_by_whom() -> None:
    withdrawn = OfferWithdrawn(
        at=at(5), offer_id=OFFER, call_id=ONE, agent_id=ALICE, by=Party.CALLER
    )

    offer = row(folded(offered(4), withdrawn), "offers")
    assert (offer["outcome"], offer["withdrawn_by"]) == ("withdrawn", "caller")


def test_the_end_of_a_leg_whose_beginning_was_shipped_before_changes_it_only() -> None:
    ended = LegEnded(at=at(9), leg_id=caller_leg(1), ending=LegEnding.HUNG_UP, cause=16)

    changes = folded(ended)

    assert changes.whole["legs"] == {}
    assert changes.touched["legs"][(caller_leg(1),)]["ended_at"] == at(9)


def test_a_fact_of_the_centre_leaves_a_calls_place_alone() -> None:
    here = Place(province="YJ", unit="YZ")

    changes = folded(dataclasses.replace(arrived(1, 0), place=CENTRE), queued(1, 3))
    assert row(changes, "calls")["province"] == "-"

    changes = folded(dataclasses.replace(arrived(1, 0), place=here), queued(1, 3))
    assert row(changes, "calls")["province"] == "YJ"


def test_a_recording_that_is_missing_is_a_row_with_the_reason() -> None:
    missing = RecordingMissing(
        at=at(9), call_id=ONE, offer_id=OFFER, reason="file is 0 bytes after stop"
    )

    recording = row(folded(missing), "recordings")
    assert recording["missing_reason"] == "file is 0 bytes after stop"
    assert "path" not in recording


def test_a_connection_makes_a_conversation() -> None:
    connected = CallConnected(
        at=at(6),
        offer_id=OFFER,
        call_id=ONE,
        agent_id=ALICE,
        queue_id=QueueId("q_fault"),
    )

    changes = folded(queued(1, 3), offered(4), connected)

    assert row(changes, "conversations")["started_at"] == at(6)
    assert row(changes, "calls")["connected_at"] == at(6)
    assert row(changes, "calls")["agent_id"] == ALICE


def test_a_wrap_up_is_of_the_talk_before_it_though_the_caller_came_back() -> None:
    wrap_up = WrapUpEnded(at=at(30), agent_id=ALICE, call_id=ONE, is_by_limit=False)
    again = CallConnected(
        at=at(40),
        offer_id=OFFER,
        call_id=ONE,
        agent_id=ALICE,
        queue_id=QueueId("q_fault"),
    )

    changes = folded(wrap_up, again)

    assert row(changes, "conversations").get("wrap_up_ended_at") is None
    [before] = changes.touched["wrap_ups"].values()
    assert before["wrap_up_ended_at"] == at(30)
