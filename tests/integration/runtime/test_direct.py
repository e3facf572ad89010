"""Handlers called in process: real ASGI and WSGI apps, a server class, and functions."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from inngest import NonRetriableError

from cronshift.runtime import (
    Answer,
    AsgiHandler,
    Call,
    CallableHandler,
    CallHandler,
    HttpServerHandler,
    JobSpec,
    WsgiHandler,
)
from cronshift.runtime.answers import HandlerError

if TYPE_CHECKING:
    from pathlib import Path

JOB = JobSpec(id="x", path="/api/cron/x?hello=w%20orld&hello=2", schedule="0 */4 * * *")
CALL = Call(
    job=JOB,
    path=JOB.path,
    tick=datetime(2026, 11, 24, 8, tzinfo=UTC),
    scheduled=True,
    run_id="01RUN",
    attempt=0,
)

APPS = """
import asyncio, json, threading, time
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from fastapi import FastAPI, Request, HTTPException

lived = []

@asynccontextmanager
async def lifespan(app):
    lived.append("start")
    yield {"pool": "open"}
    lived.append("end")

app = FastAPI(lifespan=lifespan)

@app.get("/api/cron/x")
async def x(request: Request):
    return {
        "query": request.url.query,
        "authorization": request.headers.get("authorization"),
        "agent": request.headers.get("user-agent"),
        "schedule": request.headers.get("x-vercel-cron-schedule"),
        "tick": request.headers.get("x-cronshift-tick"),
        "pool": request.state.pool,
        "path": request.url.path,
    }

@app.get("/teapot")
async def teapot():
    raise HTTPException(418, "no coffee")

@app.get("/boom")
async def boom():
    raise RuntimeError("boom in the app")

async def bare(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["raw_path"]})

async def mute(scope, receive, send):
    assert scope["type"] == "http"

async def unwilling(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "Traceback\\nno database"})

def wsgi(environ, start_response):
    status = "503 busy" if environ["PATH_INFO"] == "/busy" else "200 OK"
    start_response(status, [("Content-Type", "application/json")])
    told = {name: environ[name] for name in ("PATH_INFO", "QUERY_STRING", "REQUEST_METHOD")}
    told["agent"] = environ["HTTP_USER_AGENT"]
    told["thread"] = threading.current_thread() is threading.main_thread()
    yield json.dumps(told).encode()

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "agent": self.headers["user-agent"]}).encode()
        self.send_response(200 if "x" in self.path else 404)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

class posts_only(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

def plain():
    return {"did": "it"}

def with_call(call):
    return [call.job.id, call.tick.isoformat()]

async def asynchronous(call):
    await asyncio.sleep(0)
    return call.run_id

def failing():
    raise RuntimeError("boom in the function")

def no_json():
    return object()

class Jobs:
    @staticmethod
    def nested():
        return None
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a module on the path, under a name of its own."""
    name = f"apps_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(APPS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    return name


def answer(handler: CallHandler, path: str = JOB.path) -> Answer:
    return asyncio.run(handler.answer(replace(CALL, path=path)))


def test_an_asgi_app_gets_the_request_that_vercel_makes(module: str) -> None:
    assert answer(AsgiHandler(f"{module}:app"))["body"] == {
        "query": "hello=w%20orld&hello=2",
        "authorization": "Bearer s3cret",
        "agent": "vercel-cron/1.0",
        "schedule": "0 */4 * * *",
        "tick": "2026-11-24T08:00:00Z",
        "pool": "open",
        "path": "/api/cron/x",
    }


def test_the_lifespan_runs_once_around_all_calls(module: str) -> None:
    handler = AsgiHandler(f"{module}:app")

    async def calls() -> list[str]:
        await asyncio.gather(*(handler.answer(CALL) for _ in range(3)))
        await handler.answer(CALL)
        return list(sys.modules[module].lived)

    assert asyncio.run(calls()) == ["start"]
    assert sys.modules[module].lived == ["start", "end"]


def test_every_event_loop_has_a_lifespan_of_its_own(module: str) -> None:
    handler = AsgiHandler(f"{module}:app")
    answer(handler)
    answer(handler)
    assert sys.modules[module].lived == ["start", "end"] * 2


def test_an_app_that_knows_no_lifespan_is_called_all_the_same(module: str) -> None:
    told = answer(AsgiHandler(f"{module}:bare"), "/a%2Fb/c")
    assert told["body"] == "/a%2Fb/c"


def test_an_app_that_does_not_start_fails_the_attempt(module: str) -> None:
    with pytest.raises(HandlerError, match="did not start: no database"):
        answer(AsgiHandler(f"{module}:unwilling"))


def test_an_app_that_does_not_answer_fails_the_attempt(module: str) -> None:
    with pytest.raises(HandlerError, match="returned without one"):
        answer(AsgiHandler(f"{module}:mute"))


def test_an_error_status_of_an_app_is_judged_like_any_other(module: str) -> None:
    with pytest.raises(NonRetriableError, match=r"418 I'm a Teapot.*no coffee"):
        answer(AsgiHandler(f"{module}:app"), "/teapot")


def test_what_an_app_raises_is_in_view(module: str) -> None:
    with pytest.raises(RuntimeError, match="boom in the app"):
        answer(AsgiHandler(f"{module}:app"), "/boom")


def test_a_wsgi_app_is_called_in_a_thread(module: str) -> None:
    assert answer(WsgiHandler(f"{module}:wsgi"), "/a%2Fb?c=%2F")["body"] == {
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "c=%2F",
        "REQUEST_METHOD": "GET",
        "agent": "vercel-cron/1.0",
        "thread": False,
    }
    with pytest.raises(HandlerError, match="503"):
        answer(WsgiHandler(f"{module}:wsgi"), "/busy")


def test_a_server_class_is_called_without_a_socket(module: str) -> None:
    handler = HttpServerHandler(f"{module}:handler")
    assert answer(handler)["body"] == {"path": JOB.path, "agent": "vercel-cron/1.0"}
    with pytest.raises(NonRetriableError, match="404"):
        answer(handler, "/other")


def test_a_server_class_without_get_fails_for_good_or_is_told(module: str) -> None:
    with pytest.raises(HandlerError, match="501"):
        answer(HttpServerHandler(f"{module}:posts_only"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", {"did": "it"}),
        ("with_call", ["x", "2026-11-24T08:00:00+00:00"]),
        ("asynchronous", "01RUN"),
        ("Jobs.nested", None),
    ],
)
def test_a_function_answers_with_what_it_returns(module: str, name: str, expected: Any) -> None:
    assert answer(CallableHandler(f"{module}:{name}"))["body"] == expected


def test_what_a_function_raises_fails_the_attempt(module: str) -> None:
    with pytest.raises(RuntimeError, match="boom in the function"):
        answer(CallableHandler(f"{module}:failing"))
    with pytest.raises(HandlerError, match="no JSON"):
        answer(CallableHandler(f"{module}:no_json"))


def test_a_file_that_no_import_can_name_is_loaded_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my-app"
    folder.mkdir()
    (folder / "send-mails.py").write_text(
        "loads = []\ndef run():\n    loads.append(1)\n    return loads\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    handler = CallableHandler("my-app/send-mails.py:run")
    assert answer(handler)["body"] == [1]
    assert answer(handler)["body"] == [1, 1]  # imported once


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("nowhere:run", "there is no module nowhere"),
        ("json:nothing", "json has no nothing"),
        ("no/such-file.py:run", r"there is no file no/such-file\.py"),
    ],
)
def test_what_is_not_there_is_not_tried_again(reference: str, said: str) -> None:
    with pytest.raises(NonRetriableError, match=said):
        answer(CallableHandler(reference))


def test_a_module_that_misses_another_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_more.py").write_text(textwrap.dedent("import not_installed_here\n"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_installed_here"):
        answer(CallableHandler("needs_more:run"))
