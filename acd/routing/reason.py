"""A choice of agent with its reason, as it is shown and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from acd.routing.census import Census
from acd.routing.choose_agent import NAMES, TERMS, terms_now
from acd.routing.pools import Pool
from acd.routing.ready import ReadyIndex
from acd.routing.requirements import Lack
from acd.routing.standing import Standing
from acd.vocabulary.ids import AgentId
from acd.vocabulary.routing_facts import Excluded, Scored
from acd.vocabulary.states import AgentState

RUNNERS_UP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Who gets a call, and why."""

    agent_id: AgentId
    by_step: int
    """The step that the agent qualifies by: the first with anybody ready."""
    rule: str
    terms: tuple[str, ...]
    """What the terms of each score are called."""
    scored: tuple[Scored, ...]
    """The winner, then up to five runners-up, best first."""
    ready: int
    """How many were ready and qualified."""
    excluded: Excluded


def choose_agent(
    ready: ReadyIndex,
    pools: tuple[Pool, ...],
    now_s: float,
    *,
    is_free: Callable[[Standing], bool] | None = None,
) -> Chosen | None:
    """Return the best agent of the first step with anybody ready.

    Args:
        ready: Who is ready.
        pools: Those of the call's steps so far, the first one first.
        now_s: In seconds since 1970.
        is_free: Tells of who is ready whether they may be chosen; None: everybody.

    Returns:
        None when nobody is there.
    """
    for step, pool in enumerate(pools):
        if pool.line:
            in_order = ready.in_order(pool)
            if is_free is not None:
                in_order = filter(is_free, in_order)
            best = list(islice(in_order, 1 + RUNNERS_UP))
            if best:
                held_back = 0
                if is_free is not None:
                    held_back = sum(not is_free(it) for it in ready.in_order(pool))
                return _chosen(
                    ready, pool, step, best, now_s=now_s, held_back=held_back
                )
    return None


def _chosen(
    ready: ReadyIndex,
    pool: Pool,
    step: int,
    best: list[Standing],
    *,
    now_s: float,
    held_back: int,
) -> Chosen:
    choice = type(pool.job.choice)
    return Chosen(
        agent_id=best[0].profile.agent_id,
        by_step=step,
        rule=NAMES[choice],
        terms=TERMS[choice],
        scored=tuple([_scored(pool, agent, now_s) for agent in best]),
        ready=len(pool.line) - held_back,
        excluded=_excluded(ready.census, pool, held_back),
    )


def _scored(pool: Pool, agent: Standing, now_s: float) -> Scored:
    agent_id = agent.profile.agent_id
    idle_s = max(0.0, now_s - agent.ready_since_s)
    terms = terms_now(pool.job.choice, pool.own[agent_id][1], idle_s, now_s)
    return Scored(agent_id=agent_id, score=round(sum(terms), 3), terms=terms)


def _excluded(census: Census, pool: Pool, held_back: int) -> Excluded:
    members, lacking = pool.members, pool.lacking
    return Excluded(
        signed_out=census.count(members, AgentState.SIGNED_OUT),
        not_ready=census.count(members, AgentState.NOT_READY),
        reserved=census.count(members, AgentState.RESERVED),
        talking=census.count(members, AgentState.TALKING),
        wrap_up=census.count(members, AgentState.WRAP_UP),
        open_queue=held_back,
        named=lacking[Lack.NAMED],
        region=lacking[Lack.REGION],
        skill=lacking[Lack.SKILL],
        level=lacking[Lack.LEVEL],
        step=lacking[Lack.STEP],
    )
