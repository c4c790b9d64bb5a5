"""The engine's memory as a value: what a later process needs to go on from here."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.deadlines import Deadline
from acd.core.floor import Floor, Offer, in_order
from acd.policy_form import as_text, from_text
from acd.routing.handling_time import Known
from acd.routing.quality import Quality
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, Place, QueueId
from acd.vocabulary.states import CallState

T = TypeVar("T")

LATE_NEWS = 2_000
"""How many ended legs and closed calls are kept: some minutes of a busy floor. News
that comes later than that comes from a snapshot, which knows no such leg."""


_NOTHING_LEARNED = Known()
_NO_QUALITY = Quality()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """All that counts of a floor at one instant."""

    boot_id: str | None
    is_linked: bool
    alive_at: datetime | None
    agents: tuple[Agent, ...]
    """Who has, or had, a state of their own."""
    calls: tuple[Call, ...]
    offers: tuple[Offer, ...]
    deadlines: tuple[Deadline, ...]
    closed: tuple[tuple[CallId, Place], ...]
    ended_legs: tuple[LegId, ...]
    handling_times: Known = _NOTHING_LEARNED
    quality: Quality = _NO_QUALITY
    policy: str | None = None
    """By what it decided; None: by what it began with, as memories of before tell."""
    closing: tuple[tuple[QueueId, datetime], ...] = ()
    leaving: tuple[tuple[AgentId, bool], ...] = ()


def remember(floor: Floor) -> Remembered:
    """Return what a floor knows.

    Calls, agents and offers are the floor's own: write the value down before the
    engine takes in the next fact.
    """
    return Remembered(
        boot_id=floor.boot_id,
        is_linked=floor.is_linked,
        alive_at=floor.alive_at,
        agents=tuple(a for a in floor.agents.values() if a.since is not None),
        calls=tuple(floor.calls.values()),
        offers=tuple(floor.offers.values()),
        deadlines=floor.deadlines.all(),
        closed=tuple(_newest(floor.closed.items())),
        ended_legs=tuple(_newest(floor.ended_legs)),
        handling_times=floor.handling_times.known(),
        quality=floor.quality,
        policy=_text_of(floor),
        closing=tuple(floor.closing.items()),
        leaving=tuple(floor.leaving.items()),
    )


def restore(floor: Floor, remembered: Remembered) -> None:
    """Let a fresh floor know what another knew.

    What names an agent or a queue that the floor has no more is left out; where the
    switch still has such a call, its snapshot brings it in anew.
    """
    if remembered.policy is not None:
        _decide_as_before(floor, remembered, remembered.policy)
    floor.boot_id, floor.is_linked = remembered.boot_id, remembered.is_linked
    floor.alive_at = remembered.alive_at
    floor.handling_times.take(remembered.handling_times)
    floor.quality = remembered.quality
    left_out = _without_place(floor, remembered)
    for offer in remembered.offers:
        if offer.offer_id not in left_out:
            floor.add_offer(offer)
    for agent in remembered.agents:
        if agent.offer_id not in left_out:
            floor.restore_agent(agent)
    for call in remembered.calls:
        if _has_queue(floor, remembered, call) and call.offer_id not in left_out:
            floor.add_call(call)
            if call.state is CallState.QUEUED:
                floor.queue(call)
    for deadline in remembered.deadlines:
        floor.deadlines.set(deadline)
    floor.closed.update(remembered.closed)
    floor.ended_legs.update(dict.fromkeys(remembered.ended_legs))


def _text_of(floor: Floor) -> str:
    if floor.policy_text is None:
        floor.policy_text = as_text(floor.policy)
    return floor.policy_text


def _decide_as_before(floor: Floor, remembered: Remembered, policy: str) -> None:
    floor.closing, floor.leaving = dict(remembered.closing), dict(remembered.leaving)
    known = from_text(policy)
    profiles = dict(known.agents)
    for agent in remembered.agents:
        # Who leaves is not in the policy any more.
        if agent.profile.agent_id in floor.leaving:
            profiles[agent.profile.agent_id] = agent.profile
    floor.agents = in_order(profiles)
    floor.put_policy(known)


def _without_place(floor: Floor, remembered: Remembered) -> set[OfferId]:
    """Return the offers that a floor of another policy has no place for."""
    if remembered.policy is not None:
        return set()
    agents, queues = floor.agents, floor.policy.queues
    return {
        offer.offer_id
        for offer in remembered.offers
        if offer.agent_id not in agents or offer.queue_id not in queues
    }


def _has_queue(floor: Floor, remembered: Remembered, call: Call) -> bool:
    is_own = remembered.policy is not None
    return is_own or call.queue_id is None or call.queue_id in floor.policy.queues


def _newest(items: Collection[T]) -> Iterator[T]:
    return islice(items, max(0, len(items) - LATE_NEWS), None)
