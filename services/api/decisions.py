"""Why each offer of a call was made to whom, as the HTTP edge shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from acd.vocabulary.routing_facts import RoutingDecided
from services.api.explaining import Language, explained, unexplained
from services.store.routing_records import decision_of

Source = Literal["record", "journal", "replay", "none"]
"""Where a decision is known from; a replay is the engine's second answer."""


class ScoredOut(BaseModel):
    """One agent and the score, with its parts by name."""

    agent_id: str
    score: float
    terms: dict[str, float]


class DecisionOut(BaseModel):
    """One offer and why it was made; what nothing tells is null."""

    offer_id: str
    agent_id: str
    at: datetime | None
    outcome: str | None = None
    source: Source
    sentences: list[str]
    queue_id: str | None = None
    waited_s: float | None = None
    step: int | None = None
    by_step: int | None = None
    rule: str | None = None
    order: str | None = None
    version: str | None = None
    ready: int | None = None
    scored: list[ScoredOut] = []
    excluded: dict[str, int] = {}


class DecisionsOut(BaseModel):
    """The decisions of one call, in order."""

    call_id: str
    decisions: list[DecisionOut]


def decisions_out(
    call_id: str,
    offers: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    language: Language,
) -> DecisionsOut:
    """Show the decisions of a call from its rows, one for each offer."""
    known = {row["offer_id"]: decision_of(row) for row in rows}
    outcomes = {offer["offer_id"]: offer["outcome"] for offer in offers}
    shown = [
        decision_out(known[offer_id], language, "record", outcomes.get(offer_id))
        for offer_id in known
    ]
    shown += [
        DecisionOut(
            offer_id=offer["offer_id"],
            agent_id=offer["agent_id"],
            at=offer["started_at"],
            outcome=offer["outcome"],
            source="none",
            sentences=[unexplained(offer["agent_id"], language)],
        )
        for offer in offers
        if offer["offer_id"] not in known
    ]
    shown.sort(key=lambda it: (it.at is None, it.at))
    return DecisionsOut(call_id=call_id, decisions=shown)


def decision_out(
    it: RoutingDecided,
    language: Language,
    source: Source,
    outcome: str | None = None,
) -> DecisionOut:
    """Show one decision."""
    names = it.terms
    return DecisionOut(
        offer_id=it.offer_id,
        agent_id=it.agent_id,
        at=it.at,
        outcome=outcome,
        source=source,
        sentences=explained(it, language),
        queue_id=it.queue_id,
        waited_s=it.waited_s,
        step=it.step,
        by_step=it.by_step,
        rule=it.rule,
        order=it.order,
        version=it.version,
        ready=it.ready,
        scored=[
            ScoredOut(
                agent_id=one.agent_id,
                score=one.score,
                terms=dict(zip(names, one.terms, strict=True)),
            )
            for one in it.scored
        ],
        excluded=_counts(it),
    )


def _counts(it: RoutingDecided) -> dict[str, int]:
    excluded = it.excluded
    every = {name: getattr(excluded, name) for name in excluded.__slots__}
    return {name: count for name, count in every.items() if count}
