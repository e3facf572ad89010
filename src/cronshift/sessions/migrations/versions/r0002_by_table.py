"""Keyed by the sessions' table too, ids as text, exact amounts, and leases in the outbox.

A table that has a ``source`` already is left alone. Rows from before are kept with an empty source:
whose they were is told from their user.
"""

import sqlalchemy as sa
from alembic import context, op

from cronshift.sessions.tables import as_now, tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the rows of every table that lacks a source into one that has it."""
    schema = context.config.attributes["schema"]
    ours = tables(schema)
    for table in (ours.refunds, ours.outbox, ours.claims):
        names = {
            column["name"] for column in sa.inspect(op.get_bind()).get_columns(table.name, schema)
        }
        if set(table.c.keys()) <= names:
            continue
        before = f"{table.name}_before"
        op.rename_table(table.name, before, schema=schema)
        _free_the_key(before, table.name, schema)
        op.execute(sa.schema.CreateTable(table))
        old = sa.table(before, *(sa.column(name) for name in sorted(names)), schema=schema)
        kept = [column for column in table.c if column.name in names]
        rows = sa.select(*(as_now(old.c[column.name], column.type) for column in kept))
        op.execute(sa.insert(table).from_select([column.name for column in kept], rows))
        op.drop_table(before, schema=schema)


def _free_the_key(before: str, name: str, schema: str | None) -> None:
    """Give the old key another name: on PostgreSQL an index has a name of its ours."""
    key = sa.inspect(op.get_bind()).get_pk_constraint(before, schema).get("name")
    if op.get_bind().dialect.name == "postgresql" and key == f"{name}_pkey":
        of = sa.table(before, schema=schema)
        quote = op.get_bind().dialect.identifier_preparer
        op.execute(
            f"ALTER TABLE {quote.format_table(of)} RENAME CONSTRAINT {quote.quote(key)}"
            f" TO {quote.quote(before + '_pkey')}"
        )
