"""What an operator wants to know of a running engine, as figures to be read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from acd.core.floor import Floor
from acd.vocabulary.states import AgentState, CallState
from cti_bridge.agi.server import AgiServer
from cti_bridge.ami.switch import Switch
from cti_bridge.audiosocket.server import AudioServer
from services.api.figures import Figures, Reading
from services.live.fan_out import FanOut
from services.live.picture import WAITING
from services.runtime.door import Door
from services.runtime.pace import Pace
from services.runtime.switchboard import Switchboard
from services.store.journal import Journal
from services.store.shipper import Shipper


def add_floor(figures: Figures, floor: Floor, *, now: Callable[[], datetime]) -> None:
    """Add what is so this moment: calls, queues and agents."""
    figures.gauges(
        "tieline_calls",
        "Live calls by state.",
        ("state",),
        lambda: _by_state(CallState, [call.state for call in floor.calls.values()]),
    )
    figures.gauges(
        "tieline_agents",
        "Agents by state.",
        ("state",),
        lambda: _by_state(AgentState, [who.state for who in floor.agents.values()]),
    )
    figures.gauges(
        "tieline_queue_waiting",
        "Callers who wait for an agent, by queue.",
        ("queue",),
        lambda: {q: float(len(since)) for q, since in _waiting(floor).items()},
    )
    figures.gauges(
        "tieline_queue_oldest_wait_seconds",
        "How long the caller has waited who has waited longest, by queue.",
        ("queue",),
        lambda: {
            queue: max(((now() - at).total_seconds() for at in since), default=0.0)
            for queue, since in _waiting(floor).items()
        },
    )


def add_counts(figures: Figures, fan_out: FanOut, switchboard: Switchboard) -> None:
    """Add what has happened since the start."""
    tally = fan_out.tally
    figures.counters(
        "tieline_calls_arrived",
        "Calls that arrived, by province.",
        ("province",),
        lambda: _floats(tally.arrived),
    )
    figures.counters(
        "tieline_calls_closed",
        "Calls that are over, by province and reason; abandoned_… are the abandons.",
        ("province", "reason"),
        lambda: _floats(tally.closed),
    )
    figures.counter(
        "tieline_calls_estimated",
        "Calls whose end was found, not seen.",
        lambda: tally.estimated,
    )
    figures.counters(
        "tieline_reconcile_mismatches",
        "What the switch showed otherwise than was believed, by what it was.",
        ("what",),
        lambda: _floats(tally.mismatches),
    )
    figures.counter(
        "tieline_conversations", "Conversations begun.", lambda: tally.conversations
    )
    figures.counter(
        "tieline_offers_started", "Offers made.", lambda: tally.offers_started
    )
    figures.counters(
        "tieline_offers_ended",
        "Offers by how they ended; timed_out is RONA.",
        ("ending",),
        lambda: _floats(tally.offers_ended),
    )
    figures.counter(
        "tieline_facts_refused",
        "Facts that came where the state had no place for them.",
        lambda: switchboard.refused,
    )


def add_streams(figures: Figures, fan_out: FanOut) -> None:
    """Add how the live streams do."""
    figures.gauge("tieline_live_streams", "Live streams.", lambda: fan_out.streams)
    figures.gauge(
        "tieline_live_subscribers",
        "Readers of live streams.",
        lambda: fan_out.subscribers,
    )
    figures.counter(
        "tieline_live_behind",
        "Times that a reader was too slow and went on from a new snapshot.",
        lambda: fan_out.times_behind,
    )
    figures.counter(
        "tieline_live_turns_passed_over",
        "Turns of the switchboard that no stream showed, for there were too many.",
        lambda: fan_out.passed_over,
    )


def add_switch(figures: Figures, switch: Switch, *, agi: AgiServer, door: Door) -> None:
    """Add how the links to Asterisk do, and whom it sent away."""
    figures.gauge(
        "tieline_ami_link_up",
        "Whether the manager's link is up and in step: 1 or 0.",
        lambda: switch.link is not None,
    )
    figures.gauge(
        "tieline_ami_round_trip_seconds",
        "From a ping to its answer read: how far we are behind Asterisk.",
        lambda: _round_trip_s(switch),
    )
    figures.counter(
        "tieline_ami_messages_doubted",
        "Messages of the manager's that may be a caller's forgery; none was believed.",
        lambda: switch.translator.passed_over["doubtful"],
    )
    figures.gauge(
        "tieline_agi_sessions", "FastAGI sessions that are open.", lambda: agi.sessions
    )
    figures.counters(
        "tieline_calls_shed",
        "Calls refused before the answer, since the switch started, by reason.",
        ("reason",),
        lambda: {(why.lower(),): float(n) for why, n in door.refused.items()},
    )


def add_sound(figures: Figures, audio: AudioServer) -> None:
    """Add how many callers are listened to for words, and who was no caller."""
    figures.gauge(
        "tieline_audiosocket_legs",
        "Connections that carry a caller's sound.",
        lambda: audio.legs,
    )
    figures.counter(
        "tieline_audiosocket_refusals",
        "Connections that were no caller's sound, or broke the rules.",
        lambda: audio.refusals,
    )


def add_keeping(figures: Figures, journal: Journal, shipper: Shipper) -> None:
    """Add how far what was stated is on disk, and on record."""
    figures.gauge(
        "tieline_journal_backlog_entries",
        "Facts that are not surely on disk yet.",
        lambda: journal.last_seq - journal.flushed_seq,
    )
    figures.counter(
        "tieline_journal_syncs", "Times the disk was waited for.", lambda: journal.syncs
    )
    figures.counter(
        "tieline_journal_sync_seconds",
        "How long the disk was waited for, in all.",
        lambda: journal.sync_s,
    )
    figures.gauge(
        "tieline_shipping_lag_entries",
        "Facts on disk that are not on record yet.",
        lambda: max(0, journal.flushed_seq - shipper.shipped_seq),
    )
    figures.gauge(
        "tieline_database_up",
        "Whether the database takes what is shipped: 1 or 0.",
        lambda: shipper.problem is None,
    )


def add_pace(figures: Figures, pace: Pace) -> None:
    """Add how the engine's loop does."""
    figures.gauge(
        "tieline_loop_lag_seconds",
        "The latest that the loop came to what was due, in the last 15 s.",
        lambda: pace.worst_lag_s,
    )


def _floats(
    counted: Mapping[tuple[str], int] | Mapping[tuple[str, str], int],
) -> Reading:
    return {labels: float(n) for labels, n in counted.items()}


def _by_state(
    states: type[CallState | AgentState], found: Sequence[CallState | AgentState]
) -> Reading:
    counted = Counter(found)
    return {(state.value,): float(counted[state]) for state in states}


def _waiting(floor: Floor) -> Mapping[tuple[str], list[datetime]]:
    since: dict[tuple[str], list[datetime]] = {
        (queue_id,): [] for queue_id in floor.policy.queues
    }
    for call in floor.calls.values():
        if call.state in WAITING and call.queue_id and call.queued_at is not None:
            since.setdefault((call.queue_id,), []).append(call.queued_at)
    return since


def _round_trip_s(switch: Switch) -> float:
    """Return the link's round trip; not a number while there is no link."""
    seconds = None if switch.link is None else switch.link.round_trip.seconds
    return float("nan") if seconds is None else seconds
