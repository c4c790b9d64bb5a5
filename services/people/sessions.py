"""Who is logged in: sessions in memory, each with an idle and an absolute end."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.store.people import SessionRow


@dataclass(slots=True, kw_only=True)
class Session:
    """One who is logged in."""

    sum: str
    """SHA-256 of the token; the token itself is nowhere but in the browser."""
    person: str
    address: str
    begun_at: datetime
    seen_at: datetime

    @classmethod
    def from_row(cls, row: SessionRow) -> "Session":
        """Return what stands in the tables."""
        return cls(
            sum=row.sum,
            person=row.person,
            address=row.address,
            begun_at=row.begun_at,
            seen_at=row.seen_at,
        )

    def row(self) -> SessionRow:
        """Return what is to stand in the tables."""
        return SessionRow(
            sum=self.sum,
            person=self.person,
            address=self.address,
            begun_at=self.begun_at,
            seen_at=self.seen_at,
        )


def _nobody(_session: str) -> None:
    """Tell nobody that a session ended."""


IDLE = timedelta(hours=1)
WHOLE = timedelta(hours=12)
"""A shift."""


class Sessions:
    """All sessions by sum; it takes time as a value."""

    def __init__(self, *, idle: timedelta = IDLE, whole: timedelta = WHOLE) -> None:
        """Begin with none.

        Args:
            idle: How long one lasts that is not used.
            whole: How long one lasts at most.
        """
        self._idle = idle
        self._whole = whole
        self._by_sum: dict[str, Session] = {}
        self._of: dict[str, set[str]] = {}
        self._used: set[str] = set()
        self.ended: Callable[[str], None] = _nobody
        """Told each session that ends, and whose rights, by session or by a program's
        name, are other ones."""

    def __len__(self) -> int:
        """Return how many there are, over ones among them."""
        return len(self._by_sum)

    def add(self, session: Session) -> None:
        """Take one in."""
        self._by_sum[session.sum] = session
        self._of.setdefault(session.person, set()).add(session.sum)

    def end(self, sums: Iterable[str]) -> None:
        """Forget sessions, and tell so; one that is not there is nothing."""
        for one in list(sums):
            session = self._by_sum.pop(one, None)
            if session is not None:
                self._of[session.person].discard(one)
                self._used.discard(one)
                self.ended(one)

    def used(self, of_sum: str, now: datetime) -> Session | None:
        """Return a session that is used now; None for one that is over or never was."""
        session = self._by_sum.get(of_sum)
        if session is None or self.ends_at(session) <= now:
            return None
        session.seen_at = max(session.seen_at, now)
        self._used.add(of_sum)
        return session

    def of(self, person: str) -> frozenset[str]:
        """Return the sums of somebody's sessions."""
        return frozenset(self._of.get(person, ()))

    def ends_at(self, session: Session) -> datetime:
        """Return when a session is over unless it is used before."""
        return min(self.over_at(session), session.seen_at + self._idle)

    def over_at(self, session: Session) -> datetime:
        """Return when a session is over, however much it is used."""
        return session.begun_at + self._whole

    def get(self, of_sum: str) -> Session | None:
        """Return a session, over or not."""
        return self._by_sum.get(of_sum)

    def over(self, now: datetime) -> Iterator[Session]:
        """Yield those that are over."""
        yield from [one for one in self._by_sum.values() if self.ends_at(one) <= now]

    def taken_used(self) -> frozenset[str]:
        """Return those that were used since this was asked last."""
        used, self._used = frozenset(self._used), set()
        return used
