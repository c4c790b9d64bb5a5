"""The tables of record, as SQLAlchemy knows them; migrations make them so."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.store import columns
from services.store.columns import id_of as _id
from services.store.columns import instant as _instant
from services.store.columns import now as _now
from services.store.columns import place as _place
from services.store.columns import text as _text

metadata = columns.metadata

facts = Table(
    "facts",
    metadata,
    _id("journal_id", is_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("kind", is_known=True),
    _text("origin", is_known=True),
    _instant("at", is_known=True),
    _id("call_id", is_known=False),
    _text("agent_id"),
    _text("leg_id"),
    Column("body", JSONB, nullable=False),
    *_place(),
    Index("facts_by_call", "call_id", postgresql_where="call_id IS NOT NULL"),
    Index("facts_by_leg", "leg_id", postgresql_where="leg_id IS NOT NULL"),
    Index("facts_by_at", "at"),
)
"""Every entry of every journal, as it was written.

``leg_id`` is also the offer's, whose leg has the same: what tells only of a leg is
found by it.
"""

calls = Table(
    "calls",
    metadata,
    _id("call_id", is_key=True),
    _text("state", is_known=True),
    _text("number"),
    _text("caller_number"),
    _text("caller_name"),
    _text("sip_call_id"),
    _text("caller_leg_id"),
    _instant("arrived_at"),
    _instant("answered_at"),
    _instant("queued_at"),
    _instant("opened_at"),
    _instant("connected_at"),
    _instant("ended_at"),
    _text("flow"),
    Column("flow_version", BigInteger),
    _text("flow_ending"),
    _text("queue_id"),
    _text("agent_id"),
    _text("close_reason"),
    _text("ended_by"),
    Column("is_estimated", Boolean),
    _text("disposition"),
    *_place(),
    Index("calls_by_arrival", "arrived_at"),
    Index("calls_by_caller", "caller_number", "arrived_at"),
    Index("calls_by_sip_call_id", "sip_call_id"),
    Index("calls_open", "arrived_at", postgresql_where="ended_at IS NULL"),
)
"""One row a call. ``queued_at`` and ``connected_at`` are of the first time.

One with ``opened_at`` came to the open queue then: whoever served it, did so there.
"""

legs = Table(
    "legs",
    metadata,
    _text("leg_id", is_key=True),
    _id("call_id"),
    _text("role", is_known=True),
    _text("agent_id"),
    _text("device_id"),
    _instant("started_at"),
    _instant("rang_at"),
    _instant("answered_at"),
    _instant("ended_at"),
    _text("ending"),
    Column("cause", SmallInteger),
    *_place(),
    Index("legs_by_call", "call_id"),
)
"""One row a leg; its role is ``caller`` or ``agent``."""

steps = Table(
    "steps",
    metadata,
    _id("call_id", is_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    _text("kind", is_known=True),
    _text("flow", is_known=True),
    _text("step", is_known=True),
    _text("key"),
    Column("is_choice", Boolean),
    _instant("at", is_known=True),
    *_place(),
)
"""What a caller walked through: ``step``, ``key``, ``timeout`` or ``route``."""

offers = Table(
    "offers",
    metadata,
    _id("offer_id", is_key=True),
    _id("call_id"),
    _text("agent_id", is_known=True),
    _text("device_id"),
    _text("queue_id"),
    _instant("started_at"),
    _instant("rang_at"),
    _instant("ended_at"),
    _text("outcome"),
    _text("withdrawn_by"),
    Column("is_late_answer", Boolean),
    *_place(),
    Index("offers_by_call", "call_id"),
    Index("offers_by_agent", "agent_id", "started_at"),
)
"""One row an offer; without an outcome while it goes on."""

routing_decisions = Table(
    "routing_decisions",
    metadata,
    _id("offer_id", is_key=True),
    _id("call_id"),
    _text("queue_id", is_known=True),
    _text("agent_id", is_known=True),
    _instant("decided_at", is_known=True),
    Column("waited_s", Double, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("by_step", SmallInteger, nullable=False),
    _text("rule", is_known=True),
    _text("order_rule", is_known=True),
    _text("version", is_known=True),
    Column("terms", JSONB, nullable=False),
    Column("scored", JSONB, nullable=False),
    Column("ready", Integer, nullable=False),
    Column("excluded", JSONB, nullable=False),
    *_place(),
    Index("routing_decisions_by_call", "call_id"),
)
"""One row an offer: by which rule its agent was chosen, and before whom."""

conversations = Table(
    "conversations",
    metadata,
    _id("offer_id", is_key=True),
    _id("call_id"),
    _text("agent_id", is_known=True),
    _text("queue_id"),
    _instant("started_at"),
    _instant("ended_at"),
    _text("ended_by"),
    Column("hold_s", Double),
    _instant("wrap_up_started_at"),
    _instant("wrap_up_ended_at"),
    *_place(),
    Index("conversations_by_call", "call_id"),
    Index("conversations_by_agent", "agent_id", "started_at"),
)
"""One row for each time that a caller and an agent heard each other."""

recordings = Table(
    "recordings",
    metadata,
    _id("offer_id", is_key=True),
    _id("call_id"),
    _text("path"),
    _text("sha256"),
    Column("size_bytes", BigInteger),
    Column("length_s", Double),
    Column("channels", SmallInteger),
    _text("missing_reason"),
    *_place(),
    Index("recordings_by_call", "call_id"),
)
"""One row a conversation that was to be recorded: where it is, or why not."""

recording_pauses = Table(
    "recording_pauses",
    metadata,
    _id("offer_id", is_key=True),
    Column("paused_at", DateTime(timezone=True), primary_key=True),
    _id("call_id"),
    _text("agent_id", is_known=True),
    _instant("until_at"),
    _instant("resumed_at"),
    Column("is_by_limit", Boolean),
    *_place(),
    Index("recording_pauses_by_call", "call_id"),
)
"""One row for each time in which nothing of a conversation was recorded."""

callbacks = Table(
    "callbacks",
    metadata,
    _id("call_id", is_key=True),
    _text("callback_number", is_known=True),
    _text("queue_id"),
    _text("language"),
    _instant("left_at", is_known=True),
    *_place(),
    Index("callbacks_by_time", "left_at"),
)
"""One row a number that a caller left to be called back at."""

handling_times = Table(
    "handling_times",
    metadata,
    _text("agent_id", is_key=True),
    _text("kind", is_key=True),
    Column("day", Integer, nullable=False),
    Column("calls", Double, nullable=False),
    Column("log_total", Double, nullable=False),
    Column("log_squares", Double, nullable=False),
    Column("expected_s", Double, nullable=False),
    Column("low_s", Double, nullable=False),
    Column("high_s", Double, nullable=False),
    Column("spread", Double, nullable=False),
    _instant("written_at", is_known=True),
    *_place(),
)
"""One row an agent and kind of call: what was learned, and what is expected of it.

``calls``, ``log_total`` and ``log_squares`` are faded up to ``day``.
"""

agent_quality = Table(
    "agent_quality",
    metadata,
    _text("agent_id", is_key=True),
    Column("day", Integer, nullable=False),
    Column("calls", Double, nullable=False),
    Column("repeats", Double, nullable=False),
    Column("cut", Double, nullable=False),
    Column("rated", Double, nullable=False),
    Column("dissatisfied", Double, nullable=False),
    _instant("written_at", is_known=True),
    *_place(),
)
"""One row an agent: how their calls ended, faded up to ``day``."""

agent_states = Table(
    "agent_states",
    metadata,
    _id("journal_id", is_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("agent_id", is_known=True),
    _instant("at", is_known=True),
    _text("state", is_known=True),
    _text("reason", is_known=True),
    _id("call_id", is_known=False),
    *_place(),
    Index("agent_states_by_agent", "agent_id", "at"),
)
"""Every change of an agent's state, numbered as the fact that told it."""

shipping = Table(
    "shipping",
    metadata,
    _id("journal_id", is_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""Up to which entry a journal is in the other tables."""

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _instant("at", is_known=True),
    _text("actor", is_known=True),
    _text("act", is_known=True),
    _text("object", is_known=True),
    _text("detail", is_known=True),
    *_place(),
    _text("previous", is_known=True),
    _text("sum", is_known=True),
    Index("audit_by_object", "object", "seq"),
)
"""Who did what to what is guarded; numbered, timed and chained by the database."""


def _versions(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        _now("published_at"),
        _text("by", is_known=True),
        _text("note", is_known=True),
        Column("made_from", BigInteger),
        _text("text", is_known=True),
        _text("sum", is_known=True),
        _text("file_sum", is_known=True),
    )


floor_versions = _versions("floor_versions")
"""Every floor that was published, whole; rows are added only, the last is in force."""

flow_versions = _versions("flow_versions")
"""Every set of flows that was published, whole; rows are added only."""

flow_shares = Table(
    "flow_shares",
    metadata,
    Column("nth", BigInteger, Identity(always=True), primary_key=True),
    _now("at"),
    _text("by", is_known=True),
    _text("note", is_known=True),
    Column("in_force", BigInteger, nullable=False),
    Column("trial", BigInteger),
    Column("percent", SmallInteger, nullable=False),
)
"""By which versions of the flows callers are led; the last row holds."""

flag_changes = Table(
    "flag_changes",
    metadata,
    Column("nth", BigInteger, Identity(always=True), primary_key=True),
    _now("at"),
    _text("by", is_known=True),
    _text("note", is_known=True),
    _text("name", is_known=True),
    Column("is_up", Boolean, nullable=False),
    _instant("until"),
    Index("flag_changes_by_name", "name", "nth"),
)
"""Which flags people put up and down; rows are added only."""

people = Table(
    "people",
    metadata,
    _text("name", is_key=True),
    _text("kind", is_known=True),
    _text("shown_name", is_known=True),
    _text("agent_id"),
    _text("password"),
    Column("token_sum", Text, unique=True),
    _instant("made_at", is_known=True),
    _instant("disabled_at"),
)
"""Who logs in, and programs that come with a token."""

people_roles = Table(
    "people_roles",
    metadata,
    Column("nth", BigInteger, Identity(always=True), primary_key=True),
    Column("person", ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    _text("role", is_known=True),
    _text("province"),
    _text("unit"),
    _text("queue_id"),
)
"""What they may be, and where."""

sessions = Table(
    "sessions",
    metadata,
    _text("sum", is_key=True),
    Column("person", ForeignKey("people.name", ondelete="CASCADE"), nullable=False),
    _text("address", is_known=True),
    _instant("begun_at", is_known=True),
    _instant("seen_at", is_known=True),
)
"""Who is logged in; a session that ended has no row."""
