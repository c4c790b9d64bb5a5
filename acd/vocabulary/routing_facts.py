"""Why a call was given to whom."""

from dataclasses import dataclass

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId, OfferId, QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One agent and the score; the smallest score is chosen."""

    agent_id: AgentId
    score: float
    terms: tuple[float, ...]
    """The score's parts, as ``RoutingDecided.terms`` names them; their sum is it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """How many of the floor's agents were not to be chosen, by the first reason."""

    signed_out: int
    not_ready: int
    reserved: int
    talking: int
    wrap_up: int
    open_queue: int
    """Ready, and wanted by callers whom the switch serves by itself."""
    named: int
    """The step was for others by name."""
    region: int
    skill: int
    level: int
    step: int
    """They would do at a later step, which the call has not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDecided(FactOf):
    """An agent was chosen for a call: by which rule, and before whom."""

    offer_id: OfferId
    call_id: CallId
    queue_id: QueueId
    agent_id: AgentId
    waited_s: float
    step: int
    """The step that the call had reached; the first is 0."""
    by_step: int
    """The step that the agent qualifies by: the first with anybody ready."""
    rule: str
    """By which the agent was chosen."""
    order: str
    """The rule by which calls are chosen."""
    version: str
    """Of the policy; empty where it was never published."""
    terms: tuple[str, ...]
    """What the terms of the scores are called."""
    scored: tuple[Scored, ...]
    """Who was chosen, then up to five runners-up, best first."""
    ready: int
    """How many were ready and qualified."""
    excluded: Excluded
