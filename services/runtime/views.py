"""What the engine knows, in the form in which the HTTP edge shows it."""

from datetime import datetime

from acd.core.agents import Agent
from acd.core.calls import Call
from services.api.ports import AgentView, CallView


def agent_view(agent: Agent, *, started_at: datetime) -> AgentView:
    """Show an agent.

    Args:
        agent: The agent.
        started_at: When the engine began: who never moved is so since then.
    """
    profile = agent.profile
    return AgentView(
        agent_id=profile.agent_id,
        name=profile.name,
        state=agent.state,
        reason=agent.reason,
        device_id=agent.device_id,
        skills=tuple(sorted(profile.skills)),
        call_id=agent.call_id,
        offer_id=agent.offer_id,
        since=agent.since or started_at,
        place=profile.place,
    )


def call_view(call: Call, *, now: datetime) -> CallView:
    """Show a live call."""
    waited_until = call.connected_at or now
    return CallView(
        call_id=call.call_id,
        state=call.state,
        number=call.number,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        queue_id=call.queue_id,
        agent_id=call.agent_id,
        sip_call_id=call.sip_call_id,
        arrived_at=call.arrived_at,
        queued_at=call.queued_at,
        connected_at=call.connected_at,
        ended_at=None,
        ended_by=call.ended_by,
        close_reason=None,
        waited_s=_seconds(call.queued_at, waited_until),
        talked_s=_seconds(call.connected_at, now),
        place=call.place,
    )


def _seconds(start: datetime | None, end: datetime) -> float | None:
    return None if start is None else (end - start).total_seconds()
