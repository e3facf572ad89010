"""Pings that handlers send to monitors themselves: found where they are, in the ways that apps write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = """import {{ work }} from "@/lib/work";

export async function GET(request: Request) {{
  {ping}
  await work(request.headers.get("authorization"));
  return Response.json({{}});
}}
"""
PYTHON = """import os
import httpx
import sentry_sdk
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/mail")
def mail():
    {ping}
    return {{}}
"""


def places(root: Path, files: dict[str, str], settings: str = "") -> list[tuple[str, int]]:
    """Return where the finding stands."""
    given = {
        "package.json": json.dumps({"dependencies": {"next": "16.0.0"}}),
        "cronshift.toml": settings,
        "vercel.json": json.dumps({"crons": [{"path": "/api/mail", "schedule": "0 3 * * *"}]}),
    }
    for name, text in (given | files).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return [
        (finding.location.file, finding.location.line)
        for finding in make_plan(load_project(root)).findings
        if finding.code == "CS548" and finding.location is not None
    ]


def route(ping: str) -> dict[str, str]:
    return {
        "app/api/mail/route.ts": ROUTE.format(ping=ping),
        "lib/work.ts": "export const work = 1;",
    }


@pytest.mark.parametrize(
    "ping",
    [
        'await fetch("https://hc-ping.com/8d2b/start");',
        "await fetch(`https://uptime.betterstack.com/api/v1/heartbeat/${token}`);",
        "await fetch(process.env.HEARTBEAT_URL!);",
        'await fetch(process.env["BETTERSTACK_HEARTBEAT_URL"]!);',
        'const id = Sentry.captureCheckIn({ monitorSlug: "mail", status: "in_progress" });',
        'await Sentry.withMonitor("mail", () => send());',
        "await axios.get('https://o1.ingest.sentry.io/api/42/cron/mail/key/?status=ok');",
        'await fetch("https://ping.checklyhq.com/b8f8de24");',
        "await fetch(`${process.env.KUMA}/api/push/${token}?msg=OK&status=up`);",
        "await fetch(process.env[`HEARTBEAT_${name.toUpperCase()}`]!);",
        'await fetch(config.heartbeatUrl, { method: "HEAD" });',
        "await fetch(env.HEALTHCHECK_PING_URL);",
        'const monitor = new cronitor.Monitor("mail");',
        'await cronitor.wrap("mail", send)();',
    ],
)
def test_a_ping_in_a_route_is_found_at_its_line(tmp_path: Path, ping: str) -> None:
    assert places(tmp_path, route(ping)) == [("app/api/mail/route.ts", 4)]


@pytest.mark.parametrize(
    "ping",
    [
        'httpx.get("https://hc-ping.com/8d2b")',
        'httpx.get(os.environ["HEALTHCHECKS_URL"])',
        'httpx.get(os.getenv("CRON_HEARTBEAT"))',
        'sentry_sdk.crons.capture_checkin(monitor_slug="mail")',
        'cronitor.Monitor("mail").ping(state="run")',
        "httpx.get(settings.heartbeat_url)",
    ],
)
def test_a_ping_in_python_is_found_at_its_line(tmp_path: Path, ping: str) -> None:
    files = {"api/index.py": PYTHON.format(ping=ping), "requirements.txt": "fastapi\n"}
    (tmp_path / "package.json").unlink(missing_ok=True)
    assert places(tmp_path, files) == [("api/index.py", 11)]


def test_a_ping_in_a_module_that_the_route_imports_is_found_there(tmp_path: Path) -> None:
    helper = 'export async function work() {\n  await fetch("https://hc-ping.com/8d2b");\n}\n'
    files = route("") | {"lib/work.ts": helper}
    assert places(tmp_path, files) == [("lib/work.ts", 2)]


@pytest.mark.parametrize(
    "ping",
    [
        '// await fetch("https://hc-ping.com/8d2b");',
        'await fetch("https://example.com/api/health");',
        "const monitor = withMonitorings(process.env.MONITORING_URL);",
        'log("checked in");',
        'if (request.headers.get("x-signature") !== process.env.HEARTBEAT_SECRET) return;',
        "const every = Number(process.env.HEARTBEAT_INTERVAL_MINUTES ?? 10);",
        "await fetch(`${process.env.APP_URL}/api/v1/heartbeat/${id}`);",
        "await fetch(`${process.env.APP_URL}/api/internal/cron/mail/now`);",
        "const config = { heartbeat: process.env.HEARTBEAT_URL };",
        "await fetch(`/api/push/${channel}`);",
    ],
)
def test_what_pings_no_monitor_is_no_finding(tmp_path: Path, ping: str) -> None:
    assert places(tmp_path, route(ping)) == []


def test_a_job_that_has_a_monitor_needs_no_ping_of_its_own(tmp_path: Path) -> None:
    settings = '[jobs.mail]\nheartbeat = "HEARTBEAT_MAIL"\n'
    assert places(tmp_path, route('await fetch("https://hc-ping.com/8d2b");'), settings) == []


def test_a_ping_is_found_however_many_modules_are_between(tmp_path: Path) -> None:
    files = route("") | {
        "lib/work.ts": 'export * from "./logged";\n',
        "lib/logged.ts": 'import * as beats from "./beats";\nexport const work = async () => beats.ping("mail");\n',
        "lib/beats.ts": "export async function ping(job: string) {\n"
        "  const name = `HEARTBEAT_${job}`;\n  await fetch(process.env[name]!);\n}\n",
    }
    assert places(tmp_path, files) == [("lib/beats.ts", 2)]


def test_what_nobody_calls_is_no_ping_of_the_job(tmp_path: Path) -> None:
    files = route("") | {
        "lib/work.ts": 'import { env } from "./env";\nexport const work = async () => env.DATABASE_URL;\n'
        'export async function beat() {\n  await fetch("https://hc-ping.com/8d2b");\n}\n',
        "lib/env.ts": "export const env = { DATABASE_URL: process.env.DATABASE_URL!,\n"
        "  HEARTBEAT_URL: process.env.HEARTBEAT_URL!, every: process.env.HEARTBEAT_INTERVAL };\n",
    }
    assert places(tmp_path, files) == []


def test_a_wrapper_of_a_packages_is_one_and_the_apps_own_is_what_it_does(tmp_path: Path) -> None:
    wrapped = 'import {{ {0} }} from "{1}";\nexport const GET = {0}("mail", async () => Response.json({{}}));\n'
    own = "export function withMonitor(name: string, run: () => unknown) {\n  return run;\n}\n"
    files = {"app/api/mail/route.ts": wrapped.format("withMonitor", "@/lib/monitor")}
    assert places(tmp_path, files | {"lib/monitor.ts": own}) == []
    files = {"app/api/mail/route.ts": wrapped.format("withMonitor", "@sentry/nextjs")}
    assert places(tmp_path, files) == [("app/api/mail/route.ts", 2)]


def test_of_an_app_that_answers_many_paths_only_the_routes_that_ping_are_told(
    tmp_path: Path,
) -> None:
    text = PYTHON.format(ping='httpx.get("https://hc-ping.com/8d2b")') + (
        '\n\n@app.get("/api/other")\ndef other():\n    return {}\n'
    )
    crons = [{"path": path, "schedule": "0 3 * * *"} for path in ("/api/mail", "/api/other")]
    files = {
        "api/index.py": text,
        "requirements.txt": "fastapi\n",
        "vercel.json": json.dumps({"crons": crons}),
        "package.json": "{}",
    }
    assert places(tmp_path, files) == [("api/index.py", 11)]
