"""The environment of Alembic: revisions run over the connection and transaction they are given."""

from alembic import context

from cronshift.sessions.tables import VERSIONS

_HANDED = context.config.attributes
context.configure(
    connection=_HANDED["connection"],
    version_table=VERSIONS,
    version_table_schema=_HANDED["schema"],
)
context.run_migrations()
