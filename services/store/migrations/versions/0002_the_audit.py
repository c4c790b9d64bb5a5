"""The audit: who heard, exported, shredded or was refused, its rows in a chain.

The chain is made by the database itself, so that who writes a row can choose neither
its number, nor its time, nor what stands before it; a row is never changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHAIN = """
CREATE FUNCTION audit_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  last_seq bigint;
  last_sum text;
  field text;
  told text := '';
BEGIN
  -- One after the other: each row names the sum of the one before it.
  PERFORM pg_advisory_xact_lock(1635083369);
  SELECT a.seq, a.sum INTO last_seq, last_sum FROM audit a ORDER BY a.seq DESC LIMIT 1;
  NEW.seq := coalesce(last_seq, 0) + 1;
  NEW.at := clock_timestamp();
  NEW.previous := coalesce(last_sum, repeat('0', 64));
  FOREACH field IN ARRAY ARRAY[
    NEW.seq::text, to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    NEW.actor, NEW.act, NEW.object, NEW.detail, NEW.province, NEW.unit, NEW.previous
  ] LOOP
    -- With its length before it no field runs into the next.
    told := told || octet_length(field) || ':' || field;
  END LOOP;
  NEW.sum := encode(sha256(convert_to(told, 'UTF8')), 'hex');
  RETURN NEW;
END $$
"""
_KEPT = """
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit: rows are added only, never changed or deleted'
    USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    """Make the table, and what chains and keeps its rows."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("sum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_by_object", "audit", ["object", "seq"])
    op.execute(_CHAIN)
    op.execute(_KEPT)
    op.execute(
        "CREATE TRIGGER audit_chain BEFORE INSERT ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_chain()"
    )
    op.execute(
        "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_kept()"
    )


def downgrade() -> None:
    """Take it back, with all that is in it."""
    op.drop_table("audit")
    op.execute("DROP FUNCTION audit_chain()")
    op.execute("DROP FUNCTION audit_kept()")
