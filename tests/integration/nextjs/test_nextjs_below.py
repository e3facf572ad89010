"""An app below its configuration: vercel.json at the root, Next.js in apps/web."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.engine.validation.project import validate_package
from cronshift.moving.migration import prepare_migration
from cronshift.moving.next_steps import next_steps
from cronshift.operations import apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.readiness.checking import facts_of
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
ROOT_PACKAGE = '{"name": "mono", "private": true, "workspaces": ["apps/*"]}'
ROOT_TYPES = '{"compilerOptions": {"paths": {"@/*": ["./packages/*"]}}}'


@pytest.fixture(params=["", "apps/web", "apps/web/app"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder in which a command is typed."""
    files = {
        "vercel.json": '{"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"}]}',
        "package.json": ROOT_PACKAGE,
        "tsconfig.json": ROOT_TYPES,
        "apps/web/package.json": '{"name": "web", "dependencies": {"next": "16.0.0"}}',
        "apps/web/tsconfig.json": "{}",
        "apps/web/.env.example": "CRON_SECRET=\n",
        "apps/web/app/api/cron/a/route.ts": "export async function GET() { return new Response(); }\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / str(request.param)


def test_everything_goes_to_the_app_and_nothing_to_the_root(asked: Path, tmp_path: Path) -> None:
    apply(tmp_path, prepare_migration(load_project(asked), (), NOW).operation)
    app = tmp_path / "apps/web"
    assert "inngest" in json.loads((app / "package.json").read_text())["dependencies"]
    assert (tmp_path / "package.json").read_text() == ROOT_PACKAGE
    assert (tmp_path / "tsconfig.json").read_text() == ROOT_TYPES
    assert "INNGEST_SIGNING_KEY" in (app / ".env.example").read_text()
    assert (app / "lib/inngest/functions/a.ts").is_file()
    assert not (tmp_path / "lib").exists()
    assert '"../../../lib/inngest/client"' in (app / "app/api/inngest/route.ts").read_text()


def test_from_every_folder_the_same_is_planned_and_valid(asked: Path, tmp_path: Path) -> None:
    apply(tmp_path, prepare_migration(load_project(asked), (), NOW).operation)
    for folder in ("", "apps/web"):
        project = load_project(tmp_path / folder)
        plan = make_plan(project)
        assert [job.module for job in plan.runnable] == ["apps/web/lib/inngest/functions/a.ts"]
        _, findings = validate_package(project.root, plan, compiles=False)
        assert [finding for finding in findings if finding.severity == "error"] == []
        assert prepare_migration(project, (), NOW).operation.changes == ()
        bad = [fact for fact in facts_of(project, plan, NOW) if fact.answer is Knowledge.BAD]
        assert bad == []
        first = next_steps(project, NOW)[0]
        assert first.command == "npm install"
        assert "npm install --force" in first.why
