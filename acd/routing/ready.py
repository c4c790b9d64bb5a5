"""Who is ready, in order of choice: what it costs is flat in how many there are.

Each pool keeps its ready agents in a sorted list. It is short, since a pool has one
step's agents in it; and where ten thousand stand in one list, finding a place takes
fourteen comparisons, and moving what lies behind it some microseconds.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from acd.policy import AgentProfile
from acd.routing.census import Census
from acd.routing.choose_agent import Job, Scoring
from acd.routing.pools import Pool
from acd.routing.requirements import Lack, Requirement
from acd.routing.standing import Standing
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState

_ID = itemgetter(2)
"""Of a pool's entry whose it is."""


class ReadyIndex:
    """Ready agents, by pools; a pool is made when a call first needs it."""

    def __init__(self, scoring: Scoring) -> None:
        """Begin with nobody on the floor."""
        self.scoring = scoring
        self.pools: dict[Job, Pool] = {}
        self._profiles: dict[AgentId, AgentProfile] = {}
        self.census = Census()
        self._standing: dict[AgentId, Standing] = {}
        self._pools_of: dict[AgentId, list[Pool]] = {}
        self._revision = scoring.estimates.revision

    def __len__(self) -> int:
        """Return how many are ready."""
        return len(self._standing)

    def __iter__(self) -> Iterator[Standing]:
        """Yield who is ready, the longest idle first."""
        every = self._standing.values()
        return iter(
            sorted(every, key=lambda it: (it.ready_since_s, it.profile.agent_id))
        )

    def __getitem__(self, agent_id: AgentId) -> Standing:
        """Return the spell of an agent who is ready."""
        return self._standing[agent_id]

    def __contains__(self, agent_id: AgentId) -> bool:
        """Tell whether an agent is ready."""
        return agent_id in self._standing

    def begin(self, agents: Mapping[AgentId, tuple[AgentProfile, AgentState]]) -> None:
        """Begin anew with a floor's agents and their states; none is ready yet."""
        self._profiles = {it: profile for it, (profile, _) in agents.items()}
        self.census.begin({it: state for it, (_, state) in agents.items()})
        self._pools_of = {it: [] for it in agents}
        self._standing.clear()
        self.pools.clear()

    def forget(self, agent_id: AgentId) -> None:
        """Drop an agent who is not of the floor any more."""
        self.remove(agent_id)
        del self._profiles[agent_id], self._pools_of[agent_id]
        self.census.forget(agent_id)

    def pool(self, job: Job, later: Iterable[Job] = ()) -> Pool:
        """Return the pool of a job.

        Args:
            job: A step of a queue, for calls of one place.
            later: Its later steps: who qualifies for one of them lacks only that.
        """
        found = self.pools.get(job)
        if found is None:
            found = self.pools[job] = self._made(job, [it.requirement for it in later])
        return found

    def _made(self, job: Job, later: list[Requirement]) -> Pool:
        pool = Pool(job, self.scoring.score(job))
        for agent_id, profile in self._profiles.items():
            lack = job.requirement.lack(profile)
            if lack is None:
                pool.members |= self.census.bit(agent_id)
                self._pools_of[agent_id].append(pool)
                standing = self._standing.get(agent_id)
                if standing is not None:
                    self._put(pool, standing)
            elif any(it.lack(profile) is None for it in later):
                pool.lacking[Lack.STEP] += 1
            else:
                pool.lacking[lack] += 1
        return pool

    def pools_of(self, agent_id: AgentId) -> list[Pool]:
        """Return the pools that an agent is in."""
        return self._pools_of[agent_id]

    def move(self, agent_id: AgentId, state: AgentState) -> None:
        """Note an agent's state; who is ready is told by ``add`` and ``remove``."""
        self.census.move(agent_id, state)

    def add(self, standing: Standing) -> None:
        """Take in who has become ready; who is so already stands anew."""
        agent_id = standing.profile.agent_id
        self.remove(agent_id)
        self._standing[agent_id] = standing
        for pool in self._pools_of[agent_id]:
            self._put(pool, standing)

    def remove(self, agent_id: AgentId) -> None:
        """Take out who is not ready any more; nothing happens when nobody is."""
        if self._standing.pop(agent_id, None) is not None:
            for pool in self._pools_of[agent_id]:
                entry = pool.own.pop(agent_id)[0]
                del pool.line[bisect_left(pool.line, entry)]

    def in_order(self, pool: Pool) -> Iterator[Standing]:
        """Yield who is ready in a pool, the best first; the index must stand still."""
        if self.scoring.estimates.revision != self._revision:
            self.reorder()
        return map(self._standing.__getitem__, map(_ID, pool.line))

    def reorder(self) -> None:
        """Order all pools anew: what everybody's scores are made of is another."""
        self._revision = self.scoring.estimates.revision
        self.scoring.forget()
        for pool in self.pools.values():
            agents = [self._standing[agent_id] for agent_id in pool.own]
            pool.line.clear()
            for agent in agents:
                self._put(pool, agent)

    def _put(self, pool: Pool, agent: Standing) -> None:
        agent_id = agent.profile.agent_id
        key, then, terms = pool.score(agent)
        entry = key, then, agent_id
        pool.own[agent_id] = entry, terms
        insort(pool.line, entry)
