"""Jobs of a Python package that become the app's own: they run without cronshift, and every byte comes back."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cronshift import operations
from cronshift.cli import run
from cronshift.engine.executor.engine import Surroundings
from cronshift.engine.executor.job_run import Request
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.finalize import Directness, Finalization, prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.python.running import run_in_process

EXAMPLE = Path(__file__).parents[3] / "examples"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LATER = LONG_AGO + timedelta(days=30)
APP = 'app = FastAPI(title="predictions")\n'
GUARDED = f"from cronshift_guard import guard\n\n{APP}app.add_middleware(guard.asgi)\n"


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not {".cronshift", "__pycache__"} & set(file.relative_to(root).parts)
    }


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The example, all of whose ticks are Inngest's."""
    root = tmp_path / "app"
    shutil.copytree(EXAMPLE / "api", root / "api", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("vercel.json", "cronshift.toml", "requirements.txt"):
        shutil.copy(EXAMPLE / name, root / name)
    operations.apply(root, prepare_migration(load_project(root), (), LONG_AGO).operation)
    source = root / "api/index.py"
    source.write_text(source.read_text().replace(APP, GUARDED))
    for weeks, percent in enumerate((10, 50, 100)):
        now = LONG_AGO + timedelta(days=7 * weeks)
        operations.apply(
            root, prepare_cutover(load_project(root), (), now, percent=percent).operation
        )
    return root


def finalized(root: Path, *jobs: str, direct: Directness) -> Finalization:
    done = prepare_finalization(load_project(root), jobs, LATER, lambda *_: True, direct=direct)
    operations.apply(root, done.operation)
    return done


def speaking(root: Path) -> list[str]:
    return [
        file
        for file, data in tree(root).items()
        if b"cronshift" in data.lower() or "cronshift" in file
    ]


RUNS = """
import asyncio, json, sys
from importlib import import_module
sys.modules["cronshift"] = None  # nothing of it may be needed
import inngest_app
from api.index import app
from inngest_app import asgi, functions
work = {
    name: import_module(f"inngest_app.jobs.{name}").do_the_work
    for name in ("update_ai_models", "session_recovery", "daily_generate_batch_predictions")
}
print(json.dumps({
    "functions": [function.id for function in functions],
    "models": asyncio.run(work["update_ai_models"]()),
    "recovered": asyncio.run(work["session_recovery"]()),
    "made": asyncio.run(work["daily_generate_batch_predictions"]("gpt-5")),
    "routes": [route.path for route in asgi.app.routes],
    "app": [route.path for route in app.routes],
}))
"""


def ran(root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUNS],
        cwd=root,
        env={**os.environ, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_nothing_of_cronshifts_is_left_and_every_byte_comes_back(app: Path) -> None:
    jobs = [job.id for job in make_plan(load_project(app)).jobs]
    finalized(app, direct=Directness.NO)
    moved = tree(app)
    done = finalized(app, direct=Directness.WHOLE)
    assert set(done.direct) == set(jobs)
    assert speaking(app) == []
    assert not (app / "vercel.json").exists()  # there was nothing else in it
    assert (app / "requirements.txt").read_text() == "fastapi\ninngest>=0.5.19,<0.6\n"
    assert "CRON_SECRET any more" in done.stays[0]
    result = ran(app)
    assert sorted(result["functions"]) == sorted(f"predictions-{job}" for job in jobs)
    assert result["models"] == {"models": ["gpt-5", "claude-opus", "gemini-pro"]}
    assert result["recovered"] == {"recovered": 2}
    assert result["made"] == {"predictions": {"gpt-5": 12}}
    assert "/api/inngest" in result["routes"]
    assert "/api/inngest" in result["app"]  # which the example's app serves itself
    assert not [path for path in result["app"] if "cron" in path]
    back = prepare_rollback(load_project(app), (), LATER + timedelta(days=1))
    operations.apply(app, back.operation)
    assert tree(app) == moved


STEPS = """import os

from fastapi import FastAPI

from cronshift_guard import guard

app = FastAPI()
app.add_middleware(guard.asgi)
seen = []


def note(kind: str, count: int = 1) -> int:
    return len(kind) + count


async def checked() -> list[dict[str, int]]:
    return [{"id": 7}, {"id": 8}]


@app.get("/api/cron/x")
async def x():
    total = 0
    for row in await checked():
        total += note("rows", count=row["id"])
    return {"total": total}
"""


def test_work_becomes_the_steps_that_its_code_shows(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/index.py").write_text(STEPS)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/x", "schedule": "0 * * * *"}],'
        ' "rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}\n'
    )
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    finalized(tmp_path, direct=Directness.NO)
    moved = tree(tmp_path)
    done = finalized(tmp_path, direct=Directness.STEPS)
    assert done.direct == ("x",), done.kept
    text = (tmp_path / "api/index.py").read_text()
    assert 'for row in await ctx.step.run("checked", checked):' in text
    assert """await ctx.step.run(f"note rows {row['id']}", note_step)""" in text
    module = (tmp_path / "inngest_app/jobs/x.py").read_text()
    assert "    return await do_the_work(ctx)\n" in module
    plan = make_plan(load_project(tmp_path))
    ran_in_steps = asyncio.run(run_in_process(tmp_path, plan, Request("x"), Surroundings())).run
    assert ran_in_steps.output == {"total": 23}
    assert [step.id for step in ran_in_steps.steps] == ["checked", "note rows 7", "note rows 8"]
    back = prepare_rollback(load_project(tmp_path), (), LATER + timedelta(days=1))
    operations.apply(tmp_path, back.operation)
    assert tree(tmp_path) == moved


ROWS = """from fastapi import FastAPI

from cronshift_guard import guard

app = FastAPI()
app.add_middleware(guard.asgi)


@app.get("/api/cron/x")
async def x(number: str = "0"):
    if number == "8":
        raise ValueError("eight fails")
    return {"number": number}
"""
ROWS_OF = {
    "awaited": """async def due():
    return [{"id": 7}, {"id": 9}, {"id": 7}]
""",
    "read": """class Row:
    def __init__(self, id):
        self.id = id


def due():
    yield from (Row("7"), Row("8"))
""",
}


@pytest.mark.parametrize(
    ("rows", "mode", "outcome"),
    [
        ("awaited", "parallel", {"succeeded": 2}),
        ("awaited", "sequence", {"succeeded": 2}),
        ("read", "parallel", None),
        ("awaited", "runs", {"sent": 2}),
    ],
)
def test_a_fan_out_over_rows_of_the_app_becomes_its_own(
    tmp_path: Path, rows: str, mode: str, outcome: dict[str, int] | None
) -> None:
    (tmp_path / "api").mkdir()
    app = f"{rows}_{mode}_app"  # a name of its own: modules stay in this process
    (tmp_path / f"api/{app}.py").write_text(ROWS)
    (tmp_path / f"{rows}_{mode}.py").write_text(ROWS_OF[rows])
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/x", "schedule": "0 * * * *"}],'
        f' "rewrites": [{{"source": "/(.*)", "destination": "/api/{app}"}}]}}\n'
    )
    (tmp_path / "cronshift.toml").write_text(
        f'[jobs.x]\nretries = 0\nfan_out = {{ items = "{rows}_{mode}:due", key = "id", '
        f'param = "number", mode = "{mode}" }}\n'
    )
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert done.direct == ("x",), done.kept
    assert speaking(tmp_path) == []
    made = asyncio.run(
        run_in_process(tmp_path, make_plan(load_project(tmp_path)), Request("x"), Surroundings())
    )
    run = made.run
    assert run.output == outcome
    if outcome is None:
        assert "1 of 2 failed: 8: eight fails" in str(run.error)
    elif mode == "runs":
        assert [step.id for step in run.steps] == ["items", "send 0"]
        assert [row.output for row in made.rows] == [{"number": "7"}, {"number": "9"}]
    else:
        assert [step.id for step in run.steps] == ["items", "number=7", "number=9"]


STARTED = """from contextlib import asynccontextmanager

from fastapi import FastAPI

from cronshift_guard import guard

opened = []


@asynccontextmanager
async def lifespan(app):
    opened.append("at its start")
    yield
    opened.clear()


app = FastAPI(lifespan=lifespan)
app.add_middleware(guard.asgi)


@app.get("/api/cron/x")
def x():
    return {"opened": list(opened)}
"""


def test_a_run_of_an_own_function_starts_the_app_that_serves_it(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/started_app.py").write_text(STARTED)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/x", "schedule": "0 * * * *"}],'
        ' "rewrites": [{"source": "/(.*)", "destination": "/api/started_app"}]}\n'
    )
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert done.direct == ("x",), done.kept
    plan = make_plan(load_project(tmp_path))
    run = asyncio.run(run_in_process(tmp_path, plan, Request("x"), Surroundings())).run
    assert run.output == {"opened": ["at its start"]}


def test_rows_that_are_not_read_hold_a_job_back(app: Path) -> None:
    settings = app / "cronshift.toml"
    settings.write_text(
        settings.read_text().replace(
            'values = ["gpt-5", "claude-opus", "gemini-pro"]', 'items = "rows:due"'
        )
    )
    (app / "rows.py").write_text("from elsewhere import due\n")
    done = finalized(app, direct=Directness.WHOLE)
    assert "Its rows come from rows:due, which is no function that is read." in str(done.kept)


def test_the_end_and_the_work_itself_may_come_at_once(app: Path) -> None:
    before = tree(app)
    finalized(app, direct=Directness.WHOLE)
    assert speaking(app) == []
    back = prepare_rollback(load_project(app), (), LATER + timedelta(days=1))
    operations.apply(app, back.operation)
    assert tree(app) == before


def test_where_one_job_stays_all_do_with_the_reason(app: Path) -> None:
    source = app / "api/index.py"
    source.write_text(
        source.read_text().replace('return {"events": 17}', 'return StreamingResponse(iter(["x"]))')
    )
    done = finalized(app, direct=Directness.WHOLE)
    assert done.direct == ()
    assert "StreamingResponse, which is not read." in done.kept["update-active-events"]
    assert done.kept["session-recovery"].endswith("with the others.")


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("scripts/now.sh", "#!/bin/sh\ncurl $APP/api/cron/session-recovery\n", "scripts/now.sh:2"),
        ("web/admin.html", "<a href='/api/cron/session-recovery'>\n", "web/admin.html:1"),
        ("tasks.py", 'PATH = "/api/cron/session-recovery?by=hand"\n', "tasks.py:1"),
        ("notes.py", '"""Ask /api/cron/session-recovery."""\n', None),
        ("other.py", 'PATH = "/api/cron/session-recovery/other"\n', None),
    ],
)
def test_a_route_that_others_call_stays(app: Path, file: str, text: str, place: str | None) -> None:
    (app / file).parent.mkdir(exist_ok=True)
    (app / file).write_text(text)
    done = prepare_finalization(
        load_project(app), (), LATER, lambda *_: True, direct=Directness.WHOLE
    )
    if place is None:
        assert len(done.direct) == 6
    else:
        why = f"api/index.py: it is called by {place}; with --callers event"
        assert done.kept["session-recovery"].startswith(f"session-recovery stays as it is. {why}")


def test_one_job_alone_stays_as_long_as_others_need_the_package(app: Path) -> None:
    done = finalized(app, "session-recovery", direct=Directness.WHOLE)
    assert done.direct == ()
    assert "all of its jobs go at once" in done.kept["session-recovery"]


FACTORY = """from flask import Flask, abort, request

from jobs import cron


class Tokens:
    exempted = set()

    def exempt(self, view):
        self.exempted.add(view)


def create_app():
    service = Flask(__name__)
    service.extensions["csrf"] = Tokens()
    service.register_blueprint(cron)

    @service.get("/")
    def home():
        return "home"

    return service


service = create_app()
app = service


@service.get("/exempted")
def exempted():
    return {"names": sorted(view.__name__ for view in service.extensions["csrf"].exempted)}
"""
BLUEPRINT = """from flask import Blueprint, current_app, jsonify

cron = Blueprint("cron", __name__, url_prefix="/api/cron")


def answered(data, status=200):
    return jsonify(data=data), status


@cron.route("/x", methods=["GET", "POST"])
def x():
    return answered({"debug": current_app.debug})
"""


def test_a_blueprint_of_a_factorys_app_is_worked_in_that_apps_context(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(FACTORY)
    (tmp_path / "jobs.py").write_text(BLUEPRINT)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/x", "schedule": "0 * * * *"}],'
        ' "rewrites": [{"source": "/(.*)", "destination": "/app"}],'
        ' "functions": {"app.py": {}}}\n'
    )
    (tmp_path / "requirements.txt").write_text("flask\n")
    run(["-C", str(tmp_path), "migrate", "--fix", "--yes", "--quiet"])
    assert "service = create_app()\nmount(service)\n" in (tmp_path / "app.py").read_text()
    assert "guard.wsgi(service.wsgi_app)" in (tmp_path / "app.py").read_text()
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    finalized(tmp_path, direct=Directness.NO)
    moved = tree(tmp_path)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert done.direct == ("x",), done.kept
    assert (tmp_path / "requirements.txt").read_text() == (
        "flask\nasgiref>=3.2\ninngest>=0.5.19,<0.6\n"
    )
    assert speaking(tmp_path) == []
    served = """
import sys
sys.modules["cronshift"] = None
from app import app
client = app.test_client()
print(client.get("/api/inngest").status_code, client.get("/exempted").json, client.get("/api/cron/x").status_code)
import asyncio
from inngest_app.jobs.x import do_the_work
print(asyncio.run(do_the_work()))
"""
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", served],
        cwd=tmp_path,
        env={**os.environ, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.splitlines() == [
        "200 {'names': ['inngest_api']} 404",
        "{'data': {'debug': False}}",
    ], outcome.stderr
    back = prepare_rollback(load_project(tmp_path), (), LATER + timedelta(days=1))
    operations.apply(tmp_path, back.operation)
    assert tree(tmp_path) == moved


DJANGO = {
    "site_app/__init__.py": "",
    "site_app/settings.py": """import os

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_app.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
CRON_SECRET = os.environ.get("CRON_SECRET", "")
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "ATOMIC_REQUESTS": True}
}
""",
    "site_app/wsgi.py": """import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_app.settings")

app = get_wsgi_application()
""",
    "site_app/urls.py": """from django.urls import path

from site_app import views

urlpatterns = [
    path("", views.home),
    path("api/cron/x", views.sweep, name="sweep"),
]
""",
    "site_app/views.py": """from datetime import date

from django.conf import settings
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.csrf import csrf_exempt


def home(request):
    return HttpResponse("home")


@csrf_exempt
def sweep(request):
    expected = f"Bearer {settings.CRON_SECRET}"
    if not settings.CRON_SECRET or request.headers.get("Authorization") != expected:
        return HttpResponseForbidden("no")
    kind = request.GET.get("kind", "all")
    if kind == "none":
        return JsonResponse({"error": "nothing to do"}, status=404)
    return JsonResponse({"kind": kind, "on": date(2026, 1, 2)})
""",
}


CLASS = """from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt


def home(request):
    return HttpResponse("home")


@method_decorator(csrf_exempt, name="dispatch")
class SweepView(View):
    \"""Sweep what is
        old.\"""

    http_method_names = ["get", "post"]

    def get(self, request):
        kind = self.request.GET.get("kind", "all")
        if kind == "none":
            return JsonResponse({"error": "nothing to do"}, status=404)
        return JsonResponse({"kind": self._kind(kind), "on": date(2026, 1, 2)})

    def post(self, request):
        return self.get(request)

    @staticmethod
    def _kind(kind):
        note = \"""a note of
    two lines\"""
        return kind if note.endswith("lines") else None
"""


@pytest.mark.parametrize("is_class", [False, True], ids=["function", "class"])
def test_a_view_of_django_goes_out_of_its_urls(tmp_path: Path, *, is_class: bool) -> None:
    files = dict(DJANGO)
    if is_class:
        files["site_app/views.py"] = CLASS
        files["site_app/urls.py"] = files["site_app/urls.py"].replace(
            "views.sweep", "views.SweepView.as_view()"
        )
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/x?kind=old", "schedule": "0 * * * *"}],'
        ' "builds": [{"src": "site_app/wsgi.py", "use": "@vercel/python"}],'
        ' "routes": [{"src": "/(.*)", "dest": "site_app/wsgi.py"}]}\n'
    )
    (tmp_path / "requirements.txt").write_text("django\n")
    run(["-C", str(tmp_path), "migrate", "--fix", "--yes", "--quiet"])
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    finalized(tmp_path, direct=Directness.NO)
    moved = tree(tmp_path)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert done.direct == ("x",), done.kept
    assert speaking(tmp_path) == []
    urls = (tmp_path / "site_app/urls.py").read_text()
    assert '    path("", views.home),\n]\n' in urls
    views = (tmp_path / "site_app/views.py").read_text()
    assert not {"HttpResponseForbidden", "csrf_exempt", "View"} & set(re.findall(r"\w+", views))
    served = """
import sys
sys.modules["cronshift"] = None
import asyncio
from site_app.wsgi import app
from django.test import Client
client = Client()
print(*(client.get(path).status_code for path in ("/", "/api/inngest", "/api/cron/x")))
from inngest_app.jobs.x import do_the_work
print(asyncio.run(do_the_work()))
"""
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", served],
        cwd=tmp_path,
        env={**os.environ, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.splitlines() == [
        "200 200 404",
        "{'kind': 'old', 'on': '2026-01-02'}",
    ], outcome.stderr
    alone = "import asyncio; from inngest_app.jobs.x import do_the_work; print(asyncio.run(do_the_work()))"
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", alone],
        cwd=tmp_path,
        env={**os.environ, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout == "{'kind': 'old', 'on': '2026-01-02'}\n", outcome.stderr
    back = prepare_rollback(load_project(tmp_path), (), LATER + timedelta(days=1))
    operations.apply(tmp_path, back.operation)
    assert tree(tmp_path) == moved


HANDLER = """import json
from http.server import BaseHTTPRequestHandler

from cronshift_guard import guard


@guard.handler
class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"cleaned": 3}).encode())
"""


def test_a_class_becomes_a_module_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "api/cron").mkdir(parents=True)
    (tmp_path / "api/cron/clean.py").write_text(HANDLER)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/clean", "schedule": "0 * * * *"}]}\n'
    )
    (tmp_path / "requirements.txt").write_text("httpx\n")
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert done.direct == ("clean",), done.kept
    files = tree(tmp_path)
    assert "api/cron/clean.py" not in files
    assert b'def work():\n    return {"cleaned": 3}\n' in files["inngest_app/work/clean.py"]
    assert speaking(tmp_path) == []


PLACED = """import json
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlparse

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from cronshift_guard import guard
from _names import named


@guard.handler
class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        kind = parse_qs(urlparse(self.path).query)["kind"][0]
        self._json(200, {"kind": named(kind), "file": (HERE / "words.txt").read_text()})

    def _json(self, status, payload):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(payload).encode())
"""


def test_a_class_that_asks_where_it_stands_stays_in_its_folder(tmp_path: Path) -> None:
    """Its two entries share one module, and Vercel is told of no function that is there no more."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api/clean.py").write_text(PLACED)
    (tmp_path / "api/_names.py").write_text("named = str.upper\n")
    (tmp_path / "api/words.txt").write_text("as it is")
    entries = [{"path": f"/api/clean?kind={kind}", "schedule": "0 * * * *"} for kind in ("a", "b")]
    functions = {"api/clean.py": {"maxDuration": 60}}
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": entries, "functions": functions}))
    (tmp_path / "requirements.txt").write_text("httpx\n")
    operations.apply(tmp_path, prepare_migration(load_project(tmp_path), (), LONG_AGO).operation)
    cutover = prepare_cutover(load_project(tmp_path), (), LONG_AGO, percent=100)
    operations.apply(tmp_path, cutover.operation)
    done = finalized(tmp_path, direct=Directness.WHOLE)
    assert len(done.direct) == 2, done.kept
    files = tree(tmp_path)
    assert "api/clean.py" not in files
    assert b"def work(path):\n" in files["api/_clean.py"]
    assert "vercel.json" not in files  # there was nothing else in it
    jobs = sorted(file for file in files if re.fullmatch(r"inngest_app/jobs/clean.*", file))
    code = "; ".join(
        f"from inngest_app.jobs.{Path(job).stem} import do_the_work as w{at}; print(asyncio.run(w{at}()))"
        for at, job in enumerate(jobs)
    )
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import asyncio; {code}"],
        cwd=tmp_path,
        env={**os.environ, "INNGEST_DEV": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.splitlines() == [
        "{'kind': 'A', 'file': 'as it is'}",
        "{'kind': 'B', 'file': 'as it is'}",
    ], outcome.stderr
