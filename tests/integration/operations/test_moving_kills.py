"""Cutover, finalize and rollback of a whole project, killed at every call that changes the disk."""

from __future__ import annotations

import importlib.util
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.operations import Operation, apply, finish, history, revert, unfinished
from cronshift.project import Project, load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = Path(__file__).parents[3] / "examples"
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
LATER = MONDAY + timedelta(days=14)
GUARDED = """
from cronshift_guard import guard

app.add_middleware(guard.asgi)
"""


def kills() -> Any:
    """Return the module with the process that starts, and loses, one process after the other."""
    path = Path(__file__).with_name("test_kills.py")
    spec = importlib.util.spec_from_file_location("kills", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KILLS = kills()


@pytest.fixture(scope="module")
def killed() -> Iterator[Any]:
    killer = KILLS.Killer()
    yield killer
    killer.close()


def generated(root: Path) -> Project:
    """Lay out the example, guarded, with its functions."""
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "sveltekit", "__pycache__", "inngest_app"
    )
    shutil.copytree(EXAMPLES, root, ignore=ignored)
    with (root / "api/index.py").open("a") as file:
        file.write(GUARDED)
    apply(root, prepare_migration(load_project(root), (), MONDAY, fix=True).operation)
    return load_project(root)


def moved(root: Path) -> Project:
    """The same, two weeks after all jobs were cut over."""
    project = generated(root)
    apply(root, prepare_cutover(project, (), MONDAY).operation)
    return load_project(root)


def cutover(root: Path) -> Operation:
    return prepare_cutover(generated(root), (), MONDAY, percent=10).operation


def deploy(root: Path) -> Operation:
    jobs = ["daily-generate-batch-predictions"]
    return prepare_cutover(generated(root), jobs, MONDAY, handover=Handover.DEPLOY).operation


def finalize(root: Path) -> Operation:
    return prepare_finalization(moved(root), (), LATER, lambda *_: True).operation


def rollback(root: Path) -> Operation:
    apply(root, prepare_finalization(moved(root), (), LATER, lambda *_: True).operation)
    return prepare_rollback(load_project(root), (), LATER + timedelta(days=1)).operation


@pytest.mark.parametrize("way", ["finish", "revert"])
@pytest.mark.parametrize("prepare", [cutover, deploy, finalize, rollback])
def test_a_kill_at_any_instant_leaves_the_before_or_the_after_state(
    tmp_path: Path, killed: Any, prepare: Callable[[Path], Operation], way: str
) -> None:
    template = tmp_path / "template"
    operation = prepare(template)
    (tmp_path / "plan.json").write_text(json.dumps(operation.to_json()))
    before = KILLS.tree(template)
    whole = Path(shutil.copytree(template, tmp_path / "whole"))
    apply(whole, operation)
    after = KILLS.tree(whole)
    assert before != after
    past = len(history(template))
    for number in range(1, 400):
        root = Path(shutil.copytree(template, tmp_path / "project"))
        died = killed(root, "plan", number)
        interrupted = unfinished(root)
        if interrupted is None:
            assert KILLS.tree(root) == (after if len(history(root)) > past else before), number
        else:
            (finish if way == "finish" else revert)(root, interrupted)
            assert KILLS.tree(root) == (after if way == "finish" else before), number
        shutil.rmtree(root)
        if not died:
            assert number > 5
            return
    pytest.fail("the operation never came to its end")
