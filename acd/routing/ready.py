"""Who is ready, in order of choice: what it costs is flat in how many there are."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from acd.policy import AgentProfile
from acd.routing.choose_agent import Job, Scoring
from acd.routing.pools import Entry, Pool
from acd.routing.requirements import Lack, Requirement
from acd.routing.standing import Standing
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState

STALE_SHARE = 4
"""A heap is cleaned when it has so many times as many entries as agents in it."""
_SMALL = 32


class ReadyIndex:
    """Ready agents, by pools; a pool is made when a call first needs it."""

    def __init__(self, scoring: Scoring) -> None:
        """Begin with nobody on the floor."""
        self.scoring = scoring
        self.pools: dict[Job, Pool] = {}
        self._profiles: dict[AgentId, AgentProfile] = {}
        self._states: dict[AgentId, AgentState] = {}
        self._standing: dict[AgentId, Standing] = {}
        self._pools_of: dict[AgentId, list[Pool]] = {}
        self._mark = 0
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
        self._states = {it: state for it, (_, state) in agents.items()}
        self._pools_of = {it: [] for it in agents}
        self._standing.clear()
        self.pools.clear()

    def forget(self, agent_id: AgentId) -> None:
        """Drop an agent who is not of the floor any more."""
        self.remove(agent_id)
        del self._profiles[agent_id]
        state = self._states.pop(agent_id)
        for pool in self._pools_of.pop(agent_id):
            pool.states[state] -= 1

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
        pool = Pool(job)
        for agent_id, profile in self._profiles.items():
            lack = job.requirement.lack(profile)
            if lack is None:
                pool.states[self._states[agent_id]] += 1
                self._pools_of[agent_id].append(pool)
                standing = self._standing.get(agent_id)
                if standing is not None:
                    pool.ready += 1
                    pool.heap.append(self._entry(pool, standing))
            elif any(it.lack(profile) is None for it in later):
                pool.lacking[Lack.STEP] += 1
            else:
                pool.lacking[lack] += 1
        heapify(pool.heap)
        return pool

    def pools_of(self, agent_id: AgentId) -> list[Pool]:
        """Return the pools that an agent is in."""
        return self._pools_of[agent_id]

    def move(self, agent_id: AgentId, state: AgentState) -> None:
        """Note an agent's state; who is ready is told by ``add`` and ``remove``."""
        before = self._states[agent_id]
        if before is not state:
            self._states[agent_id] = state
            for pool in self._pools_of[agent_id]:
                pool.states[before] -= 1
                pool.states[state] += 1

    def add(self, standing: Standing) -> None:
        """Take in who has become ready; again is as once."""
        agent_id = standing.profile.agent_id
        is_new = agent_id not in self._standing
        self._mark += 1
        standing.mark = self._mark
        self._standing[agent_id] = standing
        for pool in self._pools_of[agent_id]:
            pool.ready += is_new
            heappush(pool.heap, self._entry(pool, standing))
            if len(pool.heap) > STALE_SHARE * pool.ready + _SMALL:
                self._clean(pool)

    def remove(self, agent_id: AgentId) -> None:
        """Take out who is not ready any more; nothing happens when nobody is."""
        if self._standing.pop(agent_id, None) is not None:
            for pool in self._pools_of[agent_id]:
                pool.ready -= 1

    def in_order(self, pool: Pool) -> Iterator[Standing]:
        """Yield who is ready in a pool, the best first; the index must stand still."""
        if self.scoring.estimates.revision != self._revision:
            self.reorder()
        heap, standing = pool.heap, self._standing
        while heap:
            *_, agent_id, mark = heap[0]
            first = standing.get(agent_id)
            if first is not None and first.mark == mark:
                break
            heappop(heap)
        front = [(heap[0], 0)] if heap else []
        while front:
            entry, place = heappop(front)
            agent = standing.get(entry[2])
            if agent is not None and agent.mark == entry[3]:
                yield agent
            below = 2 * place + 1
            front_of = heap[below : below + 2]
            for nth, other in enumerate(front_of, below):
                heappush(front, (other, nth))

    def reorder(self) -> None:
        """Order all pools anew: what everybody's scores are made of is another."""
        self._revision = self.scoring.estimates.revision
        for pool in self.pools.values():
            self._clean(pool)

    def _clean(self, pool: Pool) -> None:
        standing, is_of = self._standing, pool.heap
        live = {
            entry[2]: standing[entry[2]]
            for entry in is_of
            if entry[2] in standing and standing[entry[2]].mark == entry[3]
        }
        pool.heap = [self._entry(pool, agent) for agent in live.values()]
        heapify(pool.heap)

    def _entry(self, pool: Pool, agent: Standing) -> Entry:
        key, then = self.scoring.key(pool.job, agent)
        return key, then, agent.profile.agent_id, agent.mark
