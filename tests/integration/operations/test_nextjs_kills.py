"""A Next.js app's whole way, killed where the disk changes: migrate, cutover, finalize, rollback."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import Operation, apply, finish, history, revert, unfinished
from cronshift.project import load_project

from .test_kills import Killer, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = Path(__file__).parents[3] / "examples/nextjs"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
LATER = MONDAY + timedelta(days=14)
MOVING = (
    "daily-generate-batch-predictions",
    "daily-update-polymarket-data",
    "prediction-check",
    "session-recovery",
    "update-active-events",
    "update-ai-models",
)


@pytest.fixture(scope="module")
def killed() -> Iterator[Killer]:
    killer = Killer()
    yield killer
    killer.close()


def copied(root: Path) -> Path:
    ignored = shutil.ignore_patterns("node_modules", ".next", "next-env.d.ts")
    return Path(shutil.copytree(EXAMPLE, root, ignore=ignored))


def migrated(root: Path) -> Path:
    apply(copied(root), prepare_migration(load_project(root), (), MONDAY).operation)
    return root


def moved(root: Path) -> Path:
    """The app, two weeks before all jobs that may move have been cut over."""
    apply(migrated(root), prepare_cutover(load_project(root), MOVING, MONDAY).operation)
    return root


def mended(root: Path) -> Operation:
    project = load_project(copied(root))
    return prepare_migration(project, (), MONDAY, fix=True, accept=["CS204"]).operation


def cutover(root: Path) -> Operation:
    return prepare_cutover(load_project(migrated(root)), MOVING, MONDAY, percent=10).operation


def deploy(root: Path) -> Operation:
    jobs = ["daily-update-polymarket-data"]
    project = load_project(moved(root))
    apply(root, prepare_rollback(project, jobs, LATER).operation)
    day_after = LATER + timedelta(days=1)
    return prepare_cutover(load_project(root), jobs, day_after, handover=Handover.DEPLOY).operation


def finalize(root: Path) -> Operation:
    project = load_project(moved(root))
    return prepare_finalization(project, MOVING, LATER, lambda *_: True).operation


def rollback(root: Path) -> Operation:
    apply(root, finalize(root))
    changed = root / "lib/inngest/jobs/prediction-check.ts"
    changed.write_text(changed.read_text() + "// mended\n")
    return prepare_rollback(load_project(root), (), LATER + timedelta(days=1)).operation


@pytest.mark.parametrize("way", ["finish", "revert"])
@pytest.mark.parametrize("prepare", [mended, cutover, deploy, finalize, rollback])
def test_a_kill_at_any_instant_leaves_the_before_or_the_after_state(
    tmp_path: Path, killed: Killer, prepare: Callable[[Path], Operation], way: str
) -> None:
    template = tmp_path / "template"
    operation = prepare(template)
    (tmp_path / "plan.json").write_text(json.dumps(operation.to_json()))
    before = tree(template)
    whole = Path(shutil.copytree(template, tmp_path / "whole"))
    apply(whole, operation)
    after = tree(whole)
    assert before != after
    past = len(history(template))
    for number in range(1, 999):
        root = Path(shutil.copytree(template, tmp_path / "project"))
        died = killed(root, "plan", number)
        interrupted = unfinished(root)
        if interrupted is None:
            assert tree(root) == (after if len(history(root)) > past else before), number
        else:
            (finish if way == "finish" else revert)(root, interrupted)
            assert tree(root) == (after if way == "finish" else before), number
        shutil.rmtree(root)
        if not died:
            assert number > 5
            return
    pytest.fail("the operation never came to its end")
