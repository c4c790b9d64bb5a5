"""Another floor put in place while calls go on: nobody who waits is lost or moved."""

from collections.abc import Iterator
from dataclasses import replace

from acd.core import steps
from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.floor import Floor
from acd.core.turn import Turn
from acd.policy import AgentProfile, FloorPolicy
from acd.policy_form import from_text
from acd.vocabulary.agent_facts import AgentSignedOut
from acd.vocabulary.floor_facts import FloorPublished, QueueClosed
from acd.vocabulary.ids import AgentId, QueueId
from acd.vocabulary.offer_facts import CallClosed
from acd.vocabulary.states import AgentState, CallState

_WITH_A_CALL = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)
_BEFORE_AN_AGENT = (
    CallState.QUEUED,
    CallState.OFFERED,
    CallState.CONNECTING,
    CallState.OPEN,
)


def publish(floor: Floor, turn: Turn, fact: FloorPublished) -> bool:
    """Put a published policy in place; return False when it is in place already.

    A queue that is not in it stays, for those who are on their way to it, until it is
    empty. An agent who is not in it finishes the call in hand, then is signed out.

    Raises:
        PolicyUnreadable: The fact tells no policy; nothing changed.
    """
    new = replace(from_text(fact.policy), version=str(fact.version))
    before = floor.policy
    if new == _without_closing(floor):
        return False
    for queue_id in before.queues.keys() - new.queues.keys():
        floor.closing.setdefault(queue_id, turn.at)
    for queue_id in new.queues:
        floor.closing.pop(queue_id, None)
    closing = {it: before.queues[it] for it in floor.closing}
    for agent_id, profile in new.agents.items():
        _take_on(floor, agent_id, profile)
    floor.agents = dict(sorted(floor.agents.items()))
    floor.put_policy(replace(new, queues={**new.queues, **closing}))
    for call in floor.calls.values():
        if call.state in steps.WAITS and _has_other_steps(call, before, floor.policy):
            steps.resume(floor, call, turn.at)
    for agent_id in floor.agents.keys() - new.agents.keys():
        _let_go(floor, turn, floor.agents[agent_id])
    return True


def settle(floor: Floor, turn: Turn) -> None:
    """Drop queues that have become empty, and agents who have finished."""
    if floor.closing and any(
        isinstance(fact, CallClosed | FloorPublished) for fact in turn.facts
    ):
        _close_empty(floor, turn)
    for agent_id in [*floor.leaving]:
        if floor.agents[agent_id].state is AgentState.SIGNED_OUT:
            _drop_if_free(floor, agent_id)


def callers_of(floor: Floor, queue_id: QueueId) -> list[Call]:
    """Return the calls that wait in a queue for an agent, in no order."""
    return [
        call
        for call in floor.calls.values()
        if call.queue_id == queue_id and call.state in _BEFORE_AN_AGENT
    ]


def taken_out(floor: Floor, policy: FloorPolicy) -> Iterator[tuple[QueueId, int]]:
    """Yield the queues that another policy has not, and how many wait in each."""
    for queue_id in floor.policy.queues:
        if queue_id not in policy.queues and queue_id not in floor.closing:
            yield queue_id, len(callers_of(floor, queue_id))


def _has_other_steps(call: Call, before: FloorPolicy, now: FloorPolicy) -> bool:
    if call.queue_id is None:
        return False
    was, is_now = before.queues.get(call.queue_id), now.queues[call.queue_id]
    return was is None or was.steps != is_now.steps


def _without_closing(floor: Floor) -> FloorPolicy:
    queues = floor.policy.queues.items()
    kept = {it: queue for it, queue in queues if it not in floor.closing}
    return replace(floor.policy, queues=kept)


def _take_on(floor: Floor, agent_id: AgentId, profile: AgentProfile) -> None:
    agent = floor.agents.get(agent_id)
    if agent is None:
        floor.agents[agent_id] = Agent(profile)
        return
    if floor.leaving.pop(agent_id, False):
        agent.wants_sign_out = False
    agent.profile = profile


def _let_go(floor: Floor, turn: Turn, agent: Agent) -> None:
    agent_id = agent.profile.agent_id
    if agent_id in floor.leaving:
        return
    is_ours = agent.state in _WITH_A_CALL and not agent.wants_sign_out
    floor.leaving[agent_id] = is_ours
    if agent.state in _WITH_A_CALL:
        agent.wants_sign_out = True
    elif agent.state is not AgentState.SIGNED_OUT:
        floor.move_agent(turn, agent, AgentSignedOut)


def _close_empty(floor: Floor, turn: Turn) -> None:
    calls = floor.calls.values()
    wanted = {call.queue_id for call in calls}
    wanted |= {call.moving.to_queue for call in calls if call.moving is not None}
    in_flows = [c for c in floor.calls.values() if c.state is CallState.IN_FLOW]
    # Who walked a flow when the floor was published may still come to any of them.
    oldest = min((call.arrived_at for call in in_flows), default=None)
    for queue_id, since in [*floor.closing.items()]:
        if queue_id in wanted or (oldest is not None and oldest <= since):
            continue
        place = floor.policy.queues[queue_id].place
        del floor.closing[queue_id]
        turn.facts.append(QueueClosed(at=turn.at, place=place, queue_id=queue_id))
    left = floor.policy.queues.items()
    known = {f.queue_id for f in turn.facts if isinstance(f, QueueClosed)}
    if known:
        kept = {it: queue for it, queue in left if it not in known}
        floor.put_policy(replace(floor.policy, queues=kept))


def _drop_if_free(floor: Floor, agent_id: AgentId) -> None:
    """Forget an agent, once no leg of theirs is left that could tell something."""
    if all(offer.agent_id != agent_id for offer in floor.offers.values()):
        del floor.leaving[agent_id]
        floor.forget_agent(agent_id)
