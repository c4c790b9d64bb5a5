"""The announcements that a caller hears before the flow begins, one after the other."""

from acd.vocabulary.flow_facts import AnnouncementHeard
from ivr.stride import Goto, Stride, Then
from ivr.turns import Say
from ivr.walk import Phase
from ivr.written import KEYS


def announce(stride: Stride) -> Then:
    """Say the next announcement; behind the last one the flow begins."""
    left = stride.walk.opening
    if not left:
        return Goto(stride.flow.entry, is_onward=False)
    return stride.do(Phase.OPENING, Say(sounds=left[0].sounds, keys=KEYS))


def announced(stride: Stride) -> Then:
    """Go on behind an announcement that was heard to its end."""
    note_announced(stride, is_whole=True)
    return unannounced(stride)


def unannounced(stride: Stride) -> Then:
    """Leave an announcement out that cannot be said."""
    stride.move(opening=stride.walk.opening[1:])
    return announce(stride)


def cut_short(stride: Stride, key: str) -> Then:
    """Leave out what is left of them; the flow's first prompt takes the key."""
    note_announced(stride, is_whole=False)
    stride.move(opening=(), ahead=key)
    return announce(stride)


def note_announced(stride: Stride, *, is_whole: bool) -> None:
    """Tell what was heard of the announcement that is being said."""
    walk = stride.walk
    took = stride.at - (walk.since or stride.at)
    for said in walk.opening[:1]:
        stride.tell(
            AnnouncementHeard(
                at=stride.at,
                call_id=walk.call_id,
                name=said.name,
                sounds=len(said.sounds),
                interrupted_ms=None if is_whole else round(took.total_seconds() * 1000),
            )
        )
