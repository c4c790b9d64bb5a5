"""The demo as it goes: who waits where, and what the agents do, as a live table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.phone.hotline import AgentSeen, CallSeen

_STATES = ("ready", "reserved", "talking", "wrap_up", "not_ready")
_BAR = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is so at one instant."""

    at: datetime
    calls: Sequence[CallSeen]
    agents: Sequence[AgentSeen]
    ended: int
    """Calls that are over."""
    planned: int
    """Calls in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow:
    """One queue."""

    name: str
    waiting: int
    talking: int
    oldest_s: float
    """Of those who wait; 0 for none."""


def queues_now(moment: Moment, names: Mapping[str, str]) -> list[QueueNow]:
    """Return the queues in which somebody is, busiest first."""
    by_queue: dict[str, list[CallSeen]] = {}
    for call in moment.calls:
        if call.queue_id is not None:
            by_queue.setdefault(call.queue_id, []).append(call)
    rows = [
        _queue_now(names.get(queue_id, queue_id), calls, moment.at)
        for queue_id, calls in by_queue.items()
    ]
    return sorted(rows, key=lambda row: (-row.waiting, -row.talking, row.name))


def _queue_now(name: str, calls: Sequence[CallSeen], now: datetime) -> QueueNow:
    waiting = [call for call in calls if call.state in ("queued", "offered")]
    since = [call.queued_at for call in waiting if call.queued_at]
    oldest_s = (now - min(since)).total_seconds() if since else 0.0
    talking = sum(call.state == "talking" for call in calls)
    return QueueNow(
        name=name, waiting=len(waiting), talking=talking, oldest_s=max(0.0, oldest_s)
    )


def drawn(moment: Moment, names: Mapping[str, str]) -> RenderableType:
    """Draw one moment."""
    counts = Counter(call.state for call in moment.calls)
    began = moment.ended + len(moment.calls)
    head = Text(
        f"{began} of {moment.planned} calls came · {counts['in_flow']} in the menu · "
        f"{counts['queued'] + counts['offered']} waiting · {counts['talking']} talking"
        f" · {moment.ended} over"
    )
    queues = Table("queue", "waiting", "", "oldest", "talking", box=None)
    for row in queues_now(moment, names):
        bar = "█" * min(row.waiting, _BAR)
        queues.add_row(
            row.name, str(row.waiting), bar, f"{row.oldest_s:.0f} s", str(row.talking)
        )
    return Group(head, queues, _agents(moment.agents))


def _agents(agents: Sequence[AgentSeen]) -> Text:
    states = Counter(agent.state for agent in agents)
    told = [f"{states[state]} {state.replace('_', ' ')}" for state in _STATES]
    return Text("agents: " + " · ".join(told))


def in_a_line(moment: Moment) -> str:
    """Tell one moment in one line, for where nothing can be drawn."""
    counts = Counter(call.state for call in moment.calls)
    return (
        f"{moment.at.astimezone(UTC):%H:%M:%S}: {moment.ended} over,"
        f" {counts['in_flow']} in the menu, {counts['queued'] + counts['offered']}"
        f" waiting, {counts['talking']} talking"
    )
