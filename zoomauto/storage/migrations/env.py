"""Runs the migrations on the connection it is handed, inside that connection's transaction."""

from alembic import context

from zoomauto.storage.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    # SQLite cannot alter a table; later migrations build the new one beside the old.
    render_as_batch=True,
)
context.run_migrations()
