"""A job's whole way: cut over by stages, finalized, rolled back; to the byte."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.moving.conftest import MONDAY

from cronshift.engine.validation import check, inspect_package
from cronshift.errors import CronshiftError, RefusedError
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import Finalization, prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import Project, load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.readiness.checking import Decisions
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LATER = MONDAY + timedelta(days=14)
JOB = "prediction-check"


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".cronshift" not in path.parts and "__pycache__" not in path.parts
    }


def cut_over(
    root: Path, *jobs: str, percent: int = 100, now: datetime = MONDAY, **more: object
) -> None:
    operation = prepare_cutover(load_project(root), jobs, now, percent=percent, **more).operation  # type: ignore[arg-type] # tests say what they mean
    apply(root, operation)


def finalized(
    root: Path, jobs: Collection[str] = (), now: datetime = LATER, *, ran: bool = True
) -> Finalization:
    prepared = prepare_finalization(load_project(root), jobs, now, lambda *_: ran)
    if prepared.operation.changes:
        apply(root, prepared.operation)
    return prepared


def roll_back(root: Path, *jobs: str, now: datetime = LATER) -> tuple[str, ...]:
    prepared = prepare_rollback(load_project(root), jobs, now)
    if prepared.operation.changes:
        apply(root, prepared.operation)
    return prepared.jobs


def assert_valid(root: Path) -> None:
    """Every job of the plan has its function, and it fires when the job is due."""
    plan = make_plan(load_project(root))
    assert len(plan.runnable) == 6
    found = check(plan, inspect_package(root, "inngest_app"), now=MONDAY)
    assert [finding.message for finding in found] == []


# Cutover


def test_stages_only_ever_move_ticks_one_way(root: Path) -> None:
    project, ticks = load_project(root), []
    job = make_plan(project).job(JOB)
    assert job is not None
    assert job.schedule is not None
    now = MONDAY
    owned: set[datetime] = set()
    for percent in (10, 50, 100):
        cut_over(root, JOB, percent=percent, now=now)
        ownership = read_ownership(root)
        start = ownership.jobs[JOB][-1].effective_at
        assert start > now + timedelta(minutes=15)
        now = start + timedelta(days=1)
        ticks = [tick for tick, _ in zip(job.schedule.after(LATER), range(500), strict=False)]
        mine = {tick for tick in ticks if ownership.owner(JOB, tick) is Owner.INNGEST}
        assert owned <= mine
        assert abs(len(mine) - 5 * percent) <= 50
        owned = mine
    assert len(owned) == len(ticks)


def test_an_epoch_starts_in_the_middle_of_a_quiet_time(root: Path) -> None:
    cut_over(root, JOB)
    start = read_ownership(root).jobs[JOB][-1].effective_at
    assert (start.hour % 4, start.minute) == (2, 0)


def test_what_is_there_already_is_left_alone(root: Path) -> None:
    cut_over(root, JOB)
    again = prepare_cutover(load_project(root), [JOB], LATER)
    assert (again.done, again.operation.changes) == ((JOB,), ())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"at": MONDAY + timedelta(minutes=5)}, "too-early"),
        ({"percent": 50, "handover": Handover.DEPLOY}, "no-percentages"),
        ({"handover": Handover.DEPLOY, "at": MONDAY.replace(hour=4, minute=5)}, "unsafe-window"),
    ],
)
def test_what_is_not_safe_is_refused(root: Path, options: dict[str, object], reason: str) -> None:
    before = tree(root)
    with pytest.raises(CronshiftError) as caught:
        cut_over(root, JOB, **options)  # type: ignore[arg-type] # tests say what they mean
    assert caught.value.reason == reason
    assert caught.value.hint
    assert tree(root) == before


def test_an_epoch_that_is_still_to_come_is_not_overtaken(root: Path) -> None:
    cut_over(root, JOB, percent=10)
    with pytest.raises(RefusedError) as caught:
        cut_over(root, JOB, percent=50, now=MONDAY + timedelta(minutes=1))
    assert caught.value.reason == "epoch-pending"


def test_a_job_without_its_function_is_not_moved(root: Path) -> None:
    (root / "inngest_app/jobs/prediction_check.py").unlink()
    with pytest.raises(CronshiftError) as caught:
        cut_over(root, JOB)
    assert caught.value.reason == "not-migrated"


def test_weekly_jobs_make_percentages_meaningless_and_that_is_said(root: Path) -> None:
    prepared = prepare_cutover(load_project(root), ["update-ai-models"], MONDAY, percent=10)
    assert any("less than one tick" in sentence for sentence in prepared.advice)
    often = prepare_cutover(load_project(root), [JOB], MONDAY, percent=10)
    assert any("10 % is 4, 50 % is 21, 100 % is 42" in sentence for sentence in often.advice)


def test_a_file_that_changes_while_a_cutover_is_planned_is_not_written_over(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = import_module("cronshift.moving.cutover")
    real, file = module.build_operation, root / "cronshift.ownership.json"
    theirs = file.read_text().replace("{}", '{"update-ai-models": []}')

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        file.write_text(theirs)
        return real(*arguments, **named)

    monkeypatch.setattr(module, "build_operation", meanwhile)
    with pytest.raises(RefusedError) as caught:
        cut_over(root, JOB)
    assert caught.value.reason == "changed-file"
    assert file.read_text() == theirs


@pytest.mark.parametrize(("percent", "refused"), [(50, True), (100, False)])
def test_a_share_of_a_job_with_a_rate_limit_is_refused(
    root: Path, percent: int, refused: bool
) -> None:
    """The runs that skip Vercel's ticks would use it up, and drop Inngest's own on both sides."""
    with (root / "cronshift.toml").open("a") as file:
        file.write(f'\n[jobs.{JOB}.rate_limit]\nlimit = 1\nperiod = "1h"\n')
    if refused:
        with pytest.raises(RefusedError) as caught:
            cut_over(root, JOB, percent=percent)
        assert caught.value.reason == "rate-limited-share"
    else:
        cut_over(root, JOB, percent=percent)


# Deploy mode


def test_deploy_mode_takes_the_entry_out_and_keeps_the_job(root: Path) -> None:
    cut_over(root, JOB, handover=Handover.DEPLOY)
    assert JOB not in (root / "vercel.json").read_text()
    job = make_plan(load_project(root)).job(JOB)
    assert job is not None
    assert str(job.entry.source).startswith("cronshift.toml:")
    assert_valid(root)


def test_deploy_mode_is_rolled_back_to_the_byte(root: Path) -> None:
    before = tree(root)
    cut_over(root, JOB, "update-ai-models", handover=Handover.DEPLOY)
    epochs = tree(root)["cronshift.ownership.json"]
    assert set(roll_back(root)) == {JOB, "update-ai-models"}
    after = tree(root)
    assert after.pop("cronshift.ownership.json") != epochs
    before.pop("cronshift.ownership.json")
    assert after == before


def test_a_way_back_without_a_guard_lists_what_may_run_twice(root: Path) -> None:
    cut_over(root, JOB, "session-recovery", handover=Handover.DEPLOY, at_once=True)
    now = LATER.replace(hour=3, minute=50)
    assert prepare_rollback(load_project(root), (), now).costs == ()  # the guard stands
    app = root / "api/index.py"
    app.write_text(app.read_text().replace("app.add_middleware(guard.asgi)\n", ""))
    assert prepare_rollback(load_project(root), (), now).costs == (
        (
            "prediction-check: no guard is known to stand before it, so both sides may run 1 of its"
            " ticks: 04:00 UTC."
        ),
        (
            "session-recovery: no guard is known to stand before it, so both sides may run 2 of its"
            " ticks: 03:50, 04:00 UTC."
        ),
    )


# Finalize


def test_finalizing_all_ends_with_no_cron_at_all(root: Path) -> None:
    cut_over(root)
    prepared = finalized(root)
    assert len(prepared.jobs) == 6
    assert prepared.entries_left == 0
    assert json.loads((root / "vercel.json").read_text()).get("crons") is None
    assert not (root / "cronshift_guard.py").exists()
    assert load_project(root).sources[0].entries == ()
    assert_valid(root)
    assert finalized(root).operation.changes == ()


def test_finalizing_one_leaves_the_others_and_their_guard(root: Path) -> None:
    cut_over(root)
    text = (root / "vercel.json").read_text()
    finalized(root, [JOB])
    assert [entry.path for entry in load_project(root).sources[0].entries] == [
        entry["path"]
        for entry in json.loads(text)["crons"]
        if entry["path"] != "/api/cron/prediction-check"
    ]
    guard = (root / "cronshift_guard.py").read_text()
    assert JOB not in guard
    assert "session-recovery" in guard
    assert_valid(root)


@pytest.mark.parametrize(
    ("percent", "now", "ran", "said"),
    [
        (50, LATER, True, "is at 50 %"),
        (100, MONDAY, True, "changes owner only at"),
        (100, MONDAY.replace(hour=2, minute=40), True, "has had no tick since"),
        (100, LATER, False, "nobody has seen that it ran"),
    ],
)
def test_a_job_that_is_not_wholly_and_visibly_inngests_is_not_finalized(
    root: Path, percent: int, now: datetime, ran: bool, said: str
) -> None:
    at = MONDAY.replace(hour=2, minute=30)
    cut_over(root, JOB, percent=percent, at=at)
    before = tree(root)
    with pytest.raises(RefusedError, match=said):
        finalized(root, [JOB], now, ran=ran)
    assert tree(root) == before


def test_a_guard_is_taken_out_of_the_app_and_comes_back(root: Path) -> None:
    app = root / "api/index.py"
    guarded = tree(root)
    assert b"cronshift_guard" in app.read_bytes()
    cut_over(root)
    finalized(root)
    assert b"cronshift_guard" not in app.read_bytes()
    roll_back(root)
    after = tree(root)
    for state in (after, guarded):
        state.pop("cronshift.ownership.json")
    assert after == guarded


def test_a_guard_that_is_woven_in_is_left_and_told(root: Path) -> None:
    app = root / "api/index.py"
    app.write_text(
        app.read_text() + "\nfrom cronshift_guard import guard\n\nfronts = [guard.asgi]\n"
    )
    cut_over(root)
    prepared = finalized(root)
    assert any("only you can take out" in sentence for sentence in prepared.stays)
    assert (root / "cronshift_guard.py").exists()


def test_a_route_whose_work_runs_in_its_function_goes_and_comes_back(tmp_path: Path) -> None:
    root = tmp_path
    (root / "api").mkdir()
    (root / "api/mail.py").write_text(
        "from http.server import BaseHTTPRequestHandler\nfrom work import run\n\n"
        "class handler(BaseHTTPRequestHandler):\n    def do_GET(self):\n        run()\n"
    )
    (root / "work.py").write_text("def run():\n    return {}\n")
    (root / "vercel.json").write_text(
        '{\n  "functions": { "api/mail.py": { "maxDuration": 60 } },\n'
        '  "crons": [{ "path": "/api/mail", "schedule": "0 6 * * *" }]\n}\n'
    )
    (root / "cronshift.toml").write_text('# mine\n[jobs.mail]\nhandler = "work:run" # direct\n')
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    before = tree(root)
    cut_over(root)
    prepared = finalized(root)
    assert not (root / "api/mail.py").exists()
    assert (root / "vercel.json").read_text() == "{}\n"
    assert prepared.entries_left == 0
    roll_back(root)
    after = tree(root)
    for state in (before, after):
        state.pop("cronshift.ownership.json")
    assert after == before


def test_bridged_routes_stay_and_leftovers_are_told(root: Path) -> None:
    (root / "docs.md").write_text(
        "curl -H 'Authorization: Bearer $CRON_SECRET' /api/cron/prediction-check\n"
    )
    cut_over(root)
    prepared = finalized(root, [JOB])
    assert any("prediction-check stays" in sentence for sentence in prepared.stays)
    assert ("docs.md", 1) in [(line.file, line.line) for line in prepared.leftovers]


# Rollback


def test_a_rollback_takes_every_tick_back_once_both_sides_can_hold_it(root: Path) -> None:
    cut_over(root)
    assert len(roll_back(root)) == 6
    ownership = read_ownership(root)
    ready = LATER + timedelta(minutes=16)  # 15 for the deploy, one for the answer
    for job in make_plan(load_project(root)).jobs:
        assert job.schedule is not None
        for tick, _ in zip(job.schedule.after(LATER), range(20), strict=False):
            owner = Owner.INNGEST if tick < ready else Owner.VERCEL
            assert ownership.owner(job.id, tick) is owner
    assert roll_back(root, now=LATER + timedelta(days=1)) == ()


def test_an_epoch_that_is_still_to_come_is_dropped(root: Path) -> None:
    before = tree(root)
    cut_over(root, JOB)
    roll_back(root, JOB, now=MONDAY + timedelta(minutes=1))
    assert tree(root) == before


def test_rolling_back_one_of_several_puts_its_entry_at_its_old_place(root: Path) -> None:
    text = (root / "vercel.json").read_text()
    cut_over(root)
    finalized(root)
    roll_back(root, "prediction-check", "update-ai-models")
    paths = [entry["path"] for entry in json.loads((root / "vercel.json").read_text())["crons"]]
    assert paths == ["/api/cron/prediction-check", "/api/cron/update-ai-models"]
    assert_valid(root)
    roll_back(root, now=LATER + timedelta(days=1))
    assert (root / "vercel.json").read_text() == text
    assert "moved" not in (root / "cronshift.toml").read_text()
    assert_valid(root)


def test_a_configuration_edited_since_gets_its_entry_back_all_the_same(root: Path) -> None:
    cut_over(root)
    finalized(root, [JOB])
    config = root / "vercel.json"
    config.write_text(config.read_text().replace('"crons"', '"regions": ["fra1"],\n  "crons"'))
    roll_back(root, JOB)
    document = json.loads(config.read_text())
    assert document["regions"] == ["fra1"]
    assert [entry["path"] for entry in document["crons"]][2] == "/api/cron/prediction-check"


def test_toml_and_its_comments_come_back(tmp_path: Path) -> None:
    text = (
        '# ours\nframework = "nextjs"\n\n[[crons]]  # first\npath = "/api/a"\nschedule = "0 6 * * *"\n'
        '\n[[crons]]\npath = "/api/b"\nschedule = "0 7 * * *"\n'
    )
    (tmp_path / "vercel.toml").write_text(text)
    apply(tmp_path, prepare_migration(load_project(tmp_path), (), MONDAY, fix=True).operation)
    pinned = (tmp_path / "cronshift.toml").read_text()
    cut_over(tmp_path, decisions=Decisions(despite=frozenset({"R101"})))
    finalized(tmp_path, ["a"])
    assert "/api/a" not in (tmp_path / "vercel.toml").read_text()
    roll_back(tmp_path, "a")
    assert (tmp_path / "vercel.toml").read_text() == text
    assert (tmp_path / "cronshift.toml").read_text() == pinned


def test_a_job_that_never_moved_has_nothing_to_roll_back(root: Path) -> None:
    prepared = prepare_rollback(load_project(root), [JOB], LATER)
    assert (prepared.jobs, prepared.done, prepared.operation.changes) == ((), (JOB,), ())


def test_an_unknown_job_is_told(root: Path) -> None:
    with pytest.raises(CronshiftError, match="There is no job 'nobody'"):
        prepare_rollback(load_project(root), ["nobody"], LATER)


def test_a_project_is_planned_with_what_moved(root: Path) -> None:
    cut_over(root)
    finalized(root)
    project: Project = load_project(root)
    assert {str(job.entry.origin) for job in make_plan(project).jobs} == {"moved"}
    again = prepare_migration(project, (), LATER)
    assert again.operation.changes == ()
