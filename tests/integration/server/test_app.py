"""Loading the generated package, and the probes in front of it, in process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cronshift.engine.server.loading import build_app
from cronshift.engine.server.observed import Metrics, Observers
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Message

    from cronshift.engine.server.app import ServedApp

LIFESPAN_ASGI = """\
from contextlib import asynccontextmanager

from fastapi import FastAPI

seen = []


@asynccontextmanager
async def lifespan(app):
    seen.append("up")
    yield {"pool": 1}
    seen.append("down")


app = FastAPI(lifespan=lifespan)


@app.get("/{path:path}")
def everything(path: str):
    return {"path": path}
"""


@pytest.fixture
def load(
    tmp_path: Path,
    write_package: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    signing_key: str,
    request: pytest.FixtureRequest,
) -> Callable[..., ServedApp]:
    """Write a package with the files given, and load it under a name of this test's own."""
    monkeypatch.setenv("INNGEST_SIGNING_KEY", signing_key)
    monkeypatch.delenv("INNGEST_DEV", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    name = f"package_{abs(hash(request.node.nodeid))}"

    def load(**files: str) -> ServedApp:
        write_package(tmp_path, name, **files)
        return build_app(tmp_path, name)

    return load


def failure(load: Callable[..., ServedApp], **files: str) -> CronshiftError:
    with pytest.raises(CronshiftError) as caught:
        load(**files)
    return caught.value


def get(app: ServedApp, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_a_package_is_loaded_with_its_functions_and_mode(load: Callable[..., ServedApp]) -> None:
    app = load()
    assert [function.id for function in app.functions] == ["demo-plain", "demo-slow", "demo-stuck"]
    assert (app.mode, app.path) == ("cloud", "/api/inngest")


def test_the_path_is_where_the_package_serves(load: Callable[..., ServedApp]) -> None:
    asgi = """\
import inngest.fast_api
from fastapi import FastAPI

from . import functions
from .client import client

app = FastAPI()
inngest.fast_api.serve(app, client, functions, serve_path="/elsewhere")
"""
    assert load(asgi=asgi).path == "/elsewhere"


def test_a_package_in_a_subfolder_is_loaded(
    tmp_path: Path, write_package: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNGEST_DEV", "1")
    monkeypatch.setattr(sys, "path", [*sys.path])
    write_package(tmp_path, "nested_folder/jobs_package")
    assert len(build_app(tmp_path, "nested_folder/jobs_package").functions) == 3


def test_no_package_points_at_migrate(tmp_path: Path) -> None:
    with pytest.raises(CronshiftError) as caught:
        build_app(tmp_path, "inngest_app")
    assert (caught.value.reason, caught.value.hint) == ("not-generated", "cronshift migrate")


def test_a_broken_import_is_told_with_its_own_words_and_place(
    load: Callable[..., ServedApp],
) -> None:
    error = failure(load, client="# first line\nimport not_installed_here\n")
    assert error.reason == "import-failed"
    assert "ModuleNotFoundError: No module named 'not_installed_here'." in error.message
    assert (error.where or "").endswith("/client.py:2")
    assert "cronshift validate" in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ny = = 2\n", 2),
        ("raise ValueError\n", 1),
        ("import sys\nsys.exit(4)\n", 2),
        ("client = None\n", None),
    ],
)
def test_whatever_stops_the_import_is_an_import_error(
    load: Callable[..., ServedApp], text: str, line: int | None
) -> None:
    error = failure(load, client=text)
    assert error.reason == "import-failed"
    assert line is None or (error.where or "").endswith(f"/client.py:{line}")


def test_a_package_without_functions_is_an_import_error(load: Callable[..., ServedApp]) -> None:
    error = failure(load, __init__="", asgi="app = None\n")
    assert error.reason == "import-failed"
    assert "functions" in error.message


def test_a_client_that_insists_on_cloud_mode_needs_its_key(
    load: Callable[..., ServedApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INNGEST_SIGNING_KEY")
    client = 'import inngest\nclient = inngest.Inngest(app_id="demo", is_production=True)\n'
    assert failure(load, client=client).reason == "missing-keys"


def test_the_probes_say_well_when_all_is_well(load: Callable[..., ServedApp]) -> None:
    app = load()
    assert (get(app, "/healthz").status_code, get(app, "/healthz").json()) == (
        200,
        {"status": "ok"},
    )
    assert (get(app, "/readyz").status_code, get(app, "/readyz").json()) == (
        200,
        {"status": "ready"},
    )


def test_a_draining_app_is_alive_not_ready_and_takes_no_more(
    load: Callable[..., ServedApp],
) -> None:
    app = load()
    app.draining = True
    assert get(app, "/healthz").status_code == 200
    assert get(app, "/readyz").status_code == 503
    assert get(app, "/readyz").json() == {"status": "draining"}
    turned_away = get(app, "/api/inngest")
    assert turned_away.status_code == 503
    assert turned_away.headers["retry-after"] == "5"
    assert "x-inngest-sdk" not in turned_away.headers  # Inngest retries what no SDK answered


def test_an_app_without_functions_is_not_ready(load: Callable[..., ServedApp]) -> None:
    app = load(__init__="functions = []\n")
    assert (get(app, "/readyz").status_code, get(app, "/readyz").json()["status"]) == (
        503,
        "no-functions",
    )


def test_an_app_without_its_key_is_not_ready(
    load: Callable[..., ServedApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INNGEST_SIGNING_KEY")
    app = load(asgi="app = None\n")
    assert get(app, "/readyz").json() == {"status": "missing-keys"}


def test_every_other_path_is_the_packages(load: Callable[..., ServedApp]) -> None:
    app = load(asgi=LIFESPAN_ASGI)
    for path in ("/", "/healthz/", "/readyz/x", "/api/other"):
        assert get(app, path).json() == {"path": path.removeprefix("/")}


def lifespan(app: ServedApp) -> tuple[list[str], dict[str, Any]]:
    """Start and stop the app as a server does; return what it said and its state."""
    said: list[str] = []
    state: dict[str, Any] = {}
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Message:
        return {"type": next(asked)}

    async def send(message: Message) -> None:
        said.append(message["type"])

    async def live() -> None:
        await app({"type": "lifespan", "asgi": {}, "state": state}, receive, send)

    asyncio.run(live())
    return said, state


def test_the_packages_lifespan_runs_with_its_state(load: Callable[..., ServedApp]) -> None:
    app = load(asgi=LIFESPAN_ASGI)
    said, state = lifespan(app)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert state == {"pool": 1}
    assert app.startup_error is None


def test_a_call_is_counted_before_its_peer_has_the_answer(load: Callable[..., ServedApp]) -> None:
    app = load()
    metrics = app.metrics = Metrics([], lambda: 0)
    app.observers = Observers([metrics])
    counts: list[bool] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            counts.append(b'cronshift_calls_total{function="other"' in metrics.text())

    scope = {"type": "http", "method": "POST", "path": app.path, "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))
    assert counts == [True]
