"""The open queue: when a call came to it, and the numbers that callers left."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column and the table."""
    op.add_column(
        "calls", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "callbacks",
        sa.Column("call_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("callback_number", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index("callbacks_by_time", "callbacks", ["left_at"])


def downgrade() -> None:
    """Take it back, with all that is in it."""
    op.drop_table("callbacks")
    op.drop_column("calls", "opened_at")
