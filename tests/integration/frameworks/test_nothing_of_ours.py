"""The end of an app whose one job's work is its function's own: no file, import or variable of ours."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.moving.finalize import Directness, prepare_finalization
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .apps import (
    KITS,
    LONG_AGO,
    SECRET,
    Kit,
    copied,
    handed_over,
    installed_copy,
    migrated,
    ran,
    started,
    tree,
)

if TYPE_CHECKING:
    from pathlib import Path

MOVED = [kit for kit in KITS if "gone" in kit.worked]


IN_CODE = [kit for kit in MOVED if kit.is_coded]


def with_one_job(app: Path) -> None:
    """Leave an app one entry, and nothing of our name."""
    document = json.loads((app / "vercel.json").read_text())
    document["crons"] = [entry for entry in document["crons"] if "gone" in entry["path"]]
    (app / "vercel.json").write_text(json.dumps(document))
    package = app / "package.json"
    package.write_text(package.read_text().replace("cronshift", "shop"))


def ended(app: Path) -> None:
    """Lead an app the whole way, until its jobs' work is their functions' own."""
    migrated(app)
    handed_over(app)
    later = LONG_AGO + timedelta(days=60)
    for directness in (Directness.NO, Directness.WHOLE):
        done = prepare_finalization(
            load_project(app), (), later, lambda *_: True, direct=directness
        )
        operations.apply(app, done.operation)


@pytest.mark.parametrize("kit", MOVED, ids=[kit.name for kit in MOVED])
def test_no_file_speaks_of_us(kit: Kit, tmp_path: Path) -> None:
    app = copied(kit, tmp_path / "app")
    with_one_job(app)
    ended(app)
    after = {file: data.lower() for file, data in tree(app).items() if "lock" not in file}
    assert [file for file, data in after.items() if b"cronshift" in data] == []


@pytest.mark.parametrize("kit", IN_CODE, ids=[kit.name for kit in IN_CODE])
def test_an_app_in_code_answers_inngest_as_the_sdks_documentation_has_it(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", SECRET)
    with installed_copy(kit) as app:
        with_one_job(app)
        migrated(app)
        plan = make_plan(load_project(app))
        operations.revert(app, operations.history(app)[-1])
        ended(app)
        for script in filter(None, (*kit.checking, kit.building)):
            done = ran(kit, app, script)
            assert done.returncode == 0, done.stdout + done.stderr
        with started(kit, app) as url:
            asked = Request("gone", endpoint=f"{url}/api/inngest")
            run = asyncio.run(run_job(app, plan, asked)).run
    assert run.status == "failed"
    assert "nothing here" in str(run.error)
    assert [step.id for step in run.steps] == ["work"]
