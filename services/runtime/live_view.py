"""The engine's floor in the form in which the live streams tell of it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.floor import Floor
from acd.vocabulary.ids import AgentId, CallId
from acd.vocabulary.states import CallState
from services.live.picture import AgentNow, CallNow, Picture, QueueNow


class LiveView:
    """Implements ``services.live.picture.Floor``."""

    def __init__(self, floor: Floor, *, now: Callable[[], datetime]) -> None:
        """Look at a floor; who never moved is so since now."""
        self._floor = floor
        self._now = now
        self._started_at = now()

    def picture(self) -> Picture:
        """Return all of it, after the last turn."""
        floor = self._floor
        queues = sorted(floor.policy.queues.items())
        return Picture(
            at=self._now(),
            agents=[self._agent(agent) for _, agent in sorted(floor.agents.items())],
            queues=[
                QueueNow(queue_id=queue_id, name=queue.name, place=queue.place)
                for queue_id, queue in queues
            ],
            calls=[self._call(call) for call in floor.calls.values()],
        )

    def picture_of(self, agent_id: AgentId, calls: Iterable[CallId]) -> Picture:
        """Return one agent and those of the calls that live; nobody if unknown."""
        agent = self._floor.agents.get(agent_id)
        living = (self._floor.calls.get(call_id) for call_id in calls)
        return Picture(
            at=self._now(),
            agents=[] if agent is None else [self._agent(agent)],
            queues=[],
            calls=[self._call(call) for call in living if call is not None],
        )

    def _agent(self, agent: Agent) -> AgentNow:
        return AgentNow(
            agent_id=agent.profile.agent_id,
            name=agent.profile.name,
            place=agent.profile.place,
            is_on_page=agent.is_on_page,
            state=agent.state,
            reason=agent.reason,
            call_id=agent.call_id,
            since=agent.since or self._started_at,
            wants_not_ready=agent.wants_not_ready,
            wants_sign_out=agent.wants_sign_out,
            wrap_up_until=agent.wrap_up_until,
        )

    def _call(self, call: Call) -> CallNow:
        offer = self._floor.offers.get(call.offer_id) if call.offer_id else None
        return CallNow(
            call_id=call.call_id,
            place=call.place,
            state=call.state,
            number=call.number,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
            queue_id=call.queue_id,
            agent_id=offer.agent_id if offer is not None else call.agent_id,
            offer_id=call.offer_id,
            offered_at=(
                offer.started_at
                if offer is not None and call.state is CallState.OFFERED
                else None
            ),
            arrived_at=call.arrived_at,
            queued_at=call.queued_at,
            connected_at=call.connected_at,
        )
