"""Generated packages of every mode, imported, served in process and driven to their end."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from cronshift import operations
from cronshift.engine.executor.events import tick_event
from cronshift.engine.executor.job_run import Outcome, Request, run_job
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.held import SOURCE
from cronshift.runtime.pinging import correlation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from datetime import UTC, datetime

SETTINGS = """
[project]
app_id = "modes"

[defaults]
retries = 2
heartbeat = "PING_URL"

[jobs.function]
handler = "work:run"

[jobs.fan]
fan_out = { param = "model", values = ["a", "b/c&d", "e"] }

[jobs.side-by-side]
mode = "bridge"
fan_out = { param = "model", values = ["a", "b", "e"], mode = "parallel" }

[jobs.slow-start]
stale_after = "1m"

[[suppress]]
code = "CS301"
reason = "another server has the routes that are no files here"
"""

FILES = {
    "work.py": "async def run(call):\n    return {'tick': call.tick.isoformat(), 'path': call.path}\n",
    "api/class.py": """
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
""",
    "api/wsgi.py": """
def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [environ["QUERY_STRING"].encode()]
""",
    "api/asgi.py": """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["query_string"]})
""",
}
PATHS = {
    "/api/asgi?x=%2F": "asgi",
    "/api/wsgi?x=%2F&x=2": "wsgi",
    "/api/class": "class",
    "/api/function": "function",
    "/api/bridged?q=1": "bridged",
    "/api/fan?all=1": "fan",
    "/api/side-by-side": "side-by-side",
    "/api/gone": "gone",
    "/api/slow-start": "slow-start",
}


class App:
    """The app that bridged jobs call, and the heartbeat that all of them ping."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failing: Counter[str] = Counter()
        self.url = ""

    def answer(self, path: str) -> tuple[int, str]:
        self.calls.append(path)
        if "gone" in path:
            return 410, "gone for good"
        if self.failing[path] > 0:
            self.failing[path] -= 1
            return 503, "not yet"
        return 200, "fine"


@contextmanager
def serving() -> Iterator[App]:
    app = App()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            status, text = app.answer(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield app
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    with serving() as app:
        monkeypatch.setenv("CRONSHIFT_BASE_URL", app.url)
        monkeypatch.setenv("PING_URL", f"{app.url}/ping?key=s3cret")
        yield app


@pytest.fixture
def root(tmp_path: Path) -> Path:
    crons = [{"path": path, "schedule": "0 6 * * *"} for path in PATHS]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    (tmp_path / "cronshift.toml").write_text(SETTINGS)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    project = load_project(tmp_path)
    operations.apply(tmp_path, prepare_migration(project, (), datetime.now(UTC)).operation)
    return tmp_path


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let runs be the schedule's own, and every tick Inngest's."""

    def of_the_schedule(cron: str, tick: datetime, now: datetime) -> dict[str, Any]:
        event = tick_event(cron, tick, now)
        del event["data"]["cronshift"]
        return event

    always = [{"effective_at": "2020-01-01T00:00:00Z", "percent": 100, "operation": "01"}]
    ownership = {"version": 1, "jobs": dict.fromkeys(PATHS.values(), always)}
    monkeypatch.setattr("cronshift.engine.executor.job_run.tick_event", of_the_schedule)
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", json.dumps(ownership))
    SOURCE.forget()
    yield
    monkeypatch.undo()
    SOURCE.forget()


def run(root: Path, job: str, **request: Any) -> Outcome:
    plan = make_plan(load_project(root))
    return asyncio.run(run_job(root, plan, Request(job, **request)))


def steps(outcome: Outcome) -> list[tuple[str, str]]:
    return [(step.id, str(step.status)) for step in outcome.run.steps]


@pytest.mark.parametrize(
    ("job", "status", "body"),
    [
        ("asgi", 200, "x=%2F"),
        ("wsgi", 200, "x=%2F&x=2"),
        ("class", 204, ""),
        ("bridged", 200, "fine"),
    ],
)
def test_every_mode_answers_and_pings(
    root: Path, app: App, scheduled: None, job: str, status: int, body: str
) -> None:
    outcome = run(root, job)
    assert outcome.run.output == {
        "status": status,
        "body": body,
        "bytes": len(body),
        "cut": False,
    }
    assert steps(outcome) == [
        ("due", "completed"),
        ("call", "completed"),
        ("heartbeat", "completed"),
    ]
    assert app.calls[-1] == "/ping?key=s3cret"
    assert "s3cret" not in json.dumps(outcome.to_json())


def test_a_function_gets_the_call(root: Path, app: App) -> None:
    at = datetime(2026, 11, 24, 6, tzinfo=UTC)
    outcome = run(root, "function", at=at)
    assert outcome.tick == at
    assert outcome.run.output["body"] == {"tick": at.isoformat(), "path": "/api/function"}


def test_a_fan_out_calls_once_for_every_value(root: Path, app: App) -> None:
    outcome = run(root, "fan")
    assert outcome.run.output["body"] == {"succeeded": 3}
    assert app.calls[:3] == [
        "/api/fan?all=1&model=a",
        "/api/fan?all=1&model=b%2Fc%26d",
        "/api/fan?all=1&model=e",
    ]


@pytest.mark.parametrize("job", ["fan", "side-by-side"])
def test_one_value_is_tried_again_alone(root: Path, app: App, job: str) -> None:
    path = "/api/fan?all=1&model=a" if job == "fan" else "/api/side-by-side?model=a"
    app.failing[path] = 2
    outcome = run(root, job)
    assert outcome.run.output["body"] == {"succeeded": 3}
    assert Counter(app.calls)[path] == 3
    assert all(count == 1 for call, count in Counter(app.calls).items() if call != path)


@pytest.mark.parametrize("job", ["fan", "side-by-side"])
def test_a_value_that_fails_for_good_fails_the_run_after_all_others_ran(
    root: Path, app: App, scheduled: None, job: str
) -> None:
    path = "/api/fan?all=1&model=a" if job == "fan" else "/api/side-by-side?model=a"
    app.failing[path] = 99
    outcome = run(root, job)
    assert outcome.run.error is not None
    assert outcome.run.error.message.startswith("1 of 3 failed. model=a: GET ")
    assert Counter(app.calls)[path] == 3
    assert any("model=e" in call for call in app.calls)
    assert app.calls[-1] == "/ping/fail?key=s3cret"


def test_a_value_that_is_not_worth_retrying_is_tried_once(root: Path, app: App) -> None:
    settings = root / "cronshift.toml"
    settings.write_text(settings.read_text().replace('"b/c&d"', '"gone"'))
    project = load_project(root)
    operations.apply(root, prepare_migration(project, (), datetime.now(UTC)).operation)
    outcome = run(root, "fan")
    assert outcome.run.error is not None
    assert "model=gone" in outcome.run.error.message
    assert "410" in outcome.run.error.message
    assert sum("model=gone" in call for call in app.calls) == 1


def test_a_package_of_the_same_name_that_is_here_already_is_left_alone(
    root: Path, app: App
) -> None:
    stranger = ModuleType("inngest_app")
    sys.modules["inngest_app"] = stranger
    try:
        assert run(root, "asgi").run.error is None
        assert sys.modules["inngest_app"] is stranger
    finally:
        del sys.modules["inngest_app"]


def test_a_failure_is_reported_once_with_its_ping(root: Path, app: App, scheduled: None) -> None:
    outcome = run(root, "gone")
    assert outcome.run.error is not None
    assert "410 Gone: gone for good" in outcome.run.error.message
    assert outcome.run.failure_run is not None
    assert [step.id for step in outcome.run.failure_run.steps] == ["report"]
    assert app.calls == ["/api/gone", "/ping/fail?key=s3cret"]


def test_a_heartbeat_that_does_not_answer_fails_nothing(
    root: Path, app: App, scheduled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING_URL", "http://127.0.0.1:9/secret-path")
    outcome = run(root, "bridged")
    assert outcome.run.error is None
    assert outcome.run.steps[2].output == "failed: ConnectError"


@pytest.mark.parametrize("job", ["bridged", "fan"])
def test_a_tick_of_vercels_is_neither_run_nor_pinged(
    root: Path, app: App, job: str, scheduled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is no success of the job: a ping would hide that Vercel's fails."""
    monkeypatch.setenv("CRONSHIFT_OWNERSHIP", '{"version": 1, "jobs": {}}')
    SOURCE.forget()
    outcome = run(root, job)
    assert outcome.run.output["skipped"] == "owner vercel"
    assert app.calls == []


@pytest.mark.parametrize(
    ("job", "last"), [("bridged", "heartbeat"), ("fan", "heartbeat"), ("gone", "report")]
)
def test_a_run_by_hand_pings_nobody(root: Path, app: App, job: str, last: str) -> None:
    """It says nothing of whether the schedule runs: it would hide that it does not."""
    outcome = run(root, job)
    told = outcome.run.failure_run if job == "gone" else outcome.run
    assert told is not None
    assert (told.steps[-1].id, told.steps[-1].output) == (last, "not told: no run of the schedule")
    assert not any(call.startswith("/ping") for call in app.calls)


def test_a_run_of_the_schedule_is_told_from_its_beginning_with_one_id(
    root: Path, app: App, scheduled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING_URL", f"{app.url}/ping/key/job")
    outcome = run(root, "bridged")
    rid = f"?rid={correlation(outcome.run.run_id)}"
    pings = [call for call in app.calls if call.startswith("/ping")]
    assert pings == [f"/ping/key/job/start{rid}", f"/ping/key/job{rid}"]


def test_a_run_by_hand_is_never_stale(root: Path, app: App) -> None:
    assert "skipped" not in run(root, "slow-start").run.output
    assert "/api/slow-start" in app.calls


def test_a_waiting_event_function_of_ones_own_runs_too(root: Path, app: App) -> None:
    package = root / "inngest_app" / "__init__.py"
    (root / "inngest_app/jobs/mine.py").write_text("""
import inngest
from ..client import client

@client.create_function(fn_id="mine", trigger=inngest.TriggerEvent(event="app/mine"))
async def mine(ctx: inngest.Context) -> object:
    return [ctx.event.name, dict(ctx.event.data)]
""")
    package.write_text(
        package.read_text().replace("functions: list", "from .jobs.mine import mine\n\nfunctions: list")
        .replace("] = [", "] = [\n    mine,")
    )  # fmt: skip
    outcome = run(root, "mine", data={"id": 1})
    assert outcome.run.output == ["app/mine", {"id": 1}]
    assert outcome.tick is None
