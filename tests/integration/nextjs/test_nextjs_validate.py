"""A Next.js app's functions: their types checked by its own compiler, and run in its own server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift import operations
from cronshift.cli import run as main
from cronshift.engine.validation.project import validate_package
from cronshift.errors import CronshiftError
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.typescript.dev_server import dev_server, endpoint_path

if TYPE_CHECKING:
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


def test_errors_in_a_serve_route_of_the_apps_own_are_errors_here(app: Path) -> None:
    generated = app / "app/api/inngest/route.ts"
    own = app / "app/api/events/route.ts"
    own.parent.mkdir(parents=True)
    text = (
        generated.read_text().partition("\n")[2].replace("maxDuration = ", "maxDuration: string = ")
    )
    own.write_text(text)
    generated.unlink()
    (found,) = [one for one in validated(app) if one.name == "does-not-compile"]
    assert (found.location and found.location.file) == "app/api/events/route.ts"


def test_errors_in_other_files_are_counted_and_are_no_errors_here(app: Path) -> None:
    (app / "app/other.ts").write_text(
        "export const x: number = 'a';\nexport const y: string = 1;\n"
    )
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


def runs_in(root: Path) -> list[str]:
    """Return the processes that have the app's folder as their own.

    Next's own farewell is left out: a program in a session of its own that ends at once.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if (process / "cwd").readlink() == root:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [words for words in found if "detached-flush" not in words]


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
    assert document["output"]["body"] == {"x": "1"}
    assert "Starting next dev" in done.stderr
    assert runs_in(app) == []


PROXY = """import { NextResponse } from "next/server";

export function proxy(request: Request) {
  if (request.headers.get("cookie")) return NextResponse.next();
  return NextResponse.redirect(new URL("/login", request.url));
}
export const config = { matcher: ["/api/:kind(echo|cronshift)/:path*"] };
"""


def test_validate_start_asks_every_path_without_a_cookie_and_runs_nothing(app: Path) -> None:
    ran = app / "ran"
    text = f'import {{ appendFileSync }} from "node:fs";\n{ROUTE}'.replace(
        "  if (request", f'  appendFileSync("{ran}", "x");\n  if (request'
    )
    (app / "app/api/echo/route.ts").write_text(text)

    def asked() -> tuple[int, dict[str, str], str]:
        done = subprocess.run(
            cronshift(app, "--json", "validate", "--start", "--no-compile"),
            capture_output=True,
            text=True,
            check=False,
        )
        facts = json.loads(done.stdout)["facts"]
        codes = {fact["code"]: fact["answer"] for fact in facts if fact["code"] in "R102 R103 R104"}
        return done.returncode, codes, done.stdout + done.stderr

    code, answers, text = asked()
    assert (code, set(answers.values())) == (0, {"known-good"}), text
    (app / "proxy.ts").write_text(PROXY)
    code, answers, text = asked()
    assert code == 1
    assert answers == {"R102": "known-bad", "R103": "known-good", "R104": "known-bad"}
    assert not ran.exists()
    assert runs_in(app) == []


def test_run_start_leaves_nothing_behind_when_it_is_told_to_stop(app: Path) -> None:
    (app / "app/api/inngest/route.ts").write_text("await new Promise(() => {});\nexport {};\n")
    process = subprocess.Popen(
        cronshift(app, "run", "echo", "--start"), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    with process:
        assert "Starting next dev" in process.stderr.readline()
        assert "Waiting for the endpoint" in process.stderr.readline()
        assert runs_in(app) != []
        process.send_signal(signal.SIGTERM)
        process.wait()
    assert process.returncode == 128 + signal.SIGTERM
    assert runs_in(app) == []


def test_a_dev_server_that_dies_tells_its_last_lines(app: Path) -> None:
    (app / "next.config.mjs").write_text('throw new Error("no such setting");\n')
    with pytest.raises(CronshiftError, match="no such setting") as caught:
        asyncio.run(started(app))
    assert caught.value.reason == "dev-server-failed"
    assert "next dev ended (exit code 1)" in caught.value.message
    assert runs_in(app) == []


def test_an_endpoint_that_fails_tells_the_servers_last_lines(app: Path) -> None:
    change(app, "lib/inngest/client.ts", "new Inngest(", "new Engine(")
    with pytest.raises(CronshiftError, match="Engine is not defined") as caught:
        asyncio.run(started(app))
    assert caught.value.reason == "dev-server-failed"


async def started(app: Path, **options: Any) -> str:
    async with dev_server(app, {"INNGEST_DEV": "1"}, "CRONSHIFT_BASE_URL", **options) as url:
        return url


def test_a_dev_server_that_takes_too_long_is_stopped(app: Path) -> None:
    with pytest.raises(CronshiftError, match="did not answer within"):
        asyncio.run(started(app, timeout=timedelta(milliseconds=1)))
    assert runs_in(app) == []


def test_the_endpoint_is_below_the_apps_base_path(app: Path) -> None:
    (app / "next.config.mjs").write_text('export default { basePath: "/shop" };\n')
    assert endpoint_path(app) == "/shop/api/inngest"
    assert asyncio.run(started(app)).endswith("/shop/api/inngest")


def test_without_a_route_that_serves_there_is_nothing_to_start(app: Path) -> None:
    (app / "app/api/inngest/route.ts").unlink()
    with pytest.raises(CronshiftError) as caught:
        endpoint_path(app)
    assert caught.value.reason == "not-generated"


def test_start_and_endpoint_exclude_each_other(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-C", str(app), "run", "echo", "--start", "--endpoint", "http://localhost:3000"]
    assert main(words) == 2
    assert "--start and --endpoint exclude each other" in capsys.readouterr().err
