"""How Alembic reaches the database: by the connection that `portal.migrations.run` hands it."""

from alembic import context

from portal.migrations.tables import belongs, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=belongs(connection.dialect.name),
    render_as_batch=connection.dialect.name == "sqlite",
    # SQLite can undo a change of the schema too, since the transaction is ours and not the driver's.
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
