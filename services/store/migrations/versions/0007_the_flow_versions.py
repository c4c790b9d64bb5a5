"""Flow versions: what was published, who is led by which, and where that led them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


_TRACES = """
CREATE FUNCTION step_traces(since timestamptz, until timestamptz)
RETURNS TABLE (
    call_id uuid, arrived_at timestamptz, flow_version bigint, nth bigint,
    flow text, step text, way text, next_flow text, next_step text,
    asked_again bigint, gave_up boolean
)
LANGUAGE sql STABLE AS $$
WITH of_calls AS (
    -- Who hangs up may be gone before the flow tells so; other ends are told before.
    SELECT c.call_id, c.arrived_at, c.flow_version, coalesce(c.flow_ending,
        CASE WHEN c.ended_at IS NOT NULL THEN 'caller_left' END) AS flow_ending
    FROM calls c
    WHERE c.arrived_at >= since AND c.arrived_at < until
), numbered AS (
    -- A step that is entered begins an entry: what stands up to the next is its own.
    SELECT s.*, count(*) FILTER (WHERE s.kind = 'step')
        OVER (PARTITION BY s.call_id ORDER BY s.nth) AS entry
    FROM steps s JOIN of_calls USING (call_id)
), entries AS (
    SELECT n.call_id, n.entry,
        min(n.flow) FILTER (WHERE n.kind = 'step') AS flow,
        min(n.step) FILTER (WHERE n.kind = 'step') AS step,
        min(n.step) FILTER (WHERE n.kind = 'route') AS routed,
        count(*) FILTER (WHERE n.kind IN ('key', 'timeout')) AS answers,
        (array_agg(
            CASE WHEN n.kind = 'key' AND n.is_choice THEN 'key ' || n.key
                 WHEN n.kind = 'key' THEN 'other key' ELSE n.kind END
            ORDER BY n.nth DESC
        ) FILTER (WHERE n.kind NOT IN ('step', 'route')))[1] AS last
    FROM numbered n WHERE n.entry > 0 GROUP BY n.call_id, n.entry
), ways AS (
    SELECT e.*, lead(e.flow, 1, CASE WHEN e.routed <> e.step THEN e.flow END) OVER w
            AS to_flow,
        lead(e.step, 1, CASE WHEN e.routed <> e.step THEN e.routed END) OVER w
            AS to_step
    FROM entries e WINDOW w AS (PARTITION BY e.call_id ORDER BY e.entry)
)
SELECT w.call_id, c.arrived_at, c.flow_version, w.entry, w.flow, w.step,
    CASE WHEN w.to_step IS NOT NULL THEN coalesce(w.last, 'on') END,
    w.to_flow, w.to_step,
    -- The last answer of all led on; each before it had the step say its words again.
    w.answers - CASE WHEN w.to_step IS NOT NULL AND w.answers > 0 THEN 1 ELSE 0 END,
    w.to_step IS NULL AND w.routed IS NULL
        AND coalesce(c.flow_ending = 'caller_left', false)
FROM ways w JOIN of_calls c USING (call_id)
$$
"""


def _now(name: str) -> sa.Column[object]:
    # The database's clock: whoever publishes cannot choose it.
    now = sa.func.clock_timestamp()
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=now
    )


def upgrade() -> None:
    """Make the tables, let calls say which version led them, and trace their steps."""
    op.create_table(
        "flow_versions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _now("published_at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_from", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sum", sa.Text(), nullable=False),
        sa.Column("file_sum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "flow_shares",
        sa.Column("nth", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _now("at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("in_force", sa.BigInteger(), nullable=False),
        sa.Column("trial", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nth"),
    )
    op.add_column("calls", sa.Column("flow_version", sa.BigInteger(), nullable=True))
    op.add_column("calls", sa.Column("flow_ending", sa.Text(), nullable=True))
    op.execute(_TRACES)


def downgrade() -> None:
    """Take them back, with all that is in them."""
    op.execute("DROP FUNCTION step_traces(timestamptz, timestamptz)")
    op.drop_column("calls", "flow_ending")
    op.drop_column("calls", "flow_version")
    op.drop_table("flow_shares")
    op.drop_table("flow_versions")
