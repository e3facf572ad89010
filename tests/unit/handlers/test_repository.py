"""An app of a monorepo: the packages around it are read where imports lead there, and never written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

APP = "apps/web"
NOW = datetime(2026, 11, 27, tzinfo=UTC)
CHECK = """export function isCron(request: Request) {
  const secret = process.env.CRON_SECRET;
  return Boolean(secret) && request.headers.get("authorization") === `Bearer ${secret}`;
}
"""
ROUTE = """import { isCron } from "@acme/auth/cron";
import { sendReports } from "@acme/work";
export async function GET(request: Request) {
  if (!isCron(request)) return new Response("no", { status: 401 });
  await sendReports();
  return Response.json({ ok: true });
}
"""
WORK = """export async function sendReports() {
  await fetch("https://mail.example", { method: "POST" });
}
"""
LISTED = {
    "dependencies": {"next": "16.0.0", "@acme/auth": "workspace:*", "@acme/work": "workspace:*"}
}
PACKAGES = {
    "packages/auth/package.json": json.dumps({"name": "@acme/auth"}),
    "packages/auth/src/cron.ts": CHECK,
    "packages/work/package.json": json.dumps({"name": "@acme/work", "main": "src/index.ts"}),
    "packages/work/src/index.ts": WORK,
}
WORKSPACES = {"package.json": json.dumps({"workspaces": ["apps/*", "packages/*"]})}
PNPM = {
    "pnpm-workspace.yaml": "packages:\n  - '.'\n  - './'\n  - ''\n  - 'apps/*'\n  - 'packages/*'\n"
}
MAPPED = {
    f"{APP}/tsconfig.json": json.dumps({"extends": "../../tsconfig.base.json"}),
    "tsconfig.base.json": json.dumps(
        {"compilerOptions": {"paths": {"@acme/auth/*": ["./packages/auth/src/*"]}}}
    ),
}


def monorepo(root: Path, files: dict[str, str], package: Any = None) -> Path:
    crons = {"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}]}
    documents = {
        f"{APP}/vercel.json": json.dumps(crons),
        f"{APP}/package.json": json.dumps(package or LISTED),
        f"{APP}/app/api/cron/x/route.ts": ROUTE,
        **PACKAGES,
        **files,
    }
    for name, text in documents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root / APP


def auth(app: Path) -> str | None:
    (job,) = make_plan(load_project(app)).jobs
    return job.handler.auth if job.handler else None


@pytest.mark.parametrize(
    ("files", "package"),
    [
        (WORKSPACES, LISTED),
        (PNPM, LISTED),
        (WORKSPACES | MAPPED, {"dependencies": {"next": "16.0.0"}}),
        ({".git/HEAD": "ref: refs/heads/main\n"}, LISTED),
        (
            {**WORKSPACES, f"{APP}/app/api/cron/x/route.ts": ROUTE.replace('"@acme/auth/cron"', '"../../../../../../packages/auth/src/cron"')},
            LISTED,
        ),
    ],
    ids=["npm workspaces", "pnpm workspaces", "paths of a tsconfig above", "a git repository", "a relative import"],
)  # fmt: skip
def test_a_check_in_a_package_beside_the_app_is_followed(
    tmp_path: Path, files: dict[str, str], package: Any
) -> None:
    assert auth(monorepo(tmp_path, files, package)) == "cron-secret"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"package.json": json.dumps({"workspaces": ["packages/*", ".", "", 7]})},
        {"package.json": '{"workspaces": ', "pnpm-workspace.yaml": "packages: &a [*a]\n- x"},
        {f"{APP}/.git/HEAD": "ref: refs/heads/main\n", **WORKSPACES},
    ],
    ids=["no repository", "another's workspaces", "broken files", "a repository of its own"],
)
def test_nothing_is_read_outside_the_repository(tmp_path: Path, files: dict[str, str]) -> None:
    assert auth(monorepo(tmp_path, files)) is None


def test_a_package_of_a_registry_is_not_looked_for_beside_the_app(tmp_path: Path) -> None:
    package = {
        "dependencies": {"next": "16.0.0", "@acme/auth": "^2.0.0", "@acme/work": "workspace:*"}
    }
    assert auth(monorepo(tmp_path, WORKSPACES, package)) is None


def test_what_is_wrong_in_a_package_is_told_there_and_never_mended(tmp_path: Path) -> None:
    dropped = WORK.replace("await fetch", "fetch")
    app = monorepo(tmp_path, {**WORKSPACES, "packages/work/src/index.ts": dropped})
    plan = make_plan(load_project(app))
    (place,) = [str(each.location) for each in plan.findings if each.code == "CS201"]
    assert place == "../../packages/work/src/index.ts:2"
    migration = prepare_migration(load_project(app), (), NOW, fix=True)
    assert not [image.path for image in migration.operation.images if "packages" in image.path]
    assert (tmp_path / "packages/work/src/index.ts").read_text() == dropped
