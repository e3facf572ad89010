"""A Next.js app's functions: their types checked by its own compiler, and run in its own server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from cronshift import operations
from cronshift.checking import validate_package
from cronshift.cli import run as run_command_line
from cronshift.dev_server import dev_server, endpoint_path
from cronshift.errors import CronshiftError
from cronshift.migration import prepare_migration
from cronshift.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Finding

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROUTE = """import { type NextRequest, NextResponse } from "next/server";

export async function GET(request: NextRequest) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new NextResponse("no", { status: 401 });
  }
  return NextResponse.json({ x: request.nextUrl.searchParams.get("x") });
}
"""
LAYOUT = """import type { ReactNode } from "react";

export default function Layout({ children }: { children: ReactNode }) {
  return <html><body>{children}</body></html>;
}
"""
TSCONFIG = {
    "compilerOptions": {
        "target": "ES2017",
        "lib": ["dom", "dom.iterable", "esnext"],
        "strict": True,
        "noEmit": True,
        "incremental": True,
        "esModuleInterop": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "resolveJsonModule": True,
        "isolatedModules": True,
        "jsx": "react-jsx",
        "skipLibCheck": True,
        "plugins": [{"name": "next"}],
    },
    "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx"],
    "exclude": ["node_modules"],
}
HELD_BY_A_LINK = ("typescript", "inngest", "inngest-v3")


@pytest.fixture
def app(tmp_path: Path, node_packages: Path) -> Path:
    """A migrated app whose packages are hard links, for Turbopack follows no link out of its root."""
    root = tmp_path / "app"
    files = {
        "vercel.json": json.dumps({"crons": [{"path": "/api/echo?x=1", "schedule": "30 3 * * *"}]}),
        "package.json": json.dumps({"dependencies": {"next": "16.4.6", "inngest": "4.24.0"}}),
        "cronshift.toml": '[project]\napp_id = "shop"\ntarget = "nextjs"\n',
        "tsconfig.json": json.dumps(TSCONFIG),
        "app/layout.tsx": LAYOUT,
        "app/page.tsx": "export default function Page() {\n  return <p>hello</p>;\n}\n",
        "app/api/echo/route.ts": ROUTE,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copytree(
        node_packages / "node_modules",
        root / "node_modules",
        symlinks=True,
        copy_function=link_or_copy,
    )
    operations.apply(root, prepare_migration(load_project(root), (), NOW).operation)
    return root


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def validated(root: Path) -> list[Finding]:
    _, found = validate_package(root, make_plan(load_project(root)))
    return [finding for finding in found if finding.name != "module-out-of-date"]


def test_a_generated_app_compiles_and_validating_leaves_nothing_behind(app: Path) -> None:
    before = {file for file in app.iterdir() if file.is_file()}
    assert validated(app) == []
    assert {file for file in app.iterdir() if file.is_file()} == before


def test_what_the_compiler_refuses_is_told_with_its_place(app: Path) -> None:
    change(app, "lib/inngest/functions/echo.ts", "retries: 3", 'retries: "three"')
    found = {finding.name: finding for finding in validated(app)}
    broken = found["does-not-compile"]
    assert broken.job == "echo"
    assert broken.location
    assert broken.location.file == "lib/inngest/functions/echo.ts"
    line = (app / broken.location.file).read_text().splitlines()[broken.location.line - 1]
    assert 'retries: "three"' in line
    assert "TS2322" in broken.message


def test_errors_in_other_files_are_counted_and_are_no_errors_here(app: Path) -> None:
    (app / "app/other.ts").write_text("export const x: number = 'a';\nexport const y: string = 1;\n")
    (found,) = validated(app)
    assert (found.name, found.severity) == ("errors-elsewhere", "note")
    assert "2 errors" in found.message
    assert "app/other.ts:1" in found.message


def test_without_packages_it_says_that_the_types_were_not_checked(app: Path) -> None:
    shutil.rmtree(app / "node_modules/typescript")
    (found,) = validated(app)
    assert found.name == "not-compiled"
    assert "typescript is not installed" in found.message


def test_without_node_it_says_so(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (found,) = validated(app)
    assert "Node.js was not found" in found.message


def cronshift(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "cronshift", "-C", str(root), *words]


def group_is_gone(root: Path) -> bool:
    """Return whether no process has the app's folder as its own."""
    for link in os.scandir("/proc"):
        if link.name.isdecimal():
            try:
                if os.readlink(f"/proc/{link.name}/cwd") == str(root):
                    return False
            except OSError:
                continue
    return True


def test_run_start_runs_a_job_in_the_apps_own_dev_server_and_stops_it(app: Path) -> None:
    done = subprocess.run(
        cronshift(app, "--json", "run", "echo", "--start"),
        env={**os.environ, "CRON_SECRET": "s3cret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    document: Any = json.loads(done.stdout)
    assert document["status"] == "completed"
    assert document["output"]["body"] == '{"x":"1"}'
    assert "Starting next dev" in done.stderr
    assert group_is_gone(app)
