"""An hour of a Next.js app on a real Inngest server, beside a stand-in for Vercel's cron; minutes of it, unasked.

Start a server with ``inngest dev --no-discovery`` and set ``INNGEST_DEV_URL``; ``CRONSHIFT_MINUTES`` says for how
many minutes (3).
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.engine.engines import SERVER
from tests.integration.engine.watched import (
    LATE,
    MINUTE,
    Outside,
    WatchedApp,
    folder,
    next_minute,
    wait_until,
    watched_app,
    written,
)
from tests.integration.nextjs.conftest import LONG_AGO, SECRET
from tests.integration.sockets import serving

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime import recording
from cronshift.runtime.ledger import Role, Side, TickStatus
from cronshift.runtime.ownership import Owner, tick_text
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.store.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.runtime.ledger import TickRecord

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not SERVER, reason="INNGEST_DEV_URL is not set"),
]

MINUTES = int(os.environ.get("CRONSHIFT_MINUTES", "3"))
SHARES = {"nothing": 0, "half": 50, "growing": 0}
PATIENCE = 120  # seconds
SETTLED = timedelta(minutes=2, seconds=20)  # until a tick's fate is told


@pytest.fixture
def outside(node_packages: Path) -> Iterator[Outside]:
    with folder(node_packages) as root:
        yield Outside(root)


def prepared(root: Path, app_id: str, shares: dict[str, int], settings: str = "") -> None:
    """Write the app, migrate it, and have its entries ask their guards at the shares."""
    written(root, app_id, [*shares], settings)
    operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
    for share in sorted({*shares.values()}):
        jobs = [job for job, percent in shares.items() if percent == share]
        moved = prepare_cutover(load_project(root), jobs, LONG_AGO, percent=share)
        operations.apply(root, moved.operation)


def test_every_tick_is_seen_by_both_sides_and_runs_once(
    outside: Outside, node_packages: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app_id = f"watched-{os.getpid()}"
    prepared(outside.root, app_id, SHARES)
    monkeypatch.setenv("CRON_SECRET", SECRET)
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", postgresql_url)  # of the worker that takes records
    with running(outside, node_packages, app_id, postgresql_url) as app:
        first = next_minute() + MINUTE
        ticks = [first + MINUTE * number for number in range(MINUTES)]
        for tick in ticks:
            wait_until(tick + LATE)
            app.called_by_vercel()
            if tick == ticks[(MINUTES - 1) // 2]:
                app.asked("cutover", "growing", "--percent", "50", "--deploy-minutes", "0", "--yes")
        wait_until(ticks[-1] + SETTLED)
        ask_the_database(app, postgresql_url)
        told = judged_by_commands(app, ticks)
    records = read_ledger(postgresql_url, first, ticks[-1] + MINUTE)
    told["calls"] = {str(at): what for at, what in app.unanswered.items()}
    figures = figures_of(outside, records, ticks) | told
    if place := os.environ.get("CRONSHIFT_FIGURES"):
        with open(place, "w", encoding="utf-8") as file:  # noqa: PTH123 - a place of the caller's
            json.dump(figures, file, indent=2)
    assert not app.unanswered
    ownership = read_ownership(outside.root)
    for job in SHARES:
        of_job = [record for record in records if record.job == job]
        assert [tick for tick in sorted(outside.ran[job]) if tick in ticks] == ticks
        for side in Side:
            assert [record.tick for record in of_job if record.side is side] == ticks
        acted = [record for record in of_job if record.role is Role.ACTED]
        assert [record.tick for record in acted] == ticks
        assert {record.status for record in acted} == {TickStatus.COMPLETED}
        for record in acted:
            assert ownership.acts(Owner(record.side.value), job, record.tick)
    assert told["missed"] == {}
    assert {
        (sight["job"], sight["answer"], sight["seen"]["both"]) for sight in told["observe"]
    } == {(job, "known-good", MINUTES) for job in SHARES}


@contextmanager
def running(outside: Outside, packages: Path, app_id: str, database: str) -> Iterator[WatchedApp]:
    """Give the running app, which tells its ledger to a worker and claims in its own database."""
    with (
        serving(outside.app) as there,
        watched_app(
            outside.root,
            packages,
            app_id,
            OUTSIDE_URL=there,
            APP_DATABASE_URL=database.replace("+psycopg", ""),
            CRONSHIFT_LEDGER_URL=f"{there}/api/inngest",
            CRONSHIFT_OWNERSHIP_URL=f"{there}/ownership",
        ) as app,
    ):
        yield app


def ask_the_database(app: WatchedApp, database: str) -> None:
    """Have commands read the records, once all are kept, and the claims."""
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    app.variables |= {"CRONSHIFT_LEDGER_URL": database, "CRONSHIFT_CLAIMS_URL": database}


def judged_by_commands(app: WatchedApp, ticks: list[datetime]) -> dict[str, Any]:
    """Return what observe, ticks list and compare say of the span."""
    span = ("--since", tick_text(ticks[0]), "--until", tick_text(ticks[-1] + MINUTE))
    observed = app.asked("observe", *span, code=None)
    listed = app.asked("ticks", "list", *span, code=None)
    compared = app.asked("compare", code=None)
    wrong = {"missed", "doubled", "failed", "late", "not known"}
    return {
        "observe": observed["jobs"],
        "counts": listed["counts"],
        "sources": listed["sources"],
        "missed": {name: count for name, count in listed["counts"].items() if name in wrong},
        "odd": [tick for tick in listed["ticks"] if tick["fate"] != "on time"],
        "compare": compared,
    }


def figures_of(
    outside: Outside, records: list[TickRecord], ticks: list[datetime]
) -> dict[str, object]:
    """Return how often each was seen, and acted on, in figures."""
    return {
        "since": tick_text(ticks[0]),
        "ticks": len(ticks),
        "ran": {
            job: dict(Counter(Counter(outside.ran[job])[tick] for tick in ticks)) for job in SHARES
        },
        "records": {
            f"{job} {side} {role}": sum(
                (record.job, record.side, record.role) == (job, side, role) for record in records
            )
            for job in SHARES
            for side in Side
            for role in Role
        },
    }


def test_ticks_that_nobody_ran_are_made_up_for_once_each(
    outside: Outside, node_packages: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app is gone for three ticks: Inngest tries its own again, Vercel's are replayed, and each runs once."""
    app_id = f"replayed-{os.getpid()}"
    prepared(outside.root, app_id, {"vercels": 0, "inngests": 100}, "[defaults]\nretries = 7\n")
    monkeypatch.setenv("CRON_SECRET", SECRET)
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", postgresql_url)
    with running(outside, node_packages, app_id, postgresql_url) as app:
        first = next_minute() + MINUTE
        ticks = [first + MINUTE * number for number in range(6)]
        for number, tick in enumerate(ticks):
            wait_until(tick - timedelta(seconds=20))
            if number == 1:
                app.stop()
            elif number == 4:
                app.start()
            wait_until(tick + LATE)
            app.called_by_vercel()
        assert len(app.unanswered) == 2 * 3  # calls that nobody answered
        wait_until(ticks[-1] + SETTLED)
        ask_the_database(app, postgresql_url)
        span = ("--since", tick_text(ticks[0]), "--until", tick_text(ticks[-1] + MINUTE))
        replay = ("ticks", "replay", "--all", *span)
        missed = app.asked(*replay, "--dry-run")["missed"]
        assert [(tick["job"], tick["tick"]) for tick in missed] == [
            ("vercels", tick_text(tick)) for tick in ticks[1:4]
        ]
        for _ in range(3):  # however often it is asked
            app.asked(*replay, "--per-minute", "600", "--yes")
        end = time.monotonic() + PATIENCE
        while len(outside.ran["vercels"]) < len(ticks) and time.monotonic() < end:
            time.sleep(0.5)
        time.sleep(5)  # for a second run of a tick, which is not to be
    for job in ("vercels", "inngests"):  # which goes on before and behind the span
        assert sorted(tick for tick in outside.ran[job] if tick in ticks) == ticks
    claims = Claims.open(postgresql_url)
    assert all(claims.has_run(job, tick) for job in ("vercels", "inngests") for tick in ticks)
    claims.close()
