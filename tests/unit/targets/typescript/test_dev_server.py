"""What must be installed before the app's own server is started, and where it is looked for."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.cli import run
from cronshift.errors import CronshiftError
from cronshift.moving.migration import prepare_migration
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.subject import Subject
from cronshift.targets.registry import target_named
from cronshift.targets.typescript.compiling import check_types

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
APP = {
    "vercel.json": '{"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"}]}',
    "package.json": '{"name": "shop", "dependencies": {"next": "16.0.0"}}',
    "tsconfig.json": "{}",
    "yarn.lock": "# yarn lockfile v1\n",
    "app/api/cron/a/route.ts": "export async function GET() { return new Response(); }\n",
}

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not here")


def migrated(root: Path, files: dict[str, str], below: str = "") -> Subject:
    for name, text in files.items():
        file = root / ("" if name == "vercel.json" else below) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    apply(root, prepare_migration(load_project(root), (), NOW).operation)
    project = load_project(root)
    plan = make_plan(project)
    return Subject(project, plan, plan.runnable, NOW)


@pytest.mark.parametrize("below", ["", "apps/web"])
@pytest.mark.parametrize(
    ("packages", "reason"),
    [((), "no-next"), (("next/dist/bin/next",), "no-sdk")],
)
def test_the_server_is_not_started_without_what_it_needs(
    tmp_path: Path, below: str, packages: tuple[str, ...], reason: str
) -> None:
    if below:
        (tmp_path / "package.json").write_text('{"private": true, "workspaces": ["apps/*"]}')
    subject = migrated(tmp_path, APP, below)
    for name in packages:
        file = tmp_path / below / "node_modules" / name
        file.parent.mkdir(parents=True)
        file.write_text("throw new Error('started');")
    target = target_named(subject.plan.target)
    with pytest.raises(CronshiftError) as caught:
        asyncio.run(target.ask_running(subject, lambda _: None))
    assert (caught.value.reason, caught.value.hint) == (reason, "yarn install")


def test_an_app_in_javascript_is_told_to_build_and_not_to_install_a_compiler(
    tmp_path: Path,
) -> None:
    files = {
        name.replace("route.ts", "route.js"): text
        for name, text in APP.items()
        if name != "tsconfig.json"
    }
    subject = migrated(tmp_path, {**files, "cronshift.toml": '[project]\ntarget = "nextjs"\n'})
    (finding,) = check_types(tmp_path, subject.plan)
    assert (finding.code, "validate --build" in finding.fix) == ("CS437", True)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here")
def test_an_app_below_is_built_in_its_own_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "package.json").write_text('{"private": true, "workspaces": ["apps/*"]}')
    script = "node -e \\\"fs.writeFileSync('built', '')\\\""
    package = f'{{"scripts": {{"build": "{script}"}}, "dependencies": {{"next": "16.0.0"}}}}'
    migrated(tmp_path, {**APP, "package.json": package}, "apps/web")
    (tmp_path / "apps/web/yarn.lock").unlink()
    run(["-C", str(tmp_path), "validate", "--build", "--no-compile"])
    capsys.readouterr()
    assert (tmp_path / "apps/web/built").is_file()
