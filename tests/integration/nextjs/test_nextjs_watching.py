"""Watching a Next.js app before anything moves: its entries ask the guard, and every tick stays Vercel's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.next_steps import next_steps
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.rollout import prepare_rollout
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import Owner

from .test_nextjs_library import NOW, migrated
from .test_nextjs_library import app as an_app

if TYPE_CHECKING:
    from pathlib import Path

OWN, GUARDED = "/api/cron/report", "/api/cronshift/api/cron/report"
TICK = datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = an_app(tmp_path, "ledger = true\n")
    migrated(root)
    return root


def called(root: Path) -> str:
    """Return the path that Vercel calls."""
    (entry,) = json.loads((root / "vercel.json").read_text())["crons"]
    return str(entry["path"])


def test_at_0_percent_the_guard_is_asked_and_every_tick_stays_vercels(app: Path) -> None:
    assert called(app) == OWN
    watched = prepare_cutover(load_project(app), ["report"], NOW, percent=0)
    assert (watched.watched, watched.done, watched.epochs) == (("report",), (), {})
    operations.apply(app, watched.operation)
    assert called(app) == GUARDED
    assert read_ownership(app).owner("report", TICK) is Owner.VERCEL
    again = prepare_cutover(load_project(app), ["report"], NOW, percent=0)
    assert (again.watched, again.done, again.operation.changes) == ((), ("report",), ())
    back = prepare_rollback(load_project(app), ["report"], NOW)
    operations.apply(app, back.operation)
    assert called(app) == OWN


def test_with_a_ledger_the_guard_is_the_first_step_of_watching(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commands() -> list[str]:
        return [step.command for step in next_steps(load_project(app), NOW)]

    monkeypatch.delenv("CRONSHIFT_LEDGER_URL", raising=False)
    assert not [command for command in commands() if "--percent 0" in command]
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", "sqlite:///ledger.db")
    watching = ["cronshift observe report", "cronshift cutover report --stages 10,50,100"]
    assert commands()[-3:] == ["cronshift cutover report --percent 0", *watching]
    watched = prepare_cutover(load_project(app), ["report"], NOW, percent=0)
    operations.apply(app, watched.operation)
    assert not [command for command in commands() if "--percent 0" in command]


def test_a_share_that_is_taken_back_leaves_the_entry_at_its_guard(app: Path) -> None:
    for percent, days in ((50, 0), (0, 7)):
        now = NOW + timedelta(days=days)
        cutover = prepare_cutover(load_project(app), ["report"], now, percent=percent)
        assert cutover.watched == ()
        operations.apply(app, cutover.operation)
        assert called(app) == GUARDED


def test_a_planned_rollout_is_watched_from_its_beginning(app: Path) -> None:
    """Else nothing but Vercel's own log would tell of its ticks, and no stage would ever have evidence."""
    planned = prepare_rollout(load_project(app), ["report"], NOW, stages=(10, 100))
    operations.apply(app, planned.operation)
    assert called(app) == GUARDED
    assert read_ownership(app).owner("report", TICK) is Owner.VERCEL
