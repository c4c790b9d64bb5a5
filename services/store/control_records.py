"""What was done with calls in hand, as rows."""

from acd.vocabulary import control_facts
from acd.vocabulary.states import CallState
from services.store.changes import RowChanges


def held(changes: RowChanges, fact: control_facts.CallHeld, _seq: int) -> None:
    """A caller is on hold."""
    key = (fact.call_id,)
    changes.put("calls", key, fact.place, state=CallState.HELD.value)


def taken_back(
    changes: RowChanges, fact: control_facts.CallTakenBack, _seq: int
) -> None:
    """A caller is talked with again."""
    key = (fact.call_id,)
    changes.put("calls", key, fact.place, state=CallState.TALKING.value)


def transferred(
    changes: RowChanges, fact: control_facts.CallTransferred, _seq: int
) -> None:
    """A caller waits again."""
    key, queue_id = (fact.call_id,), fact.to_queue
    state = CallState.QUEUED.value
    changes.put("calls", key, fact.place, state=state, queue_id=queue_id)


def paused(changes: RowChanges, fact: control_facts.RecordingPaused, _seq: int) -> None:
    """Nothing is recorded from here on."""
    changes.put(
        "recording_pauses",
        (fact.offer_id, fact.at),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        until_at=fact.until_at,
    )


def resumed(
    changes: RowChanges, fact: control_facts.RecordingResumed, _seq: int
) -> None:
    """The recording goes on."""
    changes.put(
        "recording_pauses",
        (fact.offer_id, fact.paused_at),
        fact.place,
        call_id=fact.call_id,
        agent_id=fact.agent_id,
        resumed_at=fact.at,
        is_by_limit=fact.is_by_limit,
    )
