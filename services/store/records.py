"""Facts to rows: what a batch of facts changes in the tables of record."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from acd.vocabulary import (
    agent_facts,
    control_facts,
    estimate_facts,
    floor_facts,
    flow_facts,
    leg_facts,
    offer_facts,
    open_facts,
    recording_facts,
    routing_facts,
)
from acd.vocabulary.fact import FactOf, Tick
from acd.vocabulary.facts import AgentWish, ControlFact, Fact, TraceFact
from acd.vocabulary.ids import CallId
from acd.vocabulary.states import CallState
from services.store import (
    control_records,
    open_records,
    recording_records,
    routing_records,
)
from services.store.changes import RowChanges


def fold(entries: Iterable[tuple[int, Fact]]) -> RowChanges:
    """Return what facts change in the tables of record.

    Args:
        entries: Facts that counted, in order, each with its journal number.
    """
    changes = RowChanges()
    for seq, fact in entries:
        FOLDS[type(fact)](changes, fact, seq)
    return changes


def _call(changes: RowChanges, fact: FactOf, call_id: CallId, **values: object) -> None:
    changes.put("calls", (call_id,), fact.place, **values)


def _arrived(changes: RowChanges, fact: flow_facts.CallArrived, _seq: int) -> None:
    _call(
        changes,
        fact,
        fact.call_id,
        state=CallState.IN_FLOW.value,
        number=fact.number,
        caller_number=fact.caller_number,
        caller_name=fact.caller_name,
        sip_call_id=fact.sip_call_id,
        caller_leg_id=fact.leg_id,
        arrived_at=fact.at,
        flow_version=fact.flow_version or None,
    )
    _caller_leg(changes, fact)


def _adopted(changes: RowChanges, fact: offer_facts.CallAdopted, _seq: int) -> None:
    _call(
        changes,
        fact,
        fact.call_id,
        state=CallState.IN_FLOW.value,
        number=fact.number,
        caller_leg_id=fact.leg_id,
        arrived_at=fact.at,
    )
    _caller_leg(changes, fact)


def _caller_leg(
    changes: RowChanges,
    fact: flow_facts.CallArrived | offer_facts.CallAdopted | leg_facts.CallQueued,
) -> None:
    changes.put(
        "legs",
        (fact.leg_id,),
        fact.place,
        call_id=fact.call_id,
        role="caller",
        started_at=fact.at,
    )


def _answered(changes: RowChanges, fact: flow_facts.CallAnswered, _seq: int) -> None:
    changes.touch("calls", (fact.call_id,), answered_at=fact.at)


_Step = (
    flow_facts.StepEntered
    | flow_facts.KeyPressed
    | flow_facts.KeyTimedOut
    | flow_facts.WordsHeard
    | flow_facts.CallRouted
)


def _step(kind: str) -> "Fold":
    def change(changes: RowChanges, fact: _Step, _seq: int) -> None:
        changes.put(
            "steps",
            (fact.call_id, fact.nth),
            fact.place,
            kind=kind,
            flow=fact.flow,
            step=fact.step,
            key=getattr(fact, "key", None),
            is_choice=getattr(fact, "is_choice", None),
            at=fact.at,
        )
        changes.touch(
            "calls",
            (fact.call_id,),
            flow=fact.flow,
            queue_id=getattr(fact, "queue_id", None),
        )

    return change


def _flow_ended(changes: RowChanges, fact: flow_facts.FlowEnded, _seq: int) -> None:
    changes.touch("calls", (fact.call_id,), flow_ending=fact.ending.value)


def _queued(changes: RowChanges, fact: leg_facts.CallQueued, _seq: int) -> None:
    _call(
        changes,
        fact,
        fact.call_id,
        state=CallState.QUEUED.value,
        queue_id=fact.queue_id,
        caller_leg_id=fact.leg_id,
        queued_at=fact.since or fact.at,
    )
    _caller_leg(changes, fact)


def _leg_rang(changes: RowChanges, fact: leg_facts.LegRang, _seq: int) -> None:
    changes.touch("legs", (fact.leg_id,), rang_at=fact.at)


def _leg_answered(changes: RowChanges, fact: leg_facts.LegAnswered, _seq: int) -> None:
    changes.touch("legs", (fact.leg_id,), answered_at=fact.at)


def _leg_ended(changes: RowChanges, fact: leg_facts.LegEnded, _seq: int) -> None:
    changes.touch(
        "legs",
        (fact.leg_id,),
        ended_at=fact.alive_at or fact.at,
        ending=fact.ending.value,
        cause=fact.cause,
    )


def _offer_started(
    changes: RowChanges, fact: offer_facts.OfferStarted, _seq: int
) -> None:
    changes.put(
        "offers",
        (fact.offer_id,),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        device_id=fact.device_id,
        queue_id=fact.queue_id,
        started_at=fact.at,
    )
    changes.put(
        "legs",
        (str(fact.offer_id),),
        fact.place,
        call_id=fact.call_id,
        role="agent",
        agent_id=fact.agent_id,
        device_id=fact.device_id,
        started_at=fact.at,
    )
    _call(changes, fact, fact.call_id, state=CallState.OFFERED.value)


_OfferOf = (
    offer_facts.OfferRang
    | offer_facts.OfferAnswered
    | offer_facts.OfferTimedOut
    | offer_facts.OfferDeclined
    | offer_facts.OfferFailed
    | offer_facts.OfferWithdrawn
    | offer_facts.OfferAnsweredLate
)


def _offer(changes: RowChanges, fact: _OfferOf, **values: object) -> None:
    changes.put(
        "offers",
        (fact.offer_id,),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        **values,
    )


def _offer_rang(changes: RowChanges, fact: offer_facts.OfferRang, _seq: int) -> None:
    _offer(changes, fact, rang_at=fact.at)


def _offer_answered(
    changes: RowChanges, fact: offer_facts.OfferAnswered, _seq: int
) -> None:
    _offer(changes, fact, ended_at=fact.at, outcome="answered")
    _call(changes, fact, fact.call_id, state=CallState.CONNECTING.value)


_OfferLost = (
    offer_facts.OfferTimedOut | offer_facts.OfferDeclined | offer_facts.OfferWithdrawn
)


def _offer_lost(outcome: str) -> "Fold":
    def change(changes: RowChanges, fact: _OfferLost, _seq: int) -> None:
        by: offer_facts.Party | None = getattr(fact, "by", None)
        _offer(
            changes,
            fact,
            ended_at=fact.at,
            outcome=outcome,
            withdrawn_by=None if by is None else by.value,
        )
        _call(changes, fact, fact.call_id, state=CallState.QUEUED.value)

    return change


def _offer_failed(
    changes: RowChanges, fact: offer_facts.OfferFailed, _seq: int
) -> None:
    _offer(changes, fact, ended_at=fact.at, outcome=fact.failure.value)
    _call(changes, fact, fact.call_id, state=CallState.QUEUED.value)


def _answered_late(
    changes: RowChanges, fact: offer_facts.OfferAnsweredLate, _seq: int
) -> None:
    _offer(changes, fact, is_late_answer=True)


def _connected(changes: RowChanges, fact: offer_facts.CallConnected, _seq: int) -> None:
    _call(
        changes,
        fact,
        fact.call_id,
        state=CallState.TALKING.value,
        queue_id=fact.queue_id,
        agent_id=fact.agent_id,
        connected_at=fact.at,
    )
    changes.put_talk(
        (fact.offer_id,),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        queue_id=fact.queue_id,
        started_at=fact.at,
    )


def _parted(
    changes: RowChanges, fact: offer_facts.ConversationEnded, _seq: int
) -> None:
    _call(changes, fact, fact.call_id, state=CallState.LEAVING.value)
    changes.put_talk(
        (fact.offer_id,),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        ended_at=fact.at,
        ended_by=fact.ended_by.value,
        hold_s=fact.hold_s,
    )


def _closed(changes: RowChanges, fact: offer_facts.CallClosed, _seq: int) -> None:
    _call(
        changes,
        fact,
        fact.call_id,
        state=CallState.CLOSED.value,
        ended_at=fact.at,
        close_reason=fact.reason.value,
        ended_by=fact.ended_by.value,
        is_estimated=fact.is_estimated,
    )


def _disposed(changes: RowChanges, fact: agent_facts.CallDisposed, _seq: int) -> None:
    changes.touch("calls", (fact.call_id,), disposition=fact.disposition)


def _wrap_up_started(
    changes: RowChanges, fact: agent_facts.WrapUpStarted, _seq: int
) -> None:
    key = (fact.call_id, fact.agent_id)
    changes.touch_wrap_up(key, wrap_up_started_at=fact.at)


def _wrap_up_ended(
    changes: RowChanges, fact: agent_facts.WrapUpEnded, _seq: int
) -> None:
    key = (fact.call_id, fact.agent_id)
    changes.touch_wrap_up(key, wrap_up_ended_at=fact.at)


def _state_entered(
    changes: RowChanges, fact: agent_facts.AgentStateEntered, seq: int
) -> None:
    changes.put(
        "agent_states",
        (seq,),
        fact.place,
        agent_id=fact.agent_id,
        at=fact.at,
        state=fact.state.value,
        reason=fact.reason,
        call_id=fact.call_id,
    )


def _nothing(_changes: RowChanges, _fact: FactOf, _seq: int) -> None:
    """Change no row: the fact stands in the table of facts alone."""


Fold = Callable[[RowChanges, Any, int], None]

FOLDS: Mapping[type[FactOf], Fold] = {
    flow_facts.CallArrived: _arrived,
    flow_facts.CallAnswered: _answered,
    flow_facts.StepEntered: _step("step"),
    flow_facts.KeyPressed: _step("key"),
    flow_facts.KeyTimedOut: _step("timeout"),
    flow_facts.CallRouted: _step("route"),
    flow_facts.LeaveAsked: _nothing,
    flow_facts.FlowEnded: _flow_ended,
    **dict.fromkeys(get_args(TraceFact), _nothing),
    flow_facts.WordsHeard: _step("words"),
    leg_facts.CallQueued: _queued,
    leg_facts.LegRang: _leg_rang,
    leg_facts.LegAnswered: _leg_answered,
    leg_facts.LegEnded: _leg_ended,
    **dict.fromkeys((leg_facts.LegJoined, leg_facts.LegParted), _nothing),
    **dict.fromkeys((leg_facts.BridgeFailed, leg_facts.LegChecked), _nothing),
    **dict.fromkeys((leg_facts.SwitchLost, leg_facts.SwitchSeen), _nothing),
    open_facts.OpenQueueJoined: open_records.joined,
    open_facts.OpenQueueLeft: _nothing,
    open_facts.OpenQueueServed: open_records.served,
    open_facts.OpenTalkEnded: _nothing,
    open_facts.CallbackLeft: open_records.callback_left,
    **dict.fromkeys(get_args(AgentWish), _nothing),
    agent_facts.CallDisposed: _disposed,
    agent_facts.WrapUpStarted: _wrap_up_started,
    agent_facts.WrapUpEnded: _wrap_up_ended,
    agent_facts.AgentStateEntered: _state_entered,
    routing_facts.RoutingDecided: routing_records.decided,
    offer_facts.OfferStarted: _offer_started,
    offer_facts.OfferRang: _offer_rang,
    offer_facts.OfferAnswered: _offer_answered,
    offer_facts.OfferTimedOut: _offer_lost("timed_out"),
    offer_facts.OfferDeclined: _offer_lost("declined"),
    offer_facts.OfferFailed: _offer_failed,
    offer_facts.OfferWithdrawn: _offer_lost("withdrawn"),
    offer_facts.OfferAnsweredLate: _answered_late,
    offer_facts.CallLeftLine: open_records.left_line,
    offer_facts.CallConnected: _connected,
    offer_facts.ConversationEnded: _parted,
    offer_facts.CallAdopted: _adopted,
    offer_facts.CallClosed: _closed,
    **dict.fromkeys(get_args(ControlFact), _nothing),
    control_facts.CallHeld: control_records.held,
    control_facts.CallTakenBack: control_records.taken_back,
    control_facts.CallTransferred: control_records.transferred,
    control_facts.RecordingPaused: control_records.paused,
    control_facts.RecordingResumed: control_records.resumed,
    estimate_facts.EstimatesRebuilt: _nothing,
    floor_facts.FloorPublished: _nothing,
    floor_facts.QueueClosed: _nothing,
    recording_facts.RecordingStored: recording_records.stored,
    recording_facts.RecordingMissing: recording_records.missing,
    Tick: _nothing,
}
"""What each fact changes; a test fails for a fact that is not here."""
