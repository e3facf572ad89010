"""Runs the revisions over the connection, and in the transaction, that they are handed."""

from alembic import context

from cronshift.sessions.tables import VERSIONS

_HANDED = context.config.attributes
context.configure(
    connection=_HANDED["connection"],
    version_table=VERSIONS,
    version_table_schema=_HANDED["schema"],
)
context.run_migrations()
