"""Where no job can move nothing is written; where one can, all is that it imports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift.errors import CronshiftError
from cronshift.model import Mode
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import generate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LAYOUT = "export default function Layout() {}\n"


def app(root: Path, schedule: str, files: dict[str, str], target: str) -> None:
    crons = [{"path": "/api/cron/mail", "schedule": schedule}]
    documents = {
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": '{"name": "shop", "dependencies": {"next": "16.0.0"}}',
        "tsconfig.json": "{}",
        "cronshift.toml": f'[project]\napp_id = "shop"\ntarget = "{target}"\n',
        "app/layout.tsx": LAYOUT,
        **files,
    }
    for name, text in documents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("target", ["nextjs", "python"])
def test_where_no_job_can_move_nothing_is_written(tmp_path: Path, target: str) -> None:
    app(tmp_path, "never", {"cronshift.toml": f'[project]\ntarget = "{target}"\n'}, target)
    assert prepare_migration(load_project(tmp_path), (), NOW).operation.images == ()


def test_what_fix_cannot_mend_pins_nothing_either(tmp_path: Path) -> None:
    route = """import { work } from "@/lib/work";

export async function GET() {
  try {
    await work();
  } catch (error) {
    console.error(error);
  }
  return Response.json({ ok: true });
}
"""
    files = {"cronshift.toml": "", "app/api/cron/mail/route.ts": route}
    app(tmp_path, "0 3 * * *", files, "nextjs")
    migration = prepare_migration(load_project(tmp_path), (), NOW, fix=True)
    assert [job.id for job in migration.left_out] == ["mail"]
    assert migration.mending is not None
    assert migration.mending.unmended
    assert migration.operation.images == ()


def test_an_old_sdk_is_told_before_the_serve_route_it_is_written_for(tmp_path: Path) -> None:
    serve = 'import { serve } from "inngest/next";\nexport default serve("shop", []);\n'
    files = {
        "package.json": '{"dependencies": {"next": "14.2.0", "inngest": "1.5.4"}}',
        "app/api/cron/mail/route.ts": "export const GET = () => new Response();\n",
        "pages/api/inngest.ts": serve,
    }
    app(tmp_path, "0 3 * * *", files, "nextjs")
    with pytest.raises(CronshiftError, match="version 1 of inngest") as caught:
        prepare_migration(load_project(tmp_path), (), NOW)
    assert (caught.value.reason, caught.value.hint) == ("unknown-sdk", "npm install inngest@latest")


def test_a_bridged_handler_of_the_pages_router_beside_an_app_folder_finds_its_library(
    tmp_path: Path,
) -> None:
    page = "export default async function handler(req, res) {\n  await res.revalidate('/');\n  res.end();\n}\n"
    app(tmp_path, "0 3 * * *", {"pages/api/cron/mail.ts": page}, "nextjs")
    plan = make_plan(load_project(tmp_path))
    assert [job.mode for job in plan.runnable] == [Mode.BRIDGE]
    files = {file.path: file.text for file in generate(plan)}
    assert "lib/inngest/cronshift/pages" in files["pages/api/cronshift/api/cron/mail.ts"]
    assert "lib/inngest/cronshift/pages.ts" in files
