"""When a caller has begun to speak and has finished, by voice activity alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Speaking(StrEnum):
    """Where a caller is in a phrase."""

    WAITING = "waiting"
    RISING = "rising"
    """There is a voice, too short yet to be more than a cough's first sound."""
    TALKING = "talking"
    TRAILING = "trailing"
    """Silence after words: a breath, or the end."""
    ENDED = "ended"


class EndedBy(StrEnum):
    """Why a phrase is at its end."""

    NOTHING_SAID = "nothing_said"
    SILENCE = "silence"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How a step listens, in seconds of the caller's sound."""

    start_within_s: float
    """Without a word until then nothing was said."""
    trailing_s: float = 0.7
    """So long a silence after words is their end."""
    longest_s: float = 12.0
    """After so long from its beginning a phrase is cut."""
    onset_s: float = 0.12
    """So long a voice without a break is speech; shorter is a click or a cough."""


NUMBER_TRAILING_S = 1.2
"""Who says a number in groups breathes between them."""


START_WITHIN_S = 3.0
"""It is asked when something was loud; if that was a cough, it is soon free again."""


def times_for(digits: int, deadline_s: float) -> Times:
    """Return how to listen where so many digits are awaited, 0 for none."""
    start_within_s = min(deadline_s, START_WITHIN_S)
    if digits:
        return Times(start_within_s=start_within_s, trailing_s=NUMBER_TRAILING_S)
    return Times(start_within_s=start_within_s)


_W, _R = Speaking.WAITING, Speaking.RISING
_T, _S, _E = Speaking.TALKING, Speaking.TRAILING, Speaking.ENDED
_NEXT: Mapping[tuple[Speaking, bool], Speaking] = {
    # where, whether there is a voice: where then
    (_W, False): _W,
    (_W, True): _R,
    (_R, False): _W,
    (_R, True): _R,
    (_T, False): _S,
    (_T, True): _T,
    (_S, False): _S,
    (_S, True): _T,
    (_E, False): _E,
    (_E, True): _E,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is known of a phrase so far; never goes back from ``ENDED``."""

    times: Times
    state: Speaking = Speaking.WAITING
    for_s: float = 0.0
    """How long it has been in that state."""
    heard_s: float = 0.0
    """Of sound, since listening began."""
    spoken_s: float = 0.0
    """Since the first word; 0 before it."""
    ended_by: EndedBy | None = None

    @property
    def has_begun(self) -> bool:
        """Whether words have been said."""
        return self.spoken_s > 0

    @property
    def said_s(self) -> float:
        """How long was spoken, without the silence behind it; breaths count."""
        quiet_s = self.for_s if self.state is Speaking.TRAILING else 0.0
        if self.ended_by is EndedBy.SILENCE:
            quiet_s = self.times.trailing_s
        return max(0.0, self.spoken_s - quiet_s)

    def after(self, *, is_voice: bool, length_s: float) -> "Ending":
        """Return what is known after another piece of sound."""
        if self.state is Speaking.ENDED:
            return self
        state = _NEXT[self.state, is_voice]
        for_s = length_s if state is not self.state else self.for_s + length_s
        spoken_s = self.spoken_s + length_s if self.has_begun else 0.0
        if state is Speaking.RISING and for_s >= self.times.onset_s:
            state, spoken_s = Speaking.TALKING, for_s
        moved = replace(
            self,
            state=state,
            for_s=for_s,
            heard_s=self.heard_s + length_s,
            spoken_s=spoken_s,
        )
        why = _over(moved)
        if why is None:
            return moved
        return replace(moved, state=Speaking.ENDED, for_s=0.0, ended_by=why)


def _over(now: Ending) -> EndedBy | None:
    times = now.times
    if not now.has_begun:
        is_over = now.heard_s >= times.start_within_s
        # A word that begins at the last moment is heard out.
        is_over = is_over and now.state is not Speaking.RISING
        return EndedBy.NOTHING_SAID if is_over else None
    if now.spoken_s >= times.longest_s:
        return EndedBy.LONGEST
    if now.state is Speaking.TRAILING and now.for_s >= times.trailing_s:
        return EndedBy.SILENCE
    return None
