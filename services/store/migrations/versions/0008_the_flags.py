"""Flags: who put which up and down, and until when, so that it is known later."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    # The database's clock: whoever puts a flag up cannot choose it.
    now = sa.func.clock_timestamp()
    at = sa.DateTime(timezone=True)
    op.create_table(
        "flag_changes",
        sa.Column("nth", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", at, nullable=False, server_default=now),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("until", at, nullable=True),
        sa.PrimaryKeyConstraint("nth"),
    )
    op.create_index("flag_changes_by_name", "flag_changes", ["name", "nth"])


def downgrade() -> None:
    """Take it back, with all that is in it."""
    op.drop_table("flag_changes")
