"""Decisions of routing, as rows."""

from collections.abc import Mapping
from typing import Any

from acd.vocabulary.ids import Place
from acd.vocabulary.routing_facts import Excluded, RoutingDecided, Scored
from services.store.changes import RowChanges


def decided(changes: RowChanges, fact: RoutingDecided, _seq: int) -> None:
    """An offer has a row of why it was made to whom."""
    changes.put(
        "routing_decisions",
        (fact.offer_id,),
        fact.place,
        call_id=fact.call_id,
        queue_id=fact.queue_id,
        agent_id=fact.agent_id,
        decided_at=fact.at,
        waited_s=fact.waited_s,
        step=fact.step,
        by_step=fact.by_step,
        rule=fact.rule,
        order_rule=fact.order,
        version=fact.version,
        terms=fact.terms,
        scored=fact.scored,
        ready=fact.ready,
        excluded=fact.excluded,
    )


def decision_of(row: Mapping[str, Any]) -> RoutingDecided:
    """Return the fact that a row was made of."""
    return RoutingDecided(
        at=row["decided_at"],
        place=Place(province=row["province"], unit=row["unit"]),
        offer_id=row["offer_id"],
        call_id=row["call_id"],
        queue_id=row["queue_id"],
        agent_id=row["agent_id"],
        waited_s=row["waited_s"],
        step=row["step"],
        by_step=row["by_step"],
        rule=row["rule"],
        order=row["order_rule"],
        version=row["version"],
        terms=tuple(row["terms"]),
        scored=tuple(
            Scored(
                agent_id=one["agent_id"],
                score=one["score"],
                terms=tuple(one["terms"]),
            )
            for one in row["scored"]
        ),
        ready=row["ready"],
        excluded=Excluded(**row["excluded"]),
    )
