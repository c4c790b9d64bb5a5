"""The words of a stream: facts and snapshots as JSON, callers masked where need be."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import Place
from acd.vocabulary.wire import to_wire
from services.live.picture import WAITING, AgentNow, CallNow, Picture, QueueNow
from services.live.reach import Reach

PART_ITEMS = 100
"""Agents, queues and calls in one message of a snapshot: some 30 KB, so that a reader
who stops in the middle of a large one costs no more."""
PERSONAL = frozenset({"caller_number", "caller_name"})


def fact_text(fact: Fact, *, shows_numbers: bool) -> str:
    """Return a fact in its wire form, as JSON."""
    told = to_wire(fact)
    return _json(told if shows_numbers else _masked(told))


def is_personal(fact: Fact) -> bool:
    """Tell whether a fact tells who calls."""
    return hasattr(fact, "caller_number") or hasattr(fact, "caller_name")


def numbered(texts: Sequence[str], first_seq: int) -> str:
    """Return facts as one message, each with its number in the stream."""
    # Each text is an object with a kind, so that a field can be put before it.
    facts = [f'{{"seq":{n},{text[1:]}' for n, text in enumerate(texts, first_seq)]
    return f'{{"kind":"facts","facts":[{",".join(facts)}]}}'


def snapshot_texts(
    picture: Picture, reach: Reach, *, stream: str, seq: int
) -> tuple[str, ...]:
    """Return a snapshot as messages, in order.

    Args:
        picture: What the reach covers of the floor.
        reach: Whose rights it is for.
        stream: The stream's name.
        seq: The number of the last fact that is in the picture already.
    """
    parts = list(_parts(picture, shows_numbers=reach.shows_numbers))
    head = {
        "kind": "snapshot",
        "stream": stream,
        "seq": seq,
        "at": _instant(picture.at),
    }
    return tuple(
        _json({**head, "part": n, "parts": len(parts), **part})
        for n, part in enumerate(parts, 1)
    )


def _parts(
    picture: Picture, *, shows_numbers: bool
) -> Iterator[Mapping[str, list[dict[str, Any]]]]:
    waiting = _waiting(picture.calls)
    calls = map(call_told, picture.calls)
    items = [("agents", agent_told(agent)) for agent in picture.agents]
    items += [("queues", queue_told(queue, waiting)) for queue in picture.queues]
    items += [("calls", call if shows_numbers else _masked(call)) for call in calls]
    for begin in range(0, max(1, len(items)), PART_ITEMS):
        part: dict[str, list[dict[str, Any]]] = {
            "agents": [],
            "queues": [],
            "calls": [],
        }
        for name, item in items[begin : begin + PART_ITEMS]:
            part[name].append(item)
        yield part


def agent_told(agent: AgentNow) -> dict[str, Any]:
    """Return an agent as a snapshot tells of them."""
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        **_place(agent.place),
        "is_on_page": agent.is_on_page,
        "state": agent.state.value,
        "reason": agent.reason,
        "call_id": agent.call_id,
        "since": _instant(agent.since),
        "wants_not_ready": agent.wants_not_ready,
        "wants_sign_out": agent.wants_sign_out,
        "wrap_up_until": _instant(agent.wrap_up_until),
    }


def queue_told(
    queue: QueueNow, waiting: Mapping[str, Sequence[CallNow]]
) -> dict[str, Any]:
    """Return a queue as a snapshot tells of it, with who waits in it."""
    since = [call.queued_at for call in waiting.get(queue.queue_id, ())]
    return {
        "queue_id": queue.queue_id,
        "name": queue.name,
        **_place(queue.place),
        "waiting": len(since),
        "oldest_at": _instant(
            min((at for at in since if at is not None), default=None)
        ),
    }


def call_told(call: CallNow) -> dict[str, Any]:
    """Return a call as a snapshot tells of it."""
    return {
        "call_id": call.call_id,
        **_place(call.place),
        "state": call.state.value,
        "number": call.number,
        "caller_number": call.caller_number,
        "caller_name": call.caller_name,
        "queue_id": call.queue_id,
        "agent_id": call.agent_id,
        "offer_id": call.offer_id,
        "offered_at": _instant(call.offered_at),
        "arrived_at": _instant(call.arrived_at),
        "queued_at": _instant(call.queued_at),
        "connected_at": _instant(call.connected_at),
    }


def _waiting(calls: Sequence[CallNow]) -> Mapping[str, Sequence[CallNow]]:
    found: dict[str, list[CallNow]] = {}
    for call in calls:
        if call.state in WAITING and call.queue_id is not None:
            found.setdefault(call.queue_id, []).append(call)
    return found


def _place(place: Place) -> dict[str, str]:
    return {"province": place.province, "unit": place.unit}


def _instant(at: datetime | None) -> str | None:
    """Return an instant as facts tell theirs, so that texts can be compared."""
    if at is None:
        return None
    return (
        f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    )


def _masked(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a caller's number its last two digits, and of a name nothing."""
    masked = dict(told)
    for name in PERSONAL & masked.keys():
        masked[name] = f"***{masked[name][-2:]}" if "number" in name else "***"
    return masked


def _json(told: Mapping[str, Any]) -> str:
    try:
        return to_json(told).decode()
    except ValueError:
        # Half a surrogate pair, from a name that was no UTF-8: nobody could read it.
        return to_json(_readable(told)).decode()


def _readable(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {name: _readable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(inner) for inner in value]
    return value
