"""Who may watch: tickets that open one socket once, and rights that can be taken."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.live.errors import TicketRefused, TooManyTickets, UnknownViewer
from services.live.reach import Reach

TICKET_S = 30.0
VIEW_S = 12 * 3600.0
"""How long one socket may stay: a shift. Then a new ticket is needed."""
MOST_TICKETS = 4000
"""Unused ones: more than a floor has desks, all asking anew after a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What is handed to whoever asked; it opens one socket, once."""

    text: str
    viewer_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Waiting:
    viewer_id: str
    reach: Reach
    expires_at: datetime
    owner: str
    until_at: datetime | None


class Viewer:
    """One who watches, with the rights they have now."""

    def __init__(
        self, viewer_id: str, reach: Reach, until_at: datetime, *, owner: str = ""
    ) -> None:
        """Begin with the rights of the ticket."""
        self.viewer_id = viewer_id
        self.owner = owner
        """By what they are logged in; "" for who needs no log-in."""
        self.reach: Reach | None = reach
        """None when the rights were taken."""
        self.until_at = until_at
        self.changed: Callable[[], None] = lambda: None
        """Called when ``reach`` has changed."""


class Viewers:
    """All tickets and all who watch."""

    def __init__(self, *, now: Callable[[], datetime], view_s: float = VIEW_S) -> None:
        """Begin with nobody."""
        self._now = now
        self._view = timedelta(seconds=view_s)
        self._tickets: dict[str, _Waiting] = {}
        self._watching: dict[str, Viewer] = {}

    def admit(
        self, reach: Reach, *, owner: str = "", until_at: datetime | None = None
    ) -> Ticket:
        """Give a ticket for these rights; whoever calls has proved who asks.

        Args:
            reach: The rights.
            owner: By what they are logged in; it may end, and all they watch with it.
            until_at: When that ends for good; None for never.

        Raises:
            TooManyTickets: Too many wait to be used.
        """
        now = self._now()
        self._drop_expired(now)
        if len(self._tickets) >= MOST_TICKETS:
            raise TooManyTickets(MOST_TICKETS)
        ticket = Ticket(
            text=secrets.token_urlsafe(24),
            viewer_id=secrets.token_hex(8),
            expires_at=now + timedelta(seconds=TICKET_S),
        )
        self._tickets[ticket.text] = _Waiting(
            ticket.viewer_id, reach, ticket.expires_at, owner, until_at
        )
        return ticket

    def redeem(self, text: str) -> Viewer:
        """Take a ticket, which is worth nothing from now on.

        Raises:
            TicketRefused: It was never given, was used before, or has expired.
        """
        now = self._now()
        found = self._tickets.pop(text, None)
        if found is None or found.expires_at <= now:
            raise TicketRefused
        until_at = min(now + self._view, found.until_at or now + self._view)
        viewer = Viewer(found.viewer_id, found.reach, until_at, owner=found.owner)
        self._watching[viewer.viewer_id] = viewer
        return viewer

    def change(self, viewer_id: str, reach: Reach | None) -> None:
        """Give a viewer other rights at once, or with None take them all.

        Raises:
            UnknownViewer: They hold no ticket and watch nothing.
        """
        if viewer_id in self._watching:
            viewer = self._watching[viewer_id]
            viewer.reach = reach
            viewer.changed()
            return
        for text, waiting in self._tickets.items():
            if waiting.viewer_id == viewer_id:
                if reach is None:
                    del self._tickets[text]
                else:
                    self._tickets[text] = replace(waiting, reach=reach)
                return
        raise UnknownViewer(viewer_id)

    def end(self, owner: str) -> None:
        """Take the rights of all that somebody watches, and their unused tickets."""
        for text, waiting in list(self._tickets.items()):
            if waiting.owner == owner:
                del self._tickets[text]
        for viewer in list(self._watching.values()):
            if viewer.owner == owner:
                viewer.reach = None
                viewer.changed()

    def owners(self) -> frozenset[str]:
        """Return by what all who watch now are logged in."""
        return frozenset(one.owner for one in self._watching.values()) - {""}

    def seconds_left(self, viewer: Viewer) -> float:
        """Return how long a viewer may stay."""
        return max(0.0, (viewer.until_at - self._now()).total_seconds())

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer whose socket is gone."""
        self._watching.pop(viewer.viewer_id, None)

    def _drop_expired(self, now: datetime) -> None:
        # They were put in by age, so the old ones come first.
        for text, waiting in list(self._tickets.items()):
            if waiting.expires_at > now:
                return
            del self._tickets[text]
