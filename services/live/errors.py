"""Why a viewer is turned away, in words for whoever asked."""


class LiveError(Exception):
    """The ground of all that ``services.live`` refuses."""


class TooManyStreams(LiveError):
    """Nobody can watch with yet another set of rights."""

    def __init__(self, most: int) -> None:
        """Say how many there may be."""
        super().__init__(
            f"streams: {most} different reaches are watched already; "
            "ask for one that somebody watches, or wait until one is left"
        )
        self.most = most


class TooManyTickets(LiveError):
    """Tickets are asked for and not used."""

    def __init__(self, most: int) -> None:
        """Say how many may wait."""
        super().__init__(
            f"tickets: {most} wait to be used already; they expire in seconds"
        )
        self.most = most


class TicketRefused(LiveError):
    """A ticket was never given, was used before, or has expired."""

    def __init__(self) -> None:
        """Say so; which of them is not told."""
        super().__init__(
            "ticket: unknown, used or expired; ask for a new one at /live/tickets"
        )


class UnknownViewer(LiveError):
    """Nobody watches by that id."""

    def __init__(self, viewer_id: str) -> None:
        """Say who was meant."""
        super().__init__(f"viewer {viewer_id!r}: watches nothing, or has left")
        self.viewer_id = viewer_id
