"""Two cleaners, a live flow and users who spend, all at once, with processes killed at random.

However it goes: every session is settled once, what is refunded is what is moved, and nothing that
the flow has claimed is refunded.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import create_engine, text
from tests.programs import HERE as PROGRAMS

from cronshift.sessions import scripts, sweeping

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from tests.integration.sessions.conftest import App

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SESSIONS = int(os.environ.get("CRONSHIFT_TEST_SESSIONS", "6000"))
USERS = 40
KILLS = 50
CHUNK = max(23, SESSIONS // 260)  # as many transactions to be killed in, however many sessions


def start(server: subprocess.Popen[str]) -> int:
    """Start a cleaner and return its process id."""
    assert server.stdin
    assert server.stdout
    server.stdin.write("go\n")
    server.stdin.flush()
    return int(server.stdout.readline())


def ended(server: subprocess.Popen[str]) -> bool:
    """Wait until the server's cleaner is gone."""
    assert server.stdout
    return server.stdout.readline() == "ended\n"


def fill(app: App) -> None:
    """Make users, sessions of mixed state, and what some of them delivered."""
    models = [f"model-{number}" for number in range(4)]
    chance = random.Random(11)  # noqa: S311 - a test, repeatable
    app.do("CREATE TABLE claimed (id TEXT)")
    app.do("CREATE TABLE spendings (n INTEGER)")
    users = [app.user(20, 100) for _ in range(USERS)]
    status = "CAST(:status AS session_status)" if app.is_postgresql else ":status"
    sessions, delivered = [], []
    for _ in range(SESSIONS):
        session, count = str(uuid4()), chance.randrange(5)
        state = chance.choices(["queued", "error", "finished", "generating"], [70, 15, 10, 5])[0]
        sessions.append(
            {
                "id": session,
                "user": chance.choice(users),
                "status": state,
                "models": models[:count] if app.is_postgresql else json.dumps(models[:count]),
                "created": app.stored(NOW.replace(hour=10)),
            }
        )
        delivered += [{"s": session, "m": name} for name in models[: chance.randrange(count + 1)]]
    with app.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO prediction_sessions (id, user_id, status, selected_models, created_at)"
                f" VALUES (:id, :user, {status}, :models, :created)"
            ),
            sessions,
        )
        connection.execute(
            text("INSERT INTO predictions (session_id, model) VALUES (:s, :m)"), delivered
        )


def test_every_session_is_settled_once_whatever_happens(
    app: App,
    tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    from tests.integration.sessions.conftest import TOML

    fill(app)
    settings = tmp_path_factory.mktemp("settings") / "cronshift.toml"
    settings.write_text(TOML)
    before = int(app.one("SELECT sum(credits) FROM users"))
    spent_before = int(app.one("SELECT sum(total_credits_spent) FROM users"))
    chance = random.Random(5)  # noqa: S311 - a test, repeatable
    environment = os.environ | {"DATABASE_URL": app.url}

    def server() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, PROGRAMS / "clean_sessions.py", settings, str(CHUNK)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    flow = subprocess.Popen([sys.executable, PROGRAMS / "claim_sessions.py", "3"], env=environment)
    servers = [server(), server()]
    try:
        running = [start(one) for one in servers]
        for number in range(KILLS):
            time.sleep(chance.uniform(0, 0.12))
            place = number % 2
            with contextlib.suppress(ProcessLookupError):
                os.kill(running[place], signal.SIGKILL)
            assert ended(servers[place])
            running[place] = start(servers[place])
        assert all(ended(one) for one in servers)
    finally:
        flow.kill()
        flow.wait()
        for process in servers:
            process.communicate()
    mapped = app.database.mapped
    for sweep in (
        scripts.orphans(mapped, NOW, becomes="error", refund=True),
        scripts.owed(mapped, NOW, since=NOW.replace(month=1)),
    ):
        sweeping.run(app.database.engine, mapped, sweep)
    assert_all_is_well(app, before, spent_before)
    refunds, paid = app.one("SELECT count(*), sum(amount) FROM cronshift_refunds")
    claimed = app.one("SELECT count(*) FROM claimed")
    record_property(
        "figures",
        f"{app.engine.dialect.name}: {SESSIONS:,} sessions, {KILLS} kills, {refunds:,} refunds of "
        f"{paid:,} credits, {claimed:,} claimed by the flow, none settled twice",
    )


def assert_all_is_well(app: App, before: int, spent_before: int) -> None:
    engine = create_engine(app.url)
    cost = (
        "cardinality(s.selected_models)"
        if app.is_postgresql
        else "json_array_length(s.selected_models)"
    )
    owed = f"{cost} - (SELECT count(*) FROM predictions p WHERE p.session_id = s.id)"
    with engine.connect() as connection:

        def one(sql: str) -> int:
            return int(connection.execute(text(sql)).scalar_one() or 0)

        refunds = one("SELECT sum(amount) FROM cronshift_refunds")
        spendings = one("SELECT sum(n) FROM spendings")
        assert one("SELECT count(*) FROM prediction_sessions WHERE status = 'queued'") == 0
        assert one("SELECT sum(credits) FROM users") == before + refunds - spendings
        assert one("SELECT sum(total_credits_spent) FROM users") == spent_before - refunds
        assert one("SELECT min(credits) FROM users") >= 0
        wrong = one(
            "SELECT count(*) FROM cronshift_refunds r JOIN prediction_sessions s"
            " ON CAST(s.id AS TEXT) = r.session_id"
            f" WHERE s.status <> 'error' OR r.amount <> {owed} OR r.user_id <> CAST(s.user_id AS TEXT)"
        )
        assert wrong == 0
        missing = one(
            "SELECT count(*) FROM prediction_sessions s WHERE s.status = 'error'"
            f" AND {owed} > 0 AND NOT EXISTS (SELECT 1 FROM cronshift_refunds r WHERE r.session_id = CAST(s.id AS TEXT))"
        )
        assert missing == 0
        refunded = "SELECT count(*) FROM claimed c JOIN cronshift_refunds r ON r.session_id = c.id"
        assert one(refunded) == 0
        assert one("SELECT count(*) - count(DISTINCT id) FROM claimed") == 0
        assert refunds > 0
    engine.dispose()
