"""Facts of the open queue to rows: who came, was served, left a number or the line."""

from acd.vocabulary.offer_facts import CallLeftLine
from acd.vocabulary.open_facts import CallbackLeft, OpenQueueJoined, OpenQueueServed
from acd.vocabulary.states import CallState
from services.store.changes import RowChanges


def joined(changes: RowChanges, fact: OpenQueueJoined, _seq: int) -> None:
    """Put a call on record that nobody told of before, or say where it has come to."""
    changes.put(
        "calls",
        (fact.call_id,),
        fact.place,
        state=CallState.OPEN.value,
        number=fact.number or None,
        caller_number=fact.caller_number,
        caller_name=fact.caller_name,
        sip_call_id=fact.sip_call_id,
        caller_leg_id=fact.leg_id,
        queue_id=fact.queue_id or None,
        arrived_at=fact.arrived_at,
        answered_at=fact.at,
        queued_at=fact.queued_at,
        opened_at=fact.at,
    )
    changes.put(
        "legs",
        (fact.leg_id,),
        fact.place,
        call_id=fact.call_id,
        role="caller",
        started_at=fact.arrived_at,
    )


def served(changes: RowChanges, fact: OpenQueueServed, _seq: int) -> None:
    """Put the agent's leg on record; there was no offer."""
    changes.put(
        "legs",
        (fact.leg_id,),
        fact.place,
        call_id=fact.call_id,
        role="agent",
        agent_id=fact.agent_id,
        started_at=fact.at,
        answered_at=fact.at,
    )


def left_line(changes: RowChanges, fact: CallLeftLine, _seq: int) -> None:
    """Say that a caller is in the flow again, by a key; the wait stays on record."""
    changes.touch("calls", (fact.call_id,), state=CallState.IN_FLOW.value)


def callback_left(changes: RowChanges, fact: CallbackLeft, _seq: int) -> None:
    """Put a number on record that a caller left."""
    changes.put(
        "callbacks",
        (fact.call_id,),
        fact.place,
        callback_number=fact.callback_number,
        queue_id=fact.queue_id or None,
        language=fact.language,
        left_at=fact.at,
    )
