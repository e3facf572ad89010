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
    ],
)
def test_what_pings_no_monitor_is_no_finding(tmp_path: Path, ping: str) -> None:
    assert places(tmp_path, route(ping)) == []


def test_a_job_that_has_a_monitor_needs_no_ping_of_its_own(tmp_path: Path) -> None:
    settings = '[jobs.mail]\nheartbeat = "HEARTBEAT_MAIL"\n'
    assert places(tmp_path, route('await fetch("https://hc-ping.com/8d2b");'), settings) == []
