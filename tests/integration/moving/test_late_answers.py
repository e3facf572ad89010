"""What is planned for an instant, and answered, kept or resumed too late for it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from msgspec.structs import replace

from cronshift.cli import run
from cronshift.commands import carrying_out, cutover, resume, rollback
from cronshift.errors import TooLateError
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import Operation, State, apply, refuse_late
from cronshift.operations.journal import write_operation
from cronshift.output.console import Console
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import OWNERSHIP_NAME

EXAMPLES = Path(__file__).parents[3] / "examples"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
JOB = "prediction-check"


class Clock(datetime):
    """The present instant as the commands see it."""

    present = MONDAY

    @classmethod
    def now(cls, tz: Any = None) -> Self:  # noqa: ARG003 - the clock's own
        return cls.fromisoformat(cls.present.isoformat())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "predictions", ignore=ignored))
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    apply(root, prepare_cutover(load_project(root), [JOB], MONDAY).operation)
    Clock.present = MONDAY + timedelta(days=1)
    for module in (carrying_out, cutover, resume, rollback):
        monkeypatch.setattr(module, "datetime", Clock)
    return root


def answering_after(monkeypatch: pytest.MonkeyPatch, *pauses: timedelta) -> list[timedelta]:
    """Let every question wait, the first for the first pause, before somebody says yes."""
    left = list(pauses)

    def confirm(*_: object, **__: object) -> bool:
        Clock.present += left.pop(0)
        return True

    monkeypatch.setattr(Console, "confirm", confirm)
    return left


def test_an_answer_that_comes_too_late_has_the_whole_planned_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = answering_after(monkeypatch, timedelta(hours=2), timedelta(seconds=5))
    assert (run(["-C", str(root), "rollback", JOB]), left) == (0, [])
    assert "It is planned again." in capsys.readouterr().err
    start = read_ownership(root).jobs[JOB][-1].effective_at
    written = Clock.present
    assert timedelta(minutes=15) < start - written < timedelta(minutes=17)


def test_an_answer_in_time_is_asked_for_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left = answering_after(monkeypatch, timedelta(seconds=50))
    assert (run(["-C", str(root), "rollback", JOB]), left) == (0, [])
    assert "planned again" not in capsys.readouterr().err


def test_an_instant_that_was_chosen_and_answered_too_late_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering_after(monkeypatch, timedelta(hours=2))
    at = (Clock.present + timedelta(hours=1)).isoformat()
    before = (root / OWNERSHIP_NAME).read_bytes()
    code = run(["-C", str(root), "--json", "cutover", JOB, "--percent", "50", "--at", at])
    assert (code, json.loads(capsys.readouterr().out)["error"]["reason"]) == (3, "too-early")
    assert (root / OWNERSHIP_NAME).read_bytes() == before


def test_a_plan_that_was_kept_is_refused_once_its_epochs_would_begin_too_soon(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = root.parent / "plan.json"
    cronshift = ["-C", str(root), "--json"]
    assert run([*cronshift, "rollback", JOB, "--save-plan", str(kept)]) == 0
    capsys.readouterr()
    Clock.present += timedelta(hours=1)
    code = run([*cronshift, "apply", str(kept), "--yes"])
    assert (code, json.loads(capsys.readouterr().out)["error"]["reason"]) == (3, "too-late")


def test_what_was_interrupted_is_not_finished_once_its_epochs_would_begin_too_soon(
    root: Path,
) -> None:
    now = MONDAY + timedelta(days=1)
    operation = prepare_rollback(load_project(root), [JOB], now).operation
    assert operation.write_by is not None
    read_back = Operation.from_json(json.loads(json.dumps(operation.to_json())))
    assert read_back.write_by == operation.write_by
    refuse_late(root, operation, operation.write_by)
    with pytest.raises(TooLateError):
        refuse_late(root, operation, operation.write_by + timedelta(seconds=1))
    apply(root, operation)
    refuse_late(root, operation, now + timedelta(days=1))  # nothing is left to be written


@pytest.fixture
def interrupted(root: Path) -> tuple[Path, Operation]:
    """A rollback that was killed when its epochs stood and nothing else did."""
    finalized = MONDAY + timedelta(days=1)
    prepared = prepare_finalization(load_project(root), [JOB], finalized, lambda *_: True)
    apply(root, prepared.operation)
    operation = prepare_rollback(load_project(root), [JOB], Clock.present).operation
    write_operation(root, operation)
    (epochs,) = (image for image in operation.images if image.path == OWNERSHIP_NAME)
    (root / OWNERSHIP_NAME).write_bytes(epochs.after or b"")
    return root, operation


def test_epochs_that_both_sides_can_still_forget_are_taken_back(
    interrupted: tuple[Path, Operation],
) -> None:
    root, operation = interrupted
    assert operation.write_by is not None
    Clock.present = operation.write_by
    assert run(["-C", str(root), "resume", "--revert", "--yes"]) == 0
    assert len(read_ownership(root).jobs[JOB]) == 1


def test_an_epoch_that_may_have_begun_is_not_taken_back_but_finished(
    interrupted: tuple[Path, Operation], capsys: pytest.CaptureFixture[str]
) -> None:
    root, operation = interrupted
    assert operation.write_by is not None
    Clock.present = operation.write_by + timedelta(seconds=1)
    before = (root / OWNERSHIP_NAME).read_bytes()
    assert run(["-C", str(root), "--json", "resume", "--revert", "--yes"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["reason"] == "too-late"
    assert error["hint"] == f"cronshift operations resume, then cronshift rollback {JOB}"
    assert (root / OWNERSHIP_NAME).read_bytes() == before
    assert run(["-C", str(root), "resume", "--yes"]) == 0
    assert "/api/cron/prediction-check" in (root / "vercel.json").read_text()
    assert run(["-C", str(root), "rollback", JOB, "--yes"]) == 0


def test_a_way_back_that_was_interrupted_and_is_too_late_leaves_a_way_out(
    interrupted: tuple[Path, Operation], capsys: pytest.CaptureFixture[str]
) -> None:
    root, operation = interrupted
    assert operation.write_by is not None
    write_operation(root, replace(operation, state=State.REVERTING))
    Clock.present = operation.write_by + timedelta(seconds=1)
    assert run(["-C", str(root), "--json", "resume", "--yes"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert (
        error["hint"]
        == f"cronshift operations abandon {operation.id}, then cronshift rollback {JOB}"
    )
    assert run(["-C", str(root), "abandon", operation.id, "--yes"]) == 0
    assert run(["-C", str(root), "rollback", JOB, "--yes"]) == 0


def test_at_once_both_sides_run_the_ticks_until_both_hold_the_file(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Clock.present = MONDAY + timedelta(days=1, hours=3, minutes=20)  # ten minutes before a tick
    cronshift = ["-C", str(root), "--json"]
    assert run([*cronshift, "rollback", JOB, "--now", "--yes"]) == 0
    assert json.loads(capsys.readouterr().out)["costs"] == [
        "prediction-check: both sides may run 1 of its ticks: 04:00 UTC."
    ]
    told = [
        (epoch.percent, epoch.owner and str(epoch.owner))
        for epoch in read_ownership(root).jobs[JOB]
    ]
    assert told == [(100, None), (100, "both"), (0, None)]
