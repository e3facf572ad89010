"""Routes of Python that others call too: with an event in place of the work, or gone, by the real frameworks."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cronshift import operations
from cronshift.cli import run
from cronshift.engine.executor.engine import Surroundings
from cronshift.engine.executor.job_run import Request
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, Finalization, prepare_finalization
from cronshift.moving.rollback import prepare_rollback
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets import CallerFate
from cronshift.targets.python.running import run_in_process

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LATER = LONG_AGO + timedelta(days=30)
FASTAPI = """import os
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

app = FastAPI()
opened = []


class Swept(BaseModel):
    swept: int


def connection():
    opened.append("connection")
    yield [1, 2, 3]


@app.get("/")
def home():
    return {"opened": opened}


@app.get("/api/cron/x", response_model=Swept, tags=["cron"])
async def sweep(
    rows: Annotated[list, Depends(connection)], authorization: str | None = Header(None)
) -> Swept:
    \"""Sweep.\"""
    if authorization != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(status_code=401, detail="no")
    return Swept(swept=len(rows))
"""
FLASK = """import os

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/api/cron/x", methods=["GET", "POST"])
def sweep():
    if request.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
        return jsonify(error="no"), 401
    return jsonify(swept=3)
"""
HANDLER = """import json
import os
from http.server import BaseHTTPRequestHandler


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
            self._reply(401, {"error": "no"})
            return
        self._reply(200, {"swept": self._swept()})

    def _swept(self):
        return 3

    def _reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
"""
DJANGO = {
    "site_app/__init__.py": "",
    "site_app/settings.py": """SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_app.urls"
INSTALLED_APPS = []
DATABASES = {}
""",
    "site_app/wsgi.py": """import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_app.settings")

app = get_wsgi_application()
""",
    "site_app/urls.py": """from django.urls import path

from site_app import views

urlpatterns = [
    path("api/cron/x", views.sweep, name="sweep"),
]
""",
    "site_app/views.py": """import os

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def sweep(request):
    if request.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
        return JsonResponse({"error": "no"}, status=401)
    return JsonResponse({"swept": 3})
""",
}
APPS = {
    "fastapi": {"api/index.py": FASTAPI},
    "flask": {"api/index.py": FLASK},
    "django": DJANGO,
    "http_server": {"api/cron/x.py": HANDLER},
}
ASKED: dict[str, str] = {
    "fastapi": """
from fastapi.testclient import TestClient
from api.index import app, opened
client = TestClient(app)
def ask(headers):
    answer = client.get("/api/cron/x", headers=headers)
    assert not opened  # what only the work needs is not made for the event
    return answer.status_code, answer.json()
""",
    "flask": """
from api.index import app
client = app.test_client()
def ask(headers):
    answer = client.get("/api/cron/x", headers=headers)
    return answer.status_code, answer.json
""",
    "django": """
from site_app.wsgi import app
from django.test import Client
def ask(headers):
    answer = Client().get("/api/cron/x", headers=headers)
    return answer.status_code, answer.json()
""",
    "http_server": """
import threading
from http.server import HTTPServer
import httpx
from api.cron.x import handler
handler.log_message = lambda *_: None
server = HTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
def ask(headers):
    answer = httpx.get(f"http://127.0.0.1:{server.server_port}/api/cron/x", headers=headers)
    return answer.status_code, answer.json()
""",
}
REPORTED = """
import asyncio, json, sys
sys.modules["cronshift"] = None
import inngest
sent = []
async def send(self, events, **_):
    sent.append(events.name)
def send_sync(self, events, **_):
    sent.append(events.name)
inngest.Inngest.send, inngest.Inngest.send_sync = send, send_sync
{asked}
answers = [ask({{}}), ask({{"authorization": "Bearer s3cret"}})]
from inngest_app.jobs.x import do_the_work
print(json.dumps({{"answers": answers, "sent": sent, "work": asyncio.run(do_the_work())}}))
"""


def moved(root: Path, kind: str, *, is_ended: bool = True) -> None:
    for file, text in APPS[kind].items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    (root / "scripts").mkdir()
    (root / "scripts/now.sh").write_text("#!/bin/sh\ncurl $APP/api/cron/x\n")
    app = "site_app/wsgi.py" if kind == "django" else "api/index.py"
    routes = {} if kind == "http_server" else {"builds": [{"src": app, "use": "@vercel/python"}],
                                               "routes": [{"src": "/(.*)", "dest": app}]}  # fmt: skip
    crons = [{"path": "/api/cron/x", "schedule": "0 * * * *"}]
    (root / "vercel.json").write_text(json.dumps({"crons": crons, **routes}, indent=2))
    (root / "requirements.txt").write_text("" if kind == "http_server" else f"{kind}\n")
    run(["-C", str(root), "migrate", "--fix", "--yes", "--quiet"])
    cutover = prepare_cutover(load_project(root), (), LONG_AGO, percent=100)
    operations.apply(root, cutover.operation)
    if is_ended:
        done = prepare_finalization(load_project(root), (), LATER, lambda *_: True)
        operations.apply(root, done.operation)


def files(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not {".cronshift", "__pycache__"} & set(file.relative_to(root).parts)
    }


def directed(root: Path, callers: CallerFate) -> Finalization:
    done = prepare_finalization(
        load_project(root), (), LATER, lambda *_: True, direct=Directness.WHOLE, callers=callers
    )
    operations.apply(root, done.operation)
    return done


def reported(root: Path, kind: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REPORTED.format(asked=ASKED[kind])],
        cwd=root,
        env={**os.environ, "INNGEST_DEV": "1", "CRON_SECRET": "s3cret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("kind", APPS)
def test_a_route_that_others_call_turns_away_whom_it_did_and_sends_an_event(
    tmp_path: Path, kind: str
) -> None:
    moved(tmp_path, kind)
    before = files(tmp_path)
    app_id = make_plan(load_project(tmp_path)).app_id
    done = directed(tmp_path, CallerFate.EVENT)
    assert done.direct == ("x",), done.kept
    assert any(f"/api/cron/x sends {app_id}/x and answers 202" in note for note in done.stays)
    assert "CRON_SECRET stays" in done.stays[0]
    after = reported(tmp_path, kind)
    (refused, _), (taken, answer) = after["answers"]
    assert (refused, taken, answer) == (401, 202, {"queued": True})
    assert after["sent"] == [f"{app_id}/x"]
    assert after["work"] == {"swept": 3}
    back = prepare_rollback(load_project(tmp_path), (), LATER + timedelta(days=1))
    operations.apply(tmp_path, back.operation)
    assert files(tmp_path) == before


def test_the_event_starts_the_function_as_its_schedule_does(tmp_path: Path) -> None:
    moved(tmp_path, "http_server")
    assert directed(tmp_path, CallerFate.TELL).direct == ("x",)
    plan = make_plan(load_project(tmp_path))
    module = (tmp_path / "inngest_app/jobs/x.py").read_text()
    assert f'inngest.TriggerEvent(event="{plan.app_id}/x")' in module
    made = asyncio.run(run_in_process(tmp_path, plan, Request("x"), Surroundings()))
    assert made.run.output == {"swept": 3}


def test_a_route_that_goes_tells_who_called_it(tmp_path: Path) -> None:
    moved(tmp_path, "flask", is_ended=False)
    refused = prepare_finalization(
        load_project(tmp_path), (), LATER, lambda *_: True, direct=Directness.WHOLE
    )
    assert refused.kept["x"].startswith(
        "x stays as it is. api/index.py: it is called by scripts/now.sh:2; with --callers event"
    )
    done = directed(tmp_path, CallerFate.TELL)
    assert done.direct == ("x",), done.kept
    assert [line.file for line in done.leftovers] == ["scripts/now.sh"]  # the app's lines went
    assert any("it is called by scripts/now.sh:2: send " in note for note in done.stays)
    assert "/api/cron/x" not in (tmp_path / "api/index.py").read_text()
