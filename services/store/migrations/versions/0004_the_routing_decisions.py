"""Routing decisions: why each offer was made to whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "routing_decisions",
        sa.Column("offer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("call_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waited_s", sa.Double(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("by_step", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("order_rule", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        sa.Column("scored", JSONB(), nullable=False),
        sa.Column("ready", sa.Integer(), nullable=False),
        sa.Column("excluded", JSONB(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("offer_id"),
    )
    op.create_index("routing_decisions_by_call", "routing_decisions", ["call_id"])


def downgrade() -> None:
    """Take it back, with all that is in it."""
    op.drop_table("routing_decisions")
