"""Who is ready and who waits, kept in the order in which routing decides."""

from collections.abc import Mapping
from math import log

from acd.core.agents import AT_WORK, OCCUPANCY_TIME, Agent
from acd.core.calls import Call
from acd.policy import FloorPolicy
from acd.routing.choose_agent import Job, Scoring
from acd.routing.choose_call import CallChoice
from acd.routing.pools import Pool
from acd.routing.quality import Quality
from acd.routing.ready import ReadyIndex
from acd.routing.requirements import requirements
from acd.routing.standing import Estimates, Standing
from acd.routing.waiting import Waiting, WaitingIndex
from acd.vocabulary.ids import AgentId, CallId, Place, QueueId, SkillId
from acd.vocabulary.states import AgentState

_MILLION = 1_000_000
"""Occupancies are summed in whole millionths: a sum is the same in whatever order."""
_LEAST_OCCUPANCY = 1e-9

Jobs = tuple[Job, ...]
Pools = tuple[Pool, ...]


class Lines:
    """The two indexes, and what has changed in them since calls were last matched."""

    def __init__(self, policy: FloorPolicy, estimates: Estimates) -> None:
        """Begin with nobody on the floor, and nobody's quality known."""
        self.scoring = Scoring(estimates, Quality())
        self.ready = ReadyIndex(self.scoring)
        self.waiting = WaitingIndex()
        self.calls = CallChoice(policy.order, self.waiting, self.scoring.estimates)
        self.freed: dict[AgentId, None] = {}
        """Who has become ready, and may take a call that waits."""
        self.entered: dict[CallId, None] = {}
        """Calls that wait anew, or for more agents than before."""
        self.held: frozenset[QueueId | None] = frozenset()
        """Queues whose callers the switch serves: their agents are kept for it."""
        self.is_unsettled = True
        """Whether a call may wait for whom it need not wait any more."""
        self._policy = policy
        self._jobs: dict[tuple[QueueId, frozenset[SkillId], Place], Jobs] = {}
        self._pools: dict[tuple[QueueId, frozenset[SkillId], Place, int], Pools] = {}
        self._at_work: dict[AgentId, int] = {}
        self._occupied = 0

    def begin(self, policy: FloorPolicy, agents: Mapping[AgentId, Agent]) -> None:
        """Take in a floor as it is now; who waits is told by ``enter`` again."""
        self._policy = policy
        self._jobs.clear()
        self._pools.clear()
        self.waiting = WaitingIndex()
        self.calls = CallChoice(policy.order, self.waiting, self.scoring.estimates)
        self.freed.clear()
        self.entered.clear()
        self.is_unsettled = True
        self.ready.begin(
            {it: (agent.profile, agent.state) for it, agent in agents.items()}
        )
        for agent in agents.values():
            self.move(agent)

    def move(self, agent: Agent) -> None:
        """Take in an agent's state."""
        agent_id = agent.profile.agent_id
        self.ready.move(agent_id, agent.state)
        self._count(agent_id, agent)
        is_offered = agent.state is AgentState.READY and agent.penalty_until is None
        if is_offered and agent.ready_since is not None:
            self.ready.add(_standing(agent))
            self.freed[agent_id] = None
        else:
            self.ready.remove(agent_id)

    def forget(self, agent_id: AgentId) -> None:
        """Drop an agent who has left the floor."""
        self.ready.forget(agent_id)
        self._occupied -= self._at_work.pop(agent_id, 0)

    def mean_occupancy(self) -> float | None:
        """Return the mean of those at work, each as of their last change.

        None where nobody is.
        """
        if not self._at_work:
            return None
        return self._occupied / _MILLION / len(self._at_work)

    def enter(self, call: Call) -> None:
        """Put a call to its place; who waits already, by the step it has reached."""
        if call.queue_id is None or call.queued_at is None:
            raise AssertionError(f"call {call.call_id!r} waits in no queue")
        self.waiting.add(
            Waiting(
                call_id=call.call_id,
                queue=self._policy.queues[call.queue_id],
                call_class=call.call_class,
                queued_at_s=call.queued_at.timestamp(),
                pools=self.pools(call),
            )
        )
        self.entered[call.call_id] = None

    def pools(self, call: Call) -> Pools:
        """Return the pools of a queued call's steps so far, the first one first."""
        if call.queue_id is None:
            raise AssertionError(f"call {call.call_id!r} waits in no queue")
        key = call.queue_id, call.skills, call.place, call.step
        found = self._pools.get(key)
        if found is None:
            jobs = self._jobs_of(call.queue_id, call.skills, call.place)
            found = self._pools[key] = tuple(
                self.ready.pool(job, jobs[nth + 1 :])
                for nth, job in enumerate(jobs[: call.step + 1])
            )
        return found

    def _jobs_of(
        self, queue_id: QueueId, skills: frozenset[SkillId], place: Place
    ) -> Jobs:
        key = queue_id, skills, place
        found = self._jobs.get(key)
        if found is None:
            queue = self._policy.queues[queue_id]
            found = self._jobs[key] = tuple(
                Job(
                    queue_id=queue_id,
                    kind=queue.kind,
                    choice=queue.choice,
                    requirement=requirement,
                )
                for requirement in requirements(queue, skills, place)
            )
        return found

    def _count(self, agent_id: AgentId, agent: Agent) -> None:
        self._occupied -= self._at_work.pop(agent_id, 0)
        if agent.state in AT_WORK:
            share = self._at_work[agent_id] = round(agent.occupancy * _MILLION)
            self._occupied += share


def _standing(agent: Agent) -> Standing:
    if agent.ready_since is None or agent.since is None:
        raise AssertionError(f"agent {agent.profile.agent_id!r} was never ready")
    # Occupancy fades alike for all who are idle: its logarithm, with the instant from
    # which it does, orders them for as long as they are.
    occupancy = max(agent.occupancy, _LEAST_OCCUPANCY)
    since_s = agent.since.timestamp()
    return Standing(
        profile=agent.profile,
        ready_since_s=agent.ready_since.timestamp(),
        over=agent.over,
        occupancy_key=log(occupancy) + since_s / OCCUPANCY_TIME.total_seconds(),
        last_offers=agent.last_offers,
    )
