"""``forget``: what is left of cronshift goes, and not before nothing is on its way."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.errors import RefusedError
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, prepare_finalization
from cronshift.moving.forgetting import forget, prepare_forgetting
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ROUTE = "export async function GET() {\n  return Response.json({ cleaned: true });\n}\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app of one job, all of whose ticks are Inngest's."""
    route = tmp_path / "app/api/cron/clean/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text(ROUTE)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/clean", "schedule": "0 * * * *"}]}\n'
    )
    (tmp_path / "tsconfig.json").write_text("{}\n")
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"next": "16.4.6", "inngest": "4.24.0"}}\n'
    )
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    return tmp_path


def finalized(root: Path, direct: Directness) -> None:
    now = LONG_AGO + timedelta(days=30)
    done = prepare_finalization(load_project(root), (), now, lambda *_: True, direct=direct)
    operations.apply(root, done.operation)


def test_after_the_work_itself_only_the_journal_speaks_of_it_and_then_nothing(app: Path) -> None:
    finalized(app, Directness.WHOLE)
    spoken = subprocess.run(
        ["grep", "-rli", "cronshift", "."], cwd=app, capture_output=True, text=True, check=False
    ).stdout.split()
    assert spoken
    assert all(file.startswith("./.cronshift/operations/") for file in spoken)
    prepared = prepare_forgetting(load_project(app))
    assert {f"./{file}" for file in prepared.files} >= set(spoken)
    assert len(prepared.operations) == 3
    forget(app, prepared)
    assert not (app / ".cronshift").exists()
    assert not (app / "vercel.json").exists()  # there was nothing else in it
    assert (app / "lib/inngest/jobs/clean.ts").is_file()


@pytest.mark.parametrize("is_finalized", [False, True])
def test_it_is_refused_while_a_job_is_on_its_way(app: Path, is_finalized: bool) -> None:
    if is_finalized:
        finalized(app, Directness.NO)
    with pytest.raises(RefusedError, match="still has a part in clean"):
        prepare_forgetting(load_project(app))


def test_what_was_done_meanwhile_is_not_lost(app: Path) -> None:
    finalized(app, Directness.WHOLE)
    prepared = prepare_forgetting(load_project(app))
    for file in list((app / ".cronshift/operations").iterdir())[:1]:
        file.unlink()
    with pytest.raises(RefusedError, match="changed meanwhile"):
        forget(app, prepared)
    assert (app / ".cronshift").is_dir()
