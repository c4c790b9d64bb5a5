"""Which agent gets a call, and which call gets an agent.

Behind every turn no call waits for whom it need not wait. That was so before the turn:
only who has become ready, and calls that wait anew or for more agents, are looked at.
"""

from collections.abc import Callable

from acd.core import offers
from acd.core.floor import Floor
from acd.core.turn import Turn
from acd.routing.choose_call import Rank
from acd.routing.reason import choose_agent
from acd.routing.standing import Standing
from acd.vocabulary.ids import AgentId, CallId

IsFree = Callable[[Standing], bool]


def match_waiting(floor: Floor, turn: Turn) -> None:
    """Offer waiting calls to ready agents until nobody fits any more."""
    lines = floor.lines
    if floor.in_open_queue or lines.held:
        _note_held(floor)
    if not floor.is_linked:
        lines.freed, lines.entered, lines.is_unsettled = {}, {}, True
        return
    if not (lines.freed or lines.entered or lines.is_unsettled):
        return
    freed, lines.freed = lines.freed, {}
    entered, lines.entered = lines.entered, {}
    is_settled, lines.is_unsettled = not lines.is_unsettled, False
    if not lines.waiting or not lines.ready:
        return
    is_free = _is_free(floor) if lines.held else None
    # Where several came in one turn, whoever goes before the others has the first pick
    # of all of them.
    if not is_settled or len(freed) + len(entered) > 1:
        _match_all(floor, turn, is_free)
        return
    for agent_id in freed:
        _match_agent(floor, turn, agent_id, is_free)
    for call_id in entered:
        if call_id in lines.waiting:
            _match_call(floor, turn, call_id, is_free)


def _note_held(floor: Floor) -> None:
    """Note whose agents are kept for callers in the open queue."""
    lines = floor.lines
    held = frozenset(call.queue_id for call in floor.in_open_queue.values())
    if held != lines.held:
        lines.held, lines.is_unsettled = held, True


def _is_free(floor: Floor) -> IsFree:
    """Return what tells whether an agent is wanted by no caller in the open queue."""
    held, queues_of = floor.lines.held, floor.queues_of
    return lambda agent: held.isdisjoint(queues_of[agent.profile.agent_id])


def _match_call(
    floor: Floor, turn: Turn, call_id: CallId, is_free: IsFree | None
) -> bool:
    """Offer a waiting call to the best agent; return False when there is none."""
    call = floor.calls[call_id]
    lines = floor.lines
    chosen = choose_agent(
        lines.ready, lines.pools(call), turn.at.timestamp(), is_free=is_free
    )
    if chosen is not None:
        offers.start(floor, turn, call, chosen)
    return chosen is not None


def _match_agent(
    floor: Floor, turn: Turn, agent_id: AgentId, is_free: IsFree | None
) -> None:
    """Let who has become ready choose a call, until somebody gave them one."""
    lines = floor.lines
    while agent_id in lines.ready:
        if is_free is not None and not is_free(lines.ready[agent_id]):
            return
        pools = lines.ready.pools_of(agent_id)
        groups = (group for pool in pools for group in pool.waiting.values())
        call_id = lines.calls.choose(groups, agent_id, turn.at.timestamp())
        if call_id is None or not _match_call(floor, turn, call_id, is_free):
            return


def _match_all(floor: Floor, turn: Turn, is_free: IsFree | None) -> None:
    """Match everybody, as after a time in which no offer could be made."""
    while (first := _first_served(floor, turn, is_free)) is not None:
        _match_call(floor, turn, first, is_free)


def _first_served(floor: Floor, turn: Turn, is_free: IsFree | None) -> CallId | None:
    """Return the first of the calls for whom somebody is ready, or None."""
    lines, now_s = floor.lines, turn.at.timestamp()
    places: list[Rank] = []
    for group in lines.waiting.groups:
        agent = next(
            (
                agent
                for pool in group.pools
                for agent in lines.ready.in_order(pool)
                if is_free is None or is_free(agent)
            ),
            None,
        )
        if agent is not None:
            places.append(lines.calls.rank(group, agent.profile.agent_id, now_s))
    return min(places)[-1] if places else None
