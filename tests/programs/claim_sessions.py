"""Claim sessions and spend credits without end, as an app under load does: SEED."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from sqlalchemy import Connection, create_engine, event, text

CLAIM = "UPDATE prediction_sessions SET status = 'generating' WHERE id = :id AND status = 'queued'"
SPEND = "UPDATE users SET credits = credits - 1 WHERE id = :id AND credits > 0"

engine = create_engine(os.environ["DATABASE_URL"])
if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        """Leave transactions to SQLAlchemy, and wait for others."""
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """Write from the beginning, so that no transaction has to become a writer."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")


chance = random.Random(int(sys.argv[1]))  # noqa: S311 - a test, repeatable
with engine.connect() as connection:
    ids = [row[0] for row in connection.execute(text("SELECT id FROM prediction_sessions"))]
    users = [row[0] for row in connection.execute(text("SELECT id FROM users"))]
while True:
    with engine.begin() as connection:
        session = chance.choice(ids)
        if connection.execute(text(CLAIM), {"id": session}).rowcount == 1:
            connection.execute(text("INSERT INTO claimed VALUES (:id)"), {"id": session})
    with engine.begin() as connection:
        spent = connection.execute(text(SPEND), {"id": chance.choice(users)}).rowcount
        connection.execute(text("INSERT INTO spendings VALUES (:n)"), {"n": spent})
