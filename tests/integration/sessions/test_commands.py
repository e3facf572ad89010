"""``cronshift sessions`` and the sessions of a rollback, through the real entry point."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.engine.executor.events import Receiver

if TYPE_CHECKING:
    from tests.integration.sessions.conftest import App

PROGRAM = Path(sys.executable).with_name("cronshift")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    from tests.integration.sessions.conftest import TOML

    root = tmp_path / "project"
    root.mkdir()  # without a vercel.json: the sessions are the database's, whoever calls whom
    (root / "cronshift.toml").write_text(TOML)
    return root


def cronshift(
    root: Path, app: App, *words: str, dev: str = "1"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        cwd=root,
        env=os.environ | {"DATABASE_URL": app.url, "COLUMNS": "120", "INNGEST_DEV": dev},
        capture_output=True,
        text=True,
        input="",
        check=False,
    )


def told(root: Path, app: App, *words: str, dev: str = "1") -> Any:
    return json.loads(cronshift(root, app, *words, "--json", dev=dev).stdout)


def test_orphans_are_listed_and_only_failed_when_that_is_said(root: Path, app: App) -> None:
    user = app.user()
    for _ in range(4):
        app.session(user)
    listed = told(root, app, "sessions", "orphans")
    assert (listed["found"], listed["settled"]) == (4, 0)
    assert app.account(user) == (10, 5)
    unasked = cronshift(root, app, "sessions", "orphans", "--fail")
    assert unasked.returncode == 2
    some = told(root, app, "sessions", "orphans", "--fail", "--limit", "3", "--yes")
    assert (some["settled"], some["credits"]) == (3, 9)
    rest = told(root, app, "sessions", "orphans", "--fail", "--yes")
    assert rest | {"seconds": 0} == {
        "version": 1,
        "found": 1,
        "settled": 1,
        "refunded": 1,
        "credits": 3,
        "chunks": 1,
        "seconds": 0,
    }
    assert app.account(user) == (22, -7)


def test_orphans_can_be_sent_again(root: Path, app: App) -> None:
    user = app.user()
    sessions = {app.session(user) for _ in range(3)}

    async def go() -> tuple[Any, list[dict[str, Any]]]:
        receiver = Receiver()
        async with receiver.listening():
            words = ("sessions", "orphans", "--requeue", "--yes")
            said = await asyncio.to_thread(told, root, app, *words, dev=receiver.url)
            return said, receiver.events

    said, events = asyncio.run(go())
    assert said == {"version": 1, "found": 3, "sent": 3}
    assert {event["data"]["session_id"] for event in events} == sessions
    assert app.one("SELECT count(*) FROM prediction_sessions WHERE status = 'queued'") == 3


def test_refunds_are_paid_and_audited(root: Path, app: App) -> None:
    user = app.user()
    session = app.session(user, "error", models=2)
    assert told(root, app, "sessions", "refunds", "--yes")["credits"] == 0  # the app may have paid
    since = ("sessions", "refunds", "--since", "2026-11-01")
    counted = told(root, app, *since, "--dry-run")
    assert (counted["found"], counted["settled"]) == (1, 0)
    assert told(root, app, *since, "--yes")["credits"] == 2
    assert told(root, app, *since, "--yes")["credits"] == 0
    assert (
        cronshift(root, app, "sessions", "refunds", "--audit", "paid.csv", "--yes").returncode == 0
    )
    with (root / "paid.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["session_id"], row["amount"]) == (session, "2")
    assert cronshift(root, app, "sessions", "refunds", "--audit", "paid.json").returncode == 0
    ((paid),) = json.loads((root / "paid.json").read_text())
    assert (paid["session_id"], paid["user_id"], paid["amount"]) == (session, user, 2)
    told_so = told(root, app, "sessions", "refunds", "--audit", "nowhere/paid.csv")
    assert "cannot be written" in told_so["error"]["message"]


def test_the_state_of_things_is_told(root: Path, app: App) -> None:
    app.session(app.user())
    said = cronshift(root, app, "sessions", "status")
    assert said.returncode == 0
    assert "queued" in said.stdout
    assert "0 refunds, 0 credits in all." in said.stdout
    assert told(root, app, "sessions", "status")["states"] == {"queued": 1}


def test_a_rollback_settles_the_sessions_too(root: Path, app: App) -> None:
    crons = [{"path": "/api/cron/x", "schedule": "0 6 * * *"}]
    (root / "vercel.json").write_text(json.dumps({"crons": crons}))
    user = app.user()
    app.session(user)
    app.session(user, "error", models=2)
    counted = told(root, app, "rollback", "--all", "--dry-run")
    assert [counted["sessions"][name]["settled"] for name in ("orphans", "refunds")] == [0, 0]
    kept = told(root, app, "rollback", "--all", "--no-sessions", "--yes")
    assert kept["sessions"] is None
    assert app.account(user) == (10, 5)
    done = told(root, app, "rollback", "--all", "--yes")
    assert [done["sessions"][name]["credits"] for name in ("orphans", "refunds")] == [3, 0]
    assert app.account(user) == (
        13,
        2,
    )  # what failed before the flow is paid when that is asked for
    again = told(root, app, "rollback", "--all", "--yes")
    assert [again["sessions"][name]["credits"] for name in ("orphans", "refunds")] == [0, 0]


def test_without_a_mapping_there_is_nothing_to_look_at(root: Path, app: App) -> None:
    (root / "cronshift.toml").write_text("")
    error = told(root, app, "sessions", "status")["error"]
    assert error["reason"] == "no-sessions"
