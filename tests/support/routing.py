"""The rules of routing in their plainest form, without any index."""

from datetime import datetime

from acd.core.calls import Call
from acd.core.floor import Floor
from acd.policy import AgentProfile, Step
from acd.routing.classes import class_at


def can_serve(floor: Floor, agent: AgentProfile, call: Call) -> bool:
    """Tell whether an agent qualifies for a step that a call has reached."""
    assert call.queue_id is not None
    steps = floor.policy.queues[call.queue_id].steps[: call.step + 1]
    return any(meets(step, agent, call) for step in steps)


def meets(step: Step, agent: AgentProfile, call: Call) -> bool:
    """Tell whether an agent is one of a step's."""
    if step.agents and agent.agent_id not in step.agents:
        return False
    here, there = call.place, agent.place
    if step.region != "any" and here.province != "-":
        if there.province not in ("-", here.province):
            return False
        is_of_unit = step.region == "unit" and here.unit != "-"
        if is_of_unit and there.unit not in ("-", here.unit):
            return False
    if not step.agents and not call.skills <= agent.skills:
        return False
    return all(agent.levels.get(skill, 0) >= n for skill, n in step.needs.items())


def goes_before(floor: Floor, one: Call, other: Call, now: datetime) -> bool:
    """Tell whether a call must be offered before another, whatever the rule is."""
    first, then = _class_of(floor, one, now), _class_of(floor, other, now)
    if first != then:
        return first > then
    assert one.queued_at is not None
    assert other.queued_at is not None
    return one.queue_id == other.queue_id and one.queued_at < other.queued_at


def _class_of(floor: Floor, call: Call, now: datetime) -> tuple[int, bool, int]:
    assert call.queue_id is not None
    assert call.queued_at is not None
    waited_s = max(0.0, (now - call.queued_at).total_seconds())
    return class_at(floor.policy.queues[call.queue_id], call.call_class, waited_s)
