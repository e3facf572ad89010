"""A job is paused on both sides, and goes on with the share that it had."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.integration.moving.conftest import MONDAY, example

from cronshift.errors import RefusedError
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.next_steps import next_steps
from cronshift.moving.pause import prepare_pause, prepare_resumption
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import read_status
from cronshift.operations import apply, past_operations
from cronshift.project import load_project
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cronshift.runtime.ownership import Ownership

TUESDAY = MONDAY + timedelta(days=1)
JOB = "prediction-check"


def pause(root: Path, now: datetime = MONDAY, until: datetime | None = None) -> datetime:
    prepared = prepare_pause(load_project(root), [JOB], now, until=until)
    apply(root, prepared.operation)
    return prepared.start


def owners(ownership: Ownership, start: datetime) -> set[Owner]:
    return {ownership.owner(JOB, start + timedelta(hours=4 * number)) for number in range(42)}


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_nobody_runs_a_paused_job_until_it_goes_on_as_before(root: Path, percent: int) -> None:
    if percent:
        apply(root, prepare_cutover(load_project(root), [JOB], MONDAY, percent=percent).operation)
    before = read_ownership(root)
    start = pause(root, TUESDAY)
    held = read_ownership(root)
    assert owners(held, start) == {Owner.NOBODY}
    (row,) = (row for row in read_status(load_project(root), start).jobs if row.job == JOB)
    assert row.paused
    assert row.next_owner is Owner.NOBODY

    later = start + timedelta(days=3)
    prepared = prepare_resumption(load_project(root), [JOB], later)
    apply(root, prepared.operation)
    after = read_ownership(root)
    assert after.owner(JOB, prepared.start - timedelta(minutes=1)) is Owner.NOBODY
    for tick in (prepared.start + timedelta(hours=number) for number in range(200)):
        assert after.owner(JOB, tick) is before.owner(JOB, tick)


def test_a_paused_job_is_not_finalized_and_the_next_step_ends_the_pause(root: Path) -> None:
    apply(root, prepare_cutover(load_project(root), [JOB], MONDAY).operation)
    start = pause(root, TUESDAY)
    with pytest.raises(RefusedError, match=f"{JOB} is paused") as caught:
        prepare_finalization(load_project(root), [JOB], start, lambda *_: True)
    assert caught.value.hint == f"cronshift resume-job {JOB} comes first."
    steps = [step.command for step in next_steps(load_project(root), start)]
    assert f"cronshift finalize {JOB}" not in " ".join(steps)


def test_a_pause_ends_by_itself(root: Path) -> None:
    until = MONDAY + timedelta(hours=9)
    start = pause(root, until=until)
    held = read_ownership(root)
    assert held.owner(JOB, start) is Owner.NOBODY
    assert held.owner(JOB, until) is Owner.VERCEL
    assert prepare_pause(load_project(root), [JOB], start).done == (JOB,)
    assert not prepare_resumption(load_project(root), [JOB], until).jobs


def test_a_pause_that_has_not_begun_never_does_when_it_is_ended(root: Path) -> None:
    before = (root / "cronshift.ownership.json").read_bytes()
    now = MONDAY
    apply(root, prepare_pause(load_project(root), [JOB], now, deploy=timedelta(hours=5)).operation)
    apply(root, prepare_resumption(load_project(root), [JOB], now).operation)
    assert json.loads((root / "cronshift.ownership.json").read_bytes()) == json.loads(before)


def test_a_job_is_paused_in_the_minutes_in_which_a_change_is_on_its_way(root: Path) -> None:
    change = prepare_cutover(load_project(root), [JOB], MONDAY, percent=100, at_once=True)
    apply(root, change.operation)
    before = read_ownership(root)
    now = MONDAY + timedelta(minutes=2)
    start = pause(root, now)
    assert start > before.jobs[JOB][-1].effective_at > now
    assert owners(read_ownership(root), start) == {Owner.NOBODY}
    assert pause_again(root, now) == (JOB,)
    apply(root, prepare_resumption(load_project(root), [JOB], now).operation)
    assert read_ownership(root) == before


def pause_again(root: Path, now: datetime) -> tuple[str, ...]:
    return prepare_pause(load_project(root), [JOB], now).done


def test_a_change_that_begins_behind_the_pause_is_waited_for(root: Path) -> None:
    apply(
        root,
        prepare_cutover(load_project(root), [JOB], MONDAY, percent=100, at=TUESDAY).operation,
    )
    with pytest.raises(RefusedError) as caught:
        pause(root)
    assert caught.value.reason == "epoch-pending"


def test_a_pause_that_is_over_before_it_can_begin_is_refused(root: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        pause(root, until=MONDAY + timedelta(minutes=10))
    assert caught.value.reason == "too-early"


def test_without_a_guard_vercel_would_go_on_so_a_pause_is_refused(tmp_path: Path) -> None:
    root = example(tmp_path)
    apply(root, prepare_migration(load_project(root), (), MONDAY).operation)
    app = root / "api" / "index.py"
    app.write_text("\n".join(line for line in app.read_text().splitlines() if "guard" not in line))
    with pytest.raises(RefusedError) as caught:
        pause(root)
    assert caught.value.reason == "no-guard"
    assert not past_operations(root) or not read_ownership(root).jobs


def test_a_paused_job_is_not_cut_over_and_a_rollback_ends_its_pause(root: Path) -> None:
    start = pause(root)
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(root), [JOB], start, percent=50)
    assert (caught.value.reason, caught.value.hint) == ("paused", f"cronshift resume-job {JOB}")
    prepared = prepare_rollback(load_project(root), [JOB], start)
    apply(root, prepared.operation)
    assert owners(read_ownership(root), start + timedelta(hours=1)) == {Owner.VERCEL}
