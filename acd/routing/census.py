"""How many of some agents are in which state: counted when asked, cheap when moved.

Each agent is one bit of a whole number. A move changes two numbers, in however many
pools somebody is; a count is an "and" and the number of its ones: some microseconds of
ten thousand agents.
"""

from collections.abc import Mapping

from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState


class Census:
    """The states of all agents of a floor."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._bits: dict[AgentId, int] = {}
        self._states: dict[AgentId, AgentState] = {}
        self._in = dict.fromkeys(AgentState, 0)

    def begin(self, states: Mapping[AgentId, AgentState]) -> None:
        """Begin anew with these agents in these states."""
        self._bits = {agent_id: 1 << nth for nth, agent_id in enumerate(states)}
        self._states = dict(states)
        self._in = dict.fromkeys(AgentState, 0)
        for agent_id, state in states.items():
            self._in[state] |= self._bits[agent_id]

    def forget(self, agent_id: AgentId) -> None:
        """Drop an agent; groups that hold their bit count them no more."""
        self._in[self._states.pop(agent_id)] ^= self._bits.pop(agent_id)

    def move(self, agent_id: AgentId, state: AgentState) -> None:
        """Note an agent's state."""
        before = self._states[agent_id]
        if before is not state:
            bit = self._bits[agent_id]
            self._states[agent_id] = state
            self._in[before] ^= bit
            self._in[state] ^= bit

    def bit(self, agent_id: AgentId) -> int:
        """Return what stands for an agent in a group: groups are joined by "or"."""
        return self._bits[agent_id]

    def count(self, group: int, state: AgentState) -> int:
        """Return how many of a group are in a state."""
        return (group & self._in[state]).bit_count()
