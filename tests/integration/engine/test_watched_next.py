"""An hour of a Next.js app on a real Inngest server, beside a stand-in for Vercel's cron; minutes of it, unasked.

Start a server with ``inngest dev --no-discovery`` and set ``INNGEST_DEV_URL``; ``CRONSHIFT_MINUTES`` says for how
many minutes (3).
"""

from __future__ import annotations

import json
import os
from collections import Counter
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
SETTLED = timedelta(minutes=2, seconds=20)  # until a tick's fate is told


@pytest.fixture
def outside(node_packages: Path) -> Iterator[Outside]:
    with folder(node_packages) as root:
        yield Outside(root)


def prepared(root: Path, app_id: str, shares: dict[str, int]) -> None:
    """Write the app, migrate it, and have its entries ask their guards at the shares."""
    written(root, app_id, [*shares])
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
    with (
        serving(outside.app) as there,
        watched_app(
            outside.root,
            node_packages,
            app_id,
            OUTSIDE_URL=there,
            APP_DATABASE_URL=postgresql_url.replace("+psycopg", ""),
            CRONSHIFT_LEDGER_URL=f"{there}/api/inngest",
            CRONSHIFT_OWNERSHIP_URL=f"{there}/ownership",
        ) as app,
    ):
        first = next_minute() + MINUTE
        ticks = [first + MINUTE * number for number in range(MINUTES)]
        for tick in ticks:
            wait_until(tick + LATE)
            app.called_by_vercel()
            if tick == ticks[(MINUTES - 1) // 2]:
                app.asked("cutover", "growing", "--percent", "50", "--deploy-minutes", "0", "--yes")
        wait_until(ticks[-1] + SETTLED)
        app.variables["CRONSHIFT_LEDGER_URL"] = postgresql_url
        recorder = recording.recorder("CRON_SECRET")
        assert recorder is not None
        assert recorder.flush(10)
        told = judged_by_commands(app, ticks)
    records = read_ledger(postgresql_url, first, ticks[-1] + MINUTE)
    told["calls"] = {str(at): what for at, what in app.late.items()}
    figures = figures_of(outside, records, ticks) | told
    if place := os.environ.get("CRONSHIFT_FIGURES"):
        with open(place, "w", encoding="utf-8") as file:  # noqa: PTH123 - a place of the caller's
            json.dump(figures, file, indent=2)
    assert not app.late
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
