"""The move of an app of each framework, from the audit to the end and back: bytes alone, no Node."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.validation.project import validate_package
from cronshift.errors import ConfigError
from cronshift.model import Mode, Severity
from cronshift.moving.finalize import Directness, prepare_finalization
from cronshift.moving.rollback import prepare_rollback
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .apps import LONG_AGO, Kit, handed_over, migrated, tree

if TYPE_CHECKING:
    from pathlib import Path

LATER = LONG_AGO + timedelta(days=60)
MUCH_LATER = LATER + timedelta(days=30)
OWNERSHIP = "cronshift.ownership.json"


def test_the_target_is_chosen_unasked(kit: Kit, app: Path) -> None:
    plan = make_plan(load_project(app))
    assert plan.target == "typescript"
    assert {job.id for job in plan.jobs if job.mode is Mode.BRIDGE} == kit.bridged
    migrated(app)
    assert 'target = "typescript"' in (app / "cronshift.toml").read_text()
    assert (app / kit.endpoint).is_file()
    assert (app / kit.guard).is_file()
    assert '"inngest":' in (app / "package.json").read_text()


def test_what_is_generated_is_well(kit: Kit, app: Path) -> None:
    migrated(app)
    plan = make_plan(load_project(app))
    registration, findings = validate_package(app, plan, compiles=False)
    assert registration.count == len(plan.jobs)  # nobody waits to hear of cancelled runs
    assert registration.unread == ()
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []


def test_the_whole_way_and_back(kit: Kit, app: Path) -> None:
    before = tree(app)
    migrated(app)
    generated = tree(app)
    handed_over(app)
    pointed = json.loads((app / "vercel.json").read_text())["crons"]
    assert all(cron["path"].startswith("/api/cronshift/api/") for cron in pointed)
    for directness in (Directness.NO, Directness.WHOLE):
        done = prepare_finalization(
            load_project(app), (), LATER, lambda *_: True, direct=directness
        )
        operations.apply(app, done.operation)
    assert {*done.direct} == kit.worked
    after = tree(app)
    assert "crons" not in json.loads(after["vercel.json"])
    assert kit.guard not in after
    if kit.is_coded:  # as prettier writes that no route asks any more
        assert b"\n  {},\n);\n" in after[kit.endpoint]
    assert (kit.route in after) is kit.is_coded  # else its work is the function's now
    written = [text for file, text in after.items() if "/jobs/echo." in file]
    assert len(written) == len(kit.worked & {"echo"})
    taken = prepare_rollback(load_project(app), (), MUCH_LATER)
    operations.apply(app, taken.operation)
    for hours in (0, 2):
        now = MUCH_LATER + timedelta(hours=hours)
        back = prepare_rollback(load_project(app), (), now)
        if back.operation.changes:
            operations.apply(app, back.operation)
    now_there = tree(app)
    assert {**now_there, OWNERSHIP: b""} == {**generated, OWNERSHIP: b""}
    changed = {file for file, data in before.items() if now_there[file] != data}
    assert changed <= {".env.example", "package.json", *kit.edited}


def test_another_target_goes_on(kit: Kit, app: Path) -> None:
    (app / "cronshift.toml").write_text('[project]\ntarget = "python"\n')
    plan = make_plan(load_project(app))
    assert plan.target == "python"
    assert {job.mode for job in plan.jobs} == {Mode.BRIDGE}
    (app / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    with pytest.raises(ConfigError) as caught:
        make_plan(load_project(app))
    assert caught.value.reason == "target-does-not-fit"


def test_a_package_that_was_generated_before_goes_on(kit: Kit, app: Path) -> None:
    settings = app / "cronshift.toml"
    settings.write_text('[project]\ntarget = "python"\n')
    migrated(app)
    settings.write_text(settings.read_text().replace('target = "python"\n', ""))
    assert (app / "inngest_app" / "asgi.py").is_file()
    assert make_plan(load_project(app)).target == "python"
