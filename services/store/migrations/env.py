"""Runs migrations on the connection that services.store.migrate opened."""

from alembic import context

from services.store.tables import metadata

_LOCK = 0x7469656C  # any number, the same for all who migrate

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    context.run_migrations()
