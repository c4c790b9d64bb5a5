"""What the dialplan is told of admission: lines, buckets, how calls are refused."""

from services.floor.admission import Admission, Bucket, Refusal

_BEING_REFUSED = 200


def admitted(admission: Admission, *, reserved: int) -> dict[str, str]:
    """Return the limits of admission by the names that the templates have for them.

    Args:
        admission: The limits.
        reserved: How many lines are kept for some numbers alone.
    """
    buckets: dict[str, Bucket] = {
        "all": admission.overall,
        "number": admission.number,
        "caller": admission.caller,
    }
    steps = {f"{name}_step_ms": f"{b.step_ms:.3f}" for name, b in buckets.items()}
    depths = {f"{name}_depth_ms": f"{b.depth_ms:.3f}" for name, b in buckets.items()}
    open_calls = admission.calls - reserved
    causes: dict[Refusal, int] = {"busy": 17, "congestion": 42}
    return (
        steps
        | depths
        | {
            "open_calls": str(open_calls),
            "announcements": str(admission.announcements),
            "refusal_cause": str(causes[admission.refuse_by]),
            # A call may have a leg of an agent with a dialplan of its own, and who is
            # refused counts until the refusal is sent.
            "max_calls": str(2 * admission.calls + _BEING_REFUSED),
        }
    )
