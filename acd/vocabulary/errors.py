"""Why a fact or a policy was refused, in words for whoever sent it."""


class AcdError(Exception):
    """The ground of all that ``acd`` refuses; the engine is left as it was."""


class UnknownAgent(AcdError):
    """A fact names an agent who is not on the floor."""

    def __init__(self, agent_id: str) -> None:
        """Say which agent."""
        super().__init__(
            f"agent {agent_id!r}: not on the floor; the floor file lists who is"
        )
        self.agent_id = agent_id


class UnknownCall(AcdError):
    """A fact names a call that never arrived, or has ended."""

    def __init__(self, call_id: str) -> None:
        """Say which call."""
        super().__init__(f"call {call_id!r}: not a live call")
        self.call_id = call_id


class UnknownLeg(AcdError):
    """A fact names a leg that belongs to no live call."""

    def __init__(self, leg_id: str) -> None:
        """Say which leg."""
        super().__init__(f"leg {leg_id!r}: belongs to no live call")
        self.leg_id = leg_id


class UnknownQueue(AcdError):
    """A call was sent to a queue that the floor does not have."""

    def __init__(self, queue_id: str) -> None:
        """Say which queue."""
        super().__init__(
            f"queue {queue_id!r}: not on the floor; the floor file lists the queues"
        )
        self.queue_id = queue_id


class IllegalTransition(AcdError):
    """A state has no place for a fact."""

    def __init__(self, *, who: str, state: str, fact: str, takes: list[str]) -> None:
        """Say who is in which state, what came, and what the state would take."""
        would = ", ".join(takes) if takes else "nothing more"
        super().__init__(
            f"{who} is {state}, which has no place for {fact}; it takes {would}"
        )
        self.who = who
        self.state = state
        self.fact = fact
        self.takes = takes


class NotInHand(AcdError):
    """An agent asked something of a call that is not theirs just now."""

    def __init__(self, call_id: str, agent_id: str) -> None:
        """Say whose call it is not."""
        super().__init__(
            f"call {call_id!r}: is not in the hands of agent {agent_id!r}; "
            "GET /agents/{agent_id} tells the call that is"
        )
        self.call_id = call_id
        self.agent_id = agent_id


class ControlPending(AcdError):
    """Something else is being done with a call in hand."""

    def __init__(self, call_id: str, what: str) -> None:
        """Say what."""
        super().__init__(
            f"call {call_id!r}: {what} is being done; ask again when it is"
        )
        self.call_id = call_id
        self.what = what


class NotControlled(AcdError):
    """A call in hand is so that what was asked cannot be done with it."""

    def __init__(self, call_id: str, why: str) -> None:
        """Say why."""
        super().__init__(f"call {call_id!r}: {why}")
        self.call_id = call_id
        self.why = why


class TransferLoops(AcdError):
    """A transfer would bring a caller to where they were already."""

    def __init__(self, call_id: str, why: str) -> None:
        """Say how."""
        super().__init__(f"call {call_id!r}: {why}; help the caller, or ask for help")
        self.call_id = call_id
        self.why = why


class UnreadableEstimates(AcdError):
    """Estimates were told that are no sums of calls."""

    def __init__(self) -> None:
        """Say what would do."""
        super().__init__(
            "estimates: their sums cannot be read; tieline estimates rebuild makes "
            "them anew"
        )
