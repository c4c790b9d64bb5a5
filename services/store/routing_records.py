"""Decisions of routing, as rows."""

from acd.vocabulary.routing_facts import RoutingDecided
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
