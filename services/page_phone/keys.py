"""Who may use the telephone in their page: one key for each agent, of one session."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable

from acd.vocabulary.agent_facts import AgentStateEntered
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState


def _nobody() -> None:
    """Tell nobody that a key is over."""


class Key:
    """What opens one agent's telephone for one session."""

    def __init__(self, session: str) -> None:
        """Make one; nobody knew it before."""
        self.session = session
        self.secret = secrets.token_urlsafe(24)
        self.over: Callable[[], None] = _nobody
        """Called when it opens nothing any more, and when another socket takes it."""


class PageKeys:
    """All keys by agent, in memory alone: an engine that starts anew knows none."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_agent: dict[AgentId, Key] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_agent)

    def make(self, agent_id: AgentId, session: str) -> Key:
        """Make an agent's key; the one of before is over, whoever had it."""
        self.end(agent_id)
        key = self._by_agent[agent_id] = Key(session)
        return key

    def of(self, agent_id: AgentId, session: str) -> Key | None:
        """Return the key that a session has, None where it has none."""
        key = self._by_agent.get(agent_id)
        return key if key is not None and key.session == session else None

    def end(self, agent_id: AgentId) -> None:
        """Take an agent's key; who has none keeps none."""
        key = self._by_agent.pop(agent_id, None)
        if key is not None:
            key.over()

    def end_of(self, session: str) -> None:
        """Take the keys of a session that is over."""
        for agent_id in [
            it for it, key in self._by_agent.items() if key.session == session
        ]:
            self.end(agent_id)

    def take(self, facts: Iterable[Fact]) -> None:
        """Take the keys of those who signed out."""
        for fact in facts:
            if (
                isinstance(fact, AgentStateEntered)
                and fact.state is AgentState.SIGNED_OUT
            ):
                self.end(fact.agent_id)


def switch_password(secret: str, user: str) -> str:
    """Return by what a page's telephone is known to the switch.

    Args:
        secret: The instance's own, from which all of them are derived.
        user: The telephone's name.
    """
    made = hmac.new(secret.encode(), user.encode(), hashlib.sha256)
    return made.hexdigest()[:40]
