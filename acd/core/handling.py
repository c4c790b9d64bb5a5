"""What an agent's handling of a call comes to, and how it is learned."""

from datetime import datetime
from json import loads
from math import isfinite

from acd.core.agents import Agent, Handling
from acd.core.floor import Floor, Offer
from acd.routing.handling_time import HandlingTimes, Known, is_whole
from acd.routing.quality import Outcomes, Quality
from acd.vocabulary.errors import UnreadableEstimates
from acd.vocabulary.estimate_facts import EstimatesRebuilt
from acd.vocabulary.offer_facts import Party

_ROUNDS = 3
"""Components worked out from nothing come near in so many steps."""


def begin(floor: Floor, agent: Agent, offer: Offer, at: datetime) -> None:
    """Caller and agent hear each other."""
    kind = floor.policy.queues[offer.queue_id].kind
    agent.handling = Handling(kind=kind, began_at=at)


def talk_over(agent: Agent, *, by: Party, ended_at: datetime) -> None:
    """The conversation is over; what the agent cut short was not handled whole."""
    handling = agent.handling
    if handling is None:
        return
    handling.talk_s = (ended_at - handling.began_at).total_seconds()
    handling.is_whole = is_whole(handling.talk_s, by)


def learn(floor: Floor, agent: Agent, at: datetime) -> None:
    """Wrap-up is over: take the handling time into the agent's estimate."""
    handling, agent.handling = agent.handling, None
    if handling is None or agent.since is None:
        return
    wrap_up_s = (at - agent.since).total_seconds()
    floor.handling_times.learn(
        agent.profile.agent_id,
        handling.kind,
        handling.talk_s + wrap_up_s,
        at,
        is_whole=handling.is_whole,
    )


def take_rebuilt(floor: Floor, fact: EstimatesRebuilt) -> None:
    """Let what was worked out from the records stand for all that was learned.

    Raises:
        UnreadableEstimates: A sum is not what is written there; nothing changed.
    """
    try:
        sums = [own for told in fact.agents for own in loads(told.sums).values()]
        if not all(isfinite(number) for own in sums for number in own):
            raise ValueError  # noqa: TRY301 - the same as what loads may raise
        calls = sum(own[0] for own in sums)
        agents = tuple((told.agent_id, told.sums) for told in fact.agents)
        times = HandlingTimes(Known(day=fact.day, calls=calls, agents=agents))
        for _ in range(_ROUNDS):
            times.settle()
        known = times.known()
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        raise UnreadableEstimates from None
    floor.handling_times.take(known)
    floor.quality = Quality.of(
        {
            told.agent_id: Outcomes(
                calls=told.calls,
                repeats=told.repeats,
                cut=told.cut,
                rated=told.rated,
                dissatisfied=told.dissatisfied,
            )
            for told in fact.agents
        }
    )
