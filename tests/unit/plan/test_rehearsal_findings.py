"""Whether a handler reads its dry run, in the ways that people write it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

CLASS = """from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        {}
        self.send_response(200)
        self.end_headers()
"""
FASTAPI = """from fastapi import FastAPI, Header

app = FastAPI()


@app.get("/api/report")
def report({}):
    return {{"sent": 1}}


@app.get("/api/other")
def other(dry_run: bool = False, x_dry_run: str = Header("")):
    return {{"other": 1}}
"""
ROUTE = """export async function GET(request: Request) {{
  {}
  return Response.json({{ ok: true }});
}}
"""


def found(root: Path, file: str, source: str, rehearsal: str) -> set[str]:
    rewrites = [{"source": "/(.*)", "destination": "/api/index"}] if "index" in file else []
    crons = [{"path": "/api/report", "schedule": "0 3 * * *"}]
    files = {
        file: source,
        "vercel.json": json.dumps({"crons": crons, "rewrites": rewrites}),
        "cronshift.toml": f'[jobs.report]\nrehearsal = "{rehearsal}"\n',
        **({"package.json": '{"dependencies": {"next": "16.0.0"}}'} if ".ts" in file else {}),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    plan = make_plan(load_project(root))
    return {finding.code for finding in plan.findings} & {"CS524", "CS536", "CS537"}


@pytest.mark.parametrize(
    ("file", "source", "rehearsal"),
    [
        ("api/report.py", CLASS.format("dry = 'dry_run=1' in self.path"), "?dry_run=1"),
        ("api/report.py", CLASS.format("dry = parse_qs(urlsplit(self.path).query).get('dry_run')"), "?dry_run=1"),
        ("api/report.py", CLASS.format("dry = self.headers.get('X-Dry-Run')"), "x-dry-run: 1"),
        ("api/index.py", FASTAPI.format("dry_run: bool = False"), "?dry_run=1"),
        ("api/index.py", FASTAPI.format("x_dry_run: str = Header('')"), "X-Dry-Run: 1"),
        ("app/api/report/route.ts", ROUTE.format('const dry = new URL(request.url).searchParams.get("dry");'), "?dry=yes"),
        ("app/api/report/route.ts", ROUTE.format('const dry = request.headers.has("x-dry-run");'), "X-Dry-Run: 1"),
        ("app/api/report/route.ts", ROUTE.format("const { dry } = Object.fromEntries(new URL(request.url).searchParams);"), "?dry=yes"),
    ],
)  # fmt: skip
def test_a_handler_that_reads_it_has_no_finding(
    tmp_path: Path, file: str, source: str, rehearsal: str
) -> None:
    assert found(tmp_path, file, source, rehearsal) == set()


@pytest.mark.parametrize(
    ("file", "source", "rehearsal", "codes"),
    [
        ("api/report.py", CLASS.format("send_report()  # dry_run"), "?dry_run=1", {"CS524"}),
        ("api/report.py", CLASS.format("'It has no dry_run.'"), "?dry_run=1", {"CS524"}),
        ("api/report.py", CLASS.format("dry = 'dry_run' in self.path"), "?dry_run=1&quiet=1", {"CS524"}),
        ("api/index.py", FASTAPI.format(""), "?dry_run=1", {"CS536"}),
        ("api/index.py", FASTAPI.format(""), "?quiet=1", {"CS524"}),
        ("app/api/report/route.ts", ROUTE.format("// dry_run"), "?dry_run=1", {"CS524"}),
        ("app/api/report/route.ts", ROUTE.format('const other = request.headers.has("x-dry");'), "X-Dry-Run: 1", {"CS524"}),
        ("elsewhere.txt", "", "?dry_run=1", {"CS536"}),
    ],
)  # fmt: skip
def test_one_that_does_not_is_never_rehearsed_and_a_doubt_is_told(
    tmp_path: Path, file: str, source: str, rehearsal: str, codes: set[str]
) -> None:
    assert found(tmp_path, file, source, rehearsal) == codes
