"""The tables as they first were: keyed by the session alone, with ids as text where they are new."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that are missing."""
    schema = context.config.attributes["schema"]
    made: dict[str, list[sa.Column[Any]]]
    made = {
        "cronshift_refunds": [
            sa.Column("user_id", sa.Text, nullable=False),
            sa.Column("amount", sa.BigInteger, nullable=False),
            sa.Column("refunded_at", sa.BigInteger, nullable=False),
            sa.Column("reason", sa.String(200), nullable=False),
        ],
        "cronshift_outbox": [
            sa.Column("user_id", sa.Text, nullable=False),
            sa.Column("attempt", sa.Integer, nullable=False),
            sa.Column("sent_at", sa.DateTime(timezone=True)),
        ],
        "cronshift_session_claims": [sa.Column("run_id", sa.String(64), nullable=False)],
    }
    for name, columns in made.items():
        key = sa.Column("session_id", sa.Text, primary_key=True)
        op.create_table(name, key, *columns, schema=schema, if_not_exists=True)
