"""Which component's fault is another's cause, so that one alarm names the root."""

from collections.abc import Collection, Mapping

CAUSES: Mapping[str, tuple[str, ...]] = {
    "http": ("engine",),
    "agi": ("engine",),
    "shipping": ("database", "engine"),
    "utility": ("engine",),
    "agreement": ("engine", "ami"),
    "sip": ("ami",),
    "call": ("ami", "sip", "engine", "agi"),
}
"""By component: what must work for it to work, the likeliest cause first."""


def cause_of(component: str, failing: Collection[str]) -> str | None:
    """Return the component at the root of a fault.

    Args:
        component: The one that fails.
        failing: All that fail now.

    Returns:
        Another component that fails and explains this one, or None when it stands
        for itself.
    """
    for cause in CAUSES.get(component, ()):
        if cause in failing:
            return cause_of(cause, failing) or cause
    return None
