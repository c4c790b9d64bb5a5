"""What a reader of a stream knows: a snapshot, carried on by the facts after it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acd.vocabulary.states import AgentState
from services.live.picture import WAITING

BUSY = frozenset({AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP})
"""States in which an agent's wish has to wait."""

Told = Mapping[str, Any]
"""A JSON object."""
_Row = dict[str, Any]


class GapFound(Exception):
    """A fact's number does not follow the one before: ask for a new snapshot."""

    def __init__(self, *, expected: int, found: object) -> None:
        """Say which number was due, and which came."""
        super().__init__(f"stream: fact {expected} is due, got {found!r}; connect anew")
        self.expected = expected
        self.found = found


class Board:
    """Agents, queues and calls by id, each as a snapshot tells of it."""

    def __init__(self) -> None:
        """Begin knowing nothing; the first message is a snapshot."""
        self.stream = ""
        self.seq = 0
        """The number of the last fact taken in."""
        self.at = ""
        """When the last snapshot was taken."""
        self.is_whole = False
        """Whether a snapshot was taken in to its last part."""
        self.agents: dict[str, _Row] = {}
        self.calls: dict[str, _Row] = {}
        self._queues: dict[str, _Row] = {}

    def take(self, message: Told) -> None:
        """Take in one message.

        Raises:
            GapFound: It is not the next one; nothing changed.
        """
        if message["kind"] == "snapshot":
            self._begin(message)
            return
        for fact in message["facts"]:
            if fact["seq"] != self.seq + 1:
                raise GapFound(expected=self.seq + 1, found=fact["seq"])
            self.seq += 1
            if fold := _FOLDS.get(fact["kind"]):
                fold(self, fact)

    def queues(self) -> list[_Row]:
        """Return the queues with who waits in each, by id."""
        waiting: dict[str, list[str]] = {}
        for call in self.calls.values():
            if call["state"] in WAITING and call["queue_id"] is not None:
                waiting.setdefault(call["queue_id"], []).append(call["queued_at"])
        return [
            {
                **queue,
                "waiting": len(waiting.get(queue_id, ())),
                "oldest_at": min(waiting.get(queue_id, ()), default=None),
            }
            for queue_id, queue in sorted(self._queues.items())
        ]

    def _begin(self, part: Told) -> None:
        if part["part"] == 1:
            self.stream, self.seq, self.at = part["stream"], part["seq"], part["at"]
            self.agents, self.calls, self._queues = {}, {}, {}
        self.is_whole = part["part"] == part["parts"]
        self.agents |= _by("agent_id", part["agents"])
        self.calls |= _by("call_id", part["calls"])
        self._queues |= _by("queue_id", part["queues"])


def _by(key: str, rows: Iterable[Told]) -> dict[str, _Row]:
    return {row[key]: dict(row) for row in rows}


def _arrived(board: Board, fact: Told) -> None:
    board.calls[fact["call_id"]] = {
        "call_id": fact["call_id"],
        "province": fact["province"],
        "unit": fact["unit"],
        "state": "in_flow",
        "number": fact["number"],
        "caller_number": fact["caller_number"],
        "caller_name": fact["caller_name"],
        "queue_id": None,
        "agent_id": None,
        "offer_id": None,
        "offered_at": None,
        "arrived_at": fact["at"],
        "queued_at": None,
        "connected_at": None,
    }


def _opened(board: Board, fact: Told) -> None:
    if fact["call_id"] not in board.calls:
        _arrived(board, fact)
    call = board.calls[fact["call_id"]]
    told = {"arrived_at": fact["arrived_at"], "queued_at": fact["queued_at"]}
    # What was known before of a call stands.
    known = {name: call[name] for name in told if call["state"] != "in_flow"}
    queue = {"queue_id": fact["queue_id"] or call["queue_id"]}
    _call(board, fact, state="open", **(told | queue | known))


def _queued(board: Board, fact: Told) -> None:
    since = fact.get("since") or fact["at"]
    _call(board, fact, state="queued", queue_id=fact["queue_id"], queued_at=since)


def _left_line(board: Board, fact: Told) -> None:
    _call(board, fact, state="in_flow", queue_id=None, queued_at=None)


def _offered(board: Board, fact: Told) -> None:
    told = {"agent_id": fact["agent_id"], "offer_id": fact["offer_id"]}
    _call(board, fact, state="offered", offered_at=fact["at"], **told)


def _transferred(board: Board, fact: Told) -> None:
    told = {"queue_id": fact["to_queue"], "connected_at": None}
    _call(board, fact, state="queued", **told, **_NOBODY)


_NOBODY = {"agent_id": None, "offer_id": None, "offered_at": None}


def _back_in_queue(board: Board, fact: Told) -> None:
    _call(board, fact, state="queued", **_NOBODY)


def _connected(board: Board, fact: Told) -> None:
    told = {"agent_id": fact["agent_id"], "connected_at": fact["at"]}
    _call(board, fact, state="talking", offered_at=None, **told)


def _agent(board: Board, fact: Told) -> None:
    agent = board.agents.get(fact["agent_id"])
    if agent is not None:
        _keep_wish(agent, fact["state"])
        told = {name: fact[name] for name in ("state", "reason", "call_id")}
        agent.update(told, since=fact["at"])
        if fact["state"] == AgentState.SIGNED_OUT:
            agent["is_on_page"] = False
        if fact["state"] not in BUSY:
            agent.update(wants_not_ready=None, wants_sign_out=False, wrap_up_until=None)


def _keep_wish(agent: _Row, state: str) -> None:
    """Who was not at work, and gets a call from the open queue, is so after it."""
    if state == AgentState.TALKING and agent["state"] == AgentState.SIGNED_OUT:
        agent["wants_sign_out"] = True
    elif state == AgentState.TALKING and agent["state"] == AgentState.NOT_READY:
        agent["wants_not_ready"] = agent["reason"]


def _wanting(told: Callable[[Told], _Row]) -> Callable[[Board, Told], None]:
    """Return what keeps a wish that has to wait for the end of a call."""

    def fold(board: Board, fact: Told) -> None:
        agent = board.agents.get(fact["agent_id"])
        if agent is not None and agent["state"] in BUSY:
            agent.update(told(fact))

    return fold


def _on_device(board: Board, fact: Told) -> None:
    agent = board.agents.get(fact["agent_id"])
    if agent is not None:
        agent["is_on_page"] = fact["is_on_page"]


def _wrapping_up(board: Board, fact: Told) -> None:
    agent = board.agents.get(fact["agent_id"])
    if agent is not None:
        agent["wrap_up_until"] = fact["until_at"]


def _call(board: Board, fact: Told, **told: object) -> None:
    call = board.calls.get(fact["call_id"])
    if call is not None:
        call.update(told)


def _answered(board: Board, fact: Told) -> None:
    _call(board, fact, state="connecting", offered_at=None)


def _entering(state: str) -> Callable[[Board, Told], None]:
    return lambda board, fact: _call(board, fact, state=state)


def _closed(board: Board, fact: Told) -> None:
    board.calls.pop(fact["call_id"], None)


_FOLDS: Mapping[str, Callable[[Board, Told], None]] = {
    "call_arrived": _arrived,
    "call_queued": _queued,
    "call_left_line": _left_line,
    "open_queue_joined": _opened,
    "offer_started": _offered,
    "offer_answered": _answered,
    "offer_timed_out": _back_in_queue,
    "offer_declined": _back_in_queue,
    "offer_failed": _back_in_queue,
    "offer_withdrawn": _back_in_queue,
    "call_connected": _connected,
    "conversation_ended": _entering("leaving"),
    "call_transferred": _transferred,
    "call_held": _entering("held"),
    "call_taken_back": _entering("talking"),
    "call_closed": _closed,
    "agent_state_entered": _agent,
    "agent_ready": _wanting(
        lambda _: {"wants_not_ready": None, "wants_sign_out": False}
    ),
    "agent_not_ready": _wanting(lambda fact: {"wants_not_ready": fact["reason"]}),
    "agent_signed_out": _wanting(lambda _: {"wants_sign_out": True}),
    "device_chosen": _on_device,
    "wrap_up_started": _wrapping_up,
}
"""What each fact changes; other facts change nothing that a board shows."""
