"""Handling times by agent and kind of call, and how agents' calls end."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "handling_times",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Double(), nullable=False),
        sa.Column("log_total", sa.Double(), nullable=False),
        sa.Column("log_squares", sa.Double(), nullable=False),
        sa.Column("expected_s", sa.Double(), nullable=False),
        sa.Column("low_s", sa.Double(), nullable=False),
        sa.Column("high_s", sa.Double(), nullable=False),
        sa.Column("spread", sa.Double(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "kind"),
    )
    op.create_table(
        "agent_quality",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Double(), nullable=False),
        sa.Column("repeats", sa.Double(), nullable=False),
        sa.Column("cut", sa.Double(), nullable=False),
        sa.Column("rated", sa.Double(), nullable=False),
        sa.Column("dissatisfied", sa.Double(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id"),
    )


def downgrade() -> None:
    """Take them back, with all that is in them."""
    op.drop_table("agent_quality")
    op.drop_table("handling_times")
