"""How long callers were on hold, and when nothing was recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column("conversations", sa.Column("hold_s", sa.Double(), nullable=True))
    op.create_table(
        "recording_pauses",
        sa.Column("offer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_by_limit", sa.Boolean(), nullable=True),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("offer_id", "paused_at"),
    )
    op.create_index("recording_pauses_by_call", "recording_pauses", ["call_id"])


def downgrade() -> None:
    """Take them back, with all that is in them."""
    op.drop_table("recording_pauses")
    op.drop_column("conversations", "hold_s")
