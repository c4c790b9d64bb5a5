"""What a class of calls is: the one place in which it is defined.

Of two calls the one of the higher class goes first, whatever rule holds within a class:

1. the call's own class, 0 to 20: lanes of danger;
2. whoever waits longer than the queue's floor;
3. the band of ten whole points of priority, where a point is added for each
   ``ageing_s`` seconds waited.
"""

from typing import NamedTuple

from acd.policy import QueuePolicy

BAND_POINTS = 10
"""Priorities closer than this are of one class: the rule within it decides."""


class CallClass(NamedTuple):
    """A class; the larger goes first."""

    call_class: int
    is_past_floor: bool
    band: int
    """0 for who is past the floor: of these, the longest wait goes first."""


def priority_at(queue: QueuePolicy, waited_s: float) -> float:
    """Return the points of priority after a wait; there is no ceiling."""
    if not queue.ageing_s:
        return queue.priority
    return queue.priority + max(0.0, waited_s) / queue.ageing_s


def class_at(queue: QueuePolicy, call_class: int, waited_s: float) -> CallClass:
    """Return the class of a call after a wait.

    Of two calls of one queue and one own class, the one that waits longer is never of
    a lower class.
    """
    if queue.floor_s is not None and waited_s > queue.floor_s:
        return CallClass(call_class, is_past_floor=True, band=0)
    band = int(priority_at(queue, waited_s)) // BAND_POINTS
    return CallClass(call_class, is_past_floor=False, band=band)
