"""Planning is a line of stages, and a state of a project is planned once."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import Edit
from cronshift.plan import planning
from cronshift.plan.decided import decide
from cronshift.plan.identified import identify
from cronshift.plan.judged import judge
from cronshift.plan.opened import open_project
from cronshift.plan.placed import place
from cronshift.plan.planning import make_plan
from cronshift.plan.resolved import resolve
from cronshift.plan.snapshot import Snapshot
from cronshift.plan.surveyed import survey_project
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROUTE = """\
export async function GET(request: Request) {
  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`)
    return new Response(null, { status: 401 });
  return Response.json({ ok: true });
}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"},'
        ' {"path": "/api/cron/b", "schedule": "0 7 * * *"}]}\n'
    )
    (tmp_path / "package.json").write_text('{"dependencies": {"next": "15.0.0"}}\n')
    (tmp_path / "tsconfig.json").write_text("{}\n")
    for name in "ab":
        folder = tmp_path / "app" / "api" / "cron" / name
        folder.mkdir(parents=True)
        (folder / "route.ts").write_text(ROUTE)
    return tmp_path


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what every planning decides."""
    made: list[object] = []

    def counting(placed: object) -> object:
        made.append(placed)
        return decide(placed)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "decide", counting)
    return made


def test_each_stage_adds_to_the_one_before_and_changes_nothing_of_it(app: Path) -> None:
    opened = open_project(load_project(app))
    identified = identify(opened)
    resolved = resolve(identified)
    judged = judge(resolved)
    placed = place(judged)
    surveyed = survey_project(placed)
    found = [stage.findings for stage in (identified, resolved, judged, placed, surveyed)]
    for before, after in pairwise(found):
        assert after[: len(before)] == before
    assert [each.job for each in identified.entries] == [job.id for job in surveyed.jobs]
    assert decide(surveyed) == make_plan(load_project(app))


def test_a_snapshot_plans_each_state_once(app: Path, plans: list[object]) -> None:
    before = Snapshot(load_project(app))
    edits = [Edit("app/api/cron/a/route.ts", None)]
    assert before.plan is before.plan
    assert before.after([]) is before
    assert before.after(edits) is before.after(list(edits))
    assert before.after(edits).plan.jobs[0].handler is None
    assert before.plan.jobs[0].handler is not None
    assert len(plans) == 2


def test_a_finalize_plans_before_and_after_and_no_more(app: Path, plans: list[object]) -> None:
    operations.apply(app, prepare_migration(load_project(app), (), NOW).operation)
    cut = prepare_cutover(load_project(app), (), NOW)
    operations.apply(app, cut.operation)
    plans.clear()
    ending = prepare_finalization(load_project(app), (), LATER, lambda *_: True)
    assert ending.jobs == ("a", "b")
    assert ending.entries_left == 0
    assert len(plans) == 2
    operations.apply(app, ending.operation)
    plans.clear()
    back = prepare_rollback(load_project(app), (), LATER)
    assert back.jobs == ("a", "b")
    assert len(plans) <= 3  # as it is, with the entries back, with the routes back too


def test_a_cutover_by_deploy_plans_before_and_after(app: Path, plans: list[object]) -> None:
    operations.apply(app, prepare_migration(load_project(app), (), NOW).operation)
    plans.clear()
    prepare_cutover(load_project(app), (), NOW, handover=Handover.DEPLOY)
    assert len(plans) == 2
