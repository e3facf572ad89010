"""The tables, in SQLAlchemy Core; each is made when it is first needed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

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

TICKS = Table(
    "cronshift_ticks",
    METADATA,
    Column("job", String(255), primary_key=True),
    Column("tick", String(20), primary_key=True),
    Column("side", String(16), primary_key=True),
    Column("run_id", String(64), primary_key=True),
    Column("owner", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("arrived", BigInteger, nullable=False),  # milliseconds since the epoch
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error_class", String(255)),
    Column("http_status", Integer),
    Column("size", BigInteger),
    Column("digest", String(16)),
    Column("numbers", Text, nullable=False),  # JSON
    Column("deployment", String(255)),
    Column("ownership_digest", String(16)),
    Column("seen", Text, nullable=False),  # JSON
    Index("cronshift_ticks_tick", "tick"),
)
"""What each side saw of a tick; a second row of one side is a second delivery."""

DEAD_LETTERS = Table(
    "cronshift_dead_letters",
    METADATA,
    Column("run_id", String(64), primary_key=True),
    Column("job", String(255), nullable=False),
    Column("status", String(16), nullable=False),
    Column("tick", String(20)),
    Column("event", String(255), nullable=False),
    Column("event_id", String(255), nullable=False),
    Column("error", Text, nullable=False),
    Column("died", BigInteger, nullable=False),  # milliseconds since the epoch
    Column("replayed", BigInteger),
    Column("replay", String(64)),
)
"""The runs that failed for good or were cancelled."""
