"""A call on record walked again by other flows: whether its way would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from ivr.flow_set import FlowSet
from services.flows.gaps import Missing, Unknown
from services.flows.once_more import Again, Others
from services.flows.traces import Trace

BEGIN = "the beginning"
"""Where ways part that have no step in common."""


class Change(StrEnum):
    """What becomes of a call on record by other flows."""

    SAME = "same"
    OTHER_WAY = "other_way"
    """It ends where it did, by other steps."""
    OTHER_END = "other_end"
    NOT_KNOWN = "not_known"
    """It comes to what the record does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What becomes of one call."""

    call_id: str
    change: Change
    before: str
    """Where it ended."""
    after: str = ""
    """Where it would end; empty where nobody knows."""
    parts_at: str = ""
    """The last step that both ways have in common; empty where they do not part."""
    unknown: Unknown | None = None


def replay(trace: Trace, others: Others, before: FlowSet | None) -> Replayed:
    """Walk a call on record by other flows, as far as the record tells.

    Args:
        trace: The call.
        others: Flows that were proved.
        before: The flows that led it; None where nobody has them, and less is known.
    """
    flow = others.flow_set.numbers.get(trace.number)
    missing = None
    if trace.end is None:
        what = "goes on, or was taken by the open queue"
        missing = Unknown(missing=Missing.END, step="", what=what)
    elif flow is None:
        missing = Unknown(missing=Missing.NUMBER, step="", what=trace.number)
    if flow is None or trace.end is None:
        return Replayed(
            call_id=trace.call_id,
            change=Change.NOT_KNOWN,
            before=trace.end or "",
            unknown=missing,
        )
    again = Again(trace, others, before, flow)
    again.go()
    return _compared(trace, again.steps, again.end, again.unknown)


def _compared(
    trace: Trace, steps: Sequence[str], end: str, unknown: Unknown | None
) -> Replayed:
    was = [entry.name for entry in trace.entries]
    pairs = zip(was, steps, strict=False)
    same = len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
    is_same_way = same == len(steps) if unknown else was == [*steps]
    last = was[same - 1] if same else BEGIN
    if unknown:
        change = Change.NOT_KNOWN
    elif trace.end != end:
        change = Change.OTHER_END
    else:
        change = Change.SAME if is_same_way else Change.OTHER_WAY
    parts = change is Change.OTHER_END or not is_same_way
    return Replayed(
        call_id=trace.call_id,
        change=change,
        before=trace.end or "",
        after=end,
        parts_at=last if parts else "",
        unknown=unknown,
    )
