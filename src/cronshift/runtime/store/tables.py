"""The tables, in SQLAlchemy Core; each is made when it is first needed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table

METADATA = MetaData()

CLAIMS = Table(
    "cronshift_claims",
    METADATA,
    Column("job", String(255), primary_key=True),
    Column("tick", String(20), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("lease_until", BigInteger, nullable=False),  # milliseconds since the epoch
    Column("finished_at", BigInteger),
)
"""Who runs a tick. One row a tick: that is what keeps a duplicate delivery from running."""
