"""The app's own TypeScript: generated, checked by its own compiler and formatter, taken back."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cronshift import operations
from cronshift.engine.executor.job_run import Request, run_job
from cronshift.errors import ConfigError, CronshiftError, RefusedError
from cronshift.model import Mode
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

from .typescript_app import CRONS, NOW, ROUTES, SETTINGS, TSCONFIG, migrated, project

if TYPE_CHECKING:
    from pathlib import Path

OTHER_OPTIONS: dict[str, dict[str, Any]] = {
    "strictest": {
        "exactOptionalPropertyTypes": True,
        "noFallthroughCasesInSwitch": True,
        "noImplicitOverride": True,
        "noPropertyAccessFromIndexSignature": True,
        "noUncheckedIndexedAccess": True,
        "verbatimModuleSyntax": True,
    },
    "as Next 13 and 14 make it": {"target": "ES5"},
    "loose": {"strict": False, "moduleResolution": "node"},
}


@pytest.mark.parametrize("major", [4, 3])
@pytest.mark.parametrize("options", OTHER_OPTIONS)
def test_what_is_generated_compiles_as_the_app_does(
    tmp_path: Path, node_packages: Path, major: int, options: str
) -> None:
    root = project(tmp_path, node_packages, major=major)
    migrated(root)
    compiled = {**TSCONFIG["compilerOptions"], **OTHER_OPTIONS[options]}
    (root / "tsconfig.json").write_text(json.dumps({**TSCONFIG, "compilerOptions": compiled}))
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    command = ["node", str(tsc), "-p", ".", "--pretty", "false"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    own = [line for line in done.stdout.splitlines() if not line.startswith(tuple(ROUTES))]
    assert own == []


@pytest.mark.parametrize("major", [4, 3])
def test_what_is_generated_is_strict_typescript(
    tmp_path: Path, node_packages: Path, major: int
) -> None:
    root = project(tmp_path, node_packages, major=major)
    migrated(root)
    tsc = node_packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0
    echo = (root / "lib/inngest/functions/echo.ts").read_text()
    in_options = 'triggers: [{ cron: "TZ=UTC 30 3 * * *" }]'
    assert (in_options in echo) is (major == 4)
    assert 'cron: "TZ=UTC 30 3 * * *"' in echo


def test_what_is_generated_is_as_prettier_writes_it(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)
    written = migrated(root).operation.images
    files = [image.path for image in written if image.path.endswith(".ts")]
    assert len(files) > 20
    prettier = node_packages / "node_modules/prettier/bin/prettier.cjs"
    command = ["node", str(prettier), "--no-config", "--list-different", *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_job_is_called_as_it_can_be_and_listed(tmp_path: Path, node_packages: Path) -> None:
    migration = migrated(project(tmp_path, node_packages))
    assert {job.id: job.mode for job in migration.plan.jobs} == {
        "echo": Mode.DIRECT,
        "flaky": Mode.DIRECT,
        "gone": Mode.DIRECT,
        "cookie": Mode.BRIDGE,  # next/headers would see Inngest's request
        "old": Mode.DIRECT,
        "away": Mode.DIRECT,
        "nightly": Mode.DIRECT,
        "old-a-b": Mode.DIRECT,
    }
    index = (tmp_path / "lib/inngest/functions/index.ts").read_text()
    listed = index.rpartition("export const functions = [")[2].rpartition("]")[0]
    names = {name.strip() for name in listed.split(",")}
    assert names >= {"echo", "flaky", "gone", "cookie", "old", "nightly", "oldAB"}
    endpoint = (tmp_path / "app/api/inngest/route.ts").read_text()
    assert "export const maxDuration = 800;" in endpoint
    assert (tmp_path / "cronshift.ownership.json").is_file()
    again = prepare_migration(load_project(tmp_path), (), NOW)
    assert not again.operation.changes


def test_a_migration_can_be_taken_back_byte_for_byte(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)

    def tree() -> dict[str, bytes]:
        return {
            str(file.relative_to(root)): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file()
            and "node_modules" not in file.parts
            and ".cronshift" not in file.parts
        }

    before = tree()
    operation = migrated(root).operation
    assert tree() != before
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree() == before


@pytest.mark.parametrize(
    ("version", "reason", "told"),
    [
        ("3.40.0", "refused-sdk", "inngest 3.40.0 is refused .* from 3.22.0 to 3.53.1 \\(CVE-"),
        ("^2.7.0", "unknown-sdk", "version 2 of inngest; .* for v3 and v4"),
        ("5.0.0", "unknown-sdk", "version 5 of inngest"),
    ],
)
def test_a_refused_sdk_is_not_generated_for(
    tmp_path: Path, node_packages: Path, version: str, reason: str, told: str
) -> None:
    root = project(tmp_path, node_packages)
    (root / "node_modules/inngest").unlink()
    (root / "package.json").write_text(f'{{"dependencies": {{"next": "16", "inngest": "{version}"}}}}')  # fmt: skip
    with pytest.raises(CronshiftError, match=told) as caught:
        prepare_migration(load_project(root), (), NOW)
    assert caught.value.reason == reason


def test_a_route_that_cannot_be_called_directly_is_not(tmp_path: Path, node_packages: Path) -> None:
    settings = SETTINGS + '\n[jobs.cookie]\nmode = "direct"\n'
    root = project(tmp_path, node_packages, settings=settings)
    with pytest.raises(ConfigError, match="cookie"):
        prepare_migration(load_project(root), (), NOW)


def test_what_no_guard_can_watch_hands_over_by_its_entry_only(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    migrated(root)
    (root / "app/api/cronshift/api/cron/echo/route.ts").unlink()
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(root), ["echo"], NOW)
    assert caught.value.reason == "no-guard"
    moved = prepare_cutover(load_project(root), ["echo"], NOW, handover=Handover.DEPLOY)
    operations.apply(root, moved.operation)
    assert "/api/cron/echo" not in (root / "vercel.json").read_text()
    ownership = json.loads((root / "cronshift.ownership.json").read_text())
    assert ownership["jobs"]["echo"][0]["percent"] == 100


def test_a_job_on_its_way_is_called_through_the_guard_and_comes_back_byte_for_byte(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    migrated(root)
    before = (root / "vercel.json").read_bytes()
    moved = prepare_cutover(load_project(root), ["echo", "old"], NOW, percent=10)
    operations.apply(root, moved.operation)
    crons = json.loads((root / "vercel.json").read_text())["crons"]
    paths = [one["path"] for one in crons]
    assert paths[0] == "/api/cronshift/api/cron/echo?x=%2F&x=a+b"
    assert "/api/cronshift/api/old" in paths
    assert "/api/cron/flaky" in paths
    plan = make_plan(load_project(root))
    assert len(plan.jobs) == len(CRONS)
    assert not prepare_migration(load_project(root), (), NOW).operation.changes
    more = prepare_cutover(load_project(root), ["echo"], NOW + timedelta(days=2), percent=50)
    operations.apply(root, more.operation)
    later = NOW + timedelta(days=4)
    operations.apply(root, prepare_rollback(load_project(root), ["echo"], later).operation)
    assert [one["path"] for one in json.loads((root / "vercel.json").read_text())["crons"]] == paths
    for back in (later, later + timedelta(hours=2)):
        operations.apply(root, prepare_rollback(load_project(root), (), back).operation)
    assert (root / "vercel.json").read_bytes() == before
    assert not make_plan(load_project(root)).job("echo").entry.called  # type: ignore[union-attr]


def test_without_an_endpoint_a_run_says_how_to_get_one(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)
    with pytest.raises(CronshiftError) as caught:
        asyncio.run(run_job(root, make_plan(load_project(root)), Request("echo")))
    assert caught.value.reason == "needs-endpoint"
