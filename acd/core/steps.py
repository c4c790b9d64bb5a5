"""How a waiting call comes from one step of its queue to the next."""

from datetime import datetime, timedelta
from itertools import islice

from acd.core.calls import Call
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor
from acd.routing.requirements import step_ends_s
from acd.vocabulary.states import CallState

WAITS = (CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING)
"""States of a call that may still have to wait on."""


def begin(floor: Floor, call: Call) -> None:
    """Put a call at its queue's first step.

    One that has waited before it was told of goes on by deadlines that have passed.
    """
    call.step = 0
    _await_next(floor, call)


def resume(floor: Floor, call: Call, at: datetime) -> None:
    """Put a call at the step that it has waited for, where the steps are others now."""
    if call.queue_id is None or call.queued_at is None:
        raise AssertionError(f"call {call.call_id!r} waits in no queue")
    waited_s = (at - call.queued_at).total_seconds()
    ends_s = step_ends_s(floor.policy.queues[call.queue_id])
    call.step = sum(end_s <= waited_s for end_s in ends_s)
    _await_next(floor, call)
    if call.state is CallState.QUEUED:
        floor.queue(call)


def advance(floor: Floor, call: Call) -> None:
    """Let a call be given to whom the next step says as well."""
    call.step += 1
    _await_next(floor, call)
    if call.state is CallState.QUEUED:
        floor.queue(call)


def _await_next(floor: Floor, call: Call) -> None:
    if call.queue_id is None or call.queued_at is None:
        raise AssertionError(f"call {call.call_id!r} waits in no queue")
    ends_s = step_ends_s(floor.policy.queues[call.queue_id])
    end_s = next(islice(ends_s, call.step, None), None)
    call.step_until = None
    if end_s is not None:
        call.step_until = call.queued_at + timedelta(seconds=end_s)
        floor.deadlines.set(Deadline(call.step_until, Due.STEP, call.call_id))
