"""People: who logs in, in which roles, and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _instant(name: str, *, is_known: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_known)


def _text(name: str, *, is_known: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=not is_known)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people",
        _text("name"),
        _text("kind"),
        _text("shown_name"),
        _text("agent_id", is_known=False),
        _text("password", is_known=False),
        _text("token_sum", is_known=False),
        _instant("made_at"),
        _instant("disabled_at", is_known=False),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("token_sum"),
    )
    op.create_table(
        "people_roles",
        sa.Column("nth", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _text("person"),
        _text("role"),
        _text("province", is_known=False),
        _text("unit", is_known=False),
        _text("queue_id", is_known=False),
        sa.PrimaryKeyConstraint("nth"),
        sa.ForeignKeyConstraint(["person"], ["people.name"], ondelete="CASCADE"),
    )
    op.create_table(
        "sessions",
        _text("sum"),
        _text("person"),
        _text("address"),
        _instant("begun_at"),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("sum"),
        sa.ForeignKeyConstraint(["person"], ["people.name"], ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them back, with all that is in them."""
    op.drop_table("sessions")
    op.drop_table("people_roles")
    op.drop_table("people")
