"""How long a process has given no sign of life; time comes in as a value."""

from dataclasses import dataclass, replace

OWN_GAP_S = 3.0
"""We look more often than that; a longer gap means that we did not run ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What is known of one process that should answer; instants of one clock."""

    answered_at_s: float
    """The last sign of life, or when we began to listen."""
    looked_at_s: float
    unanswered: int = 0
    """Looks in a row without an answer."""

    @classmethod
    def begun(cls, now_s: float) -> "Silence":
        """Begin to listen."""
        return cls(answered_at_s=now_s, looked_at_s=now_s)

    def answered(self, now_s: float) -> "Silence":
        """Take in a sign of life."""
        return Silence.begun(now_s)

    def missed(self, now_s: float) -> "Silence":
        """Take in a look that got no answer.

        Time in which we did not look does not count: the whole machine may have
        stood still, and the other one is not to blame for that.
        """
        gap_s = now_s - self.looked_at_s
        own_s = gap_s if gap_s > OWN_GAP_S else 0.0
        return replace(
            self,
            answered_at_s=self.answered_at_s + own_s,
            looked_at_s=now_s,
            unanswered=self.unanswered + 1,
        )

    def lasts_s(self, now_s: float) -> float:
        """Return for how long there was no sign of life."""
        return now_s - self.answered_at_s

    def is_stalled(self, now_s: float, *, limit_s: float, looks: int = 4) -> bool:
        """Whether it is so long, and so often looked at, that it will not answer."""
        return self.unanswered >= looks and self.lasts_s(now_s) >= limit_s
