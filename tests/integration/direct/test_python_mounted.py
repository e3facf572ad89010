"""A job of an app with a lifespan and middleware beside its function, which that app serves: they ask for the same."""

from __future__ import annotations

import asyncio
import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.server.endpoint import Endpoint
from cronshift.handlers.tree import SourceTree
from cronshift.runtime.apps import Lifespan
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.python.converting import convert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """import os
from contextlib import asynccontextmanager
from contextvars import ContextVar

import httpx
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

tenant = ContextVar("tenant", default="nobody")
opened = {}


@asynccontextmanager
async def lifespan(app):
    opened["client"] = httpx.Client(transport=upstream)
    yield
    opened.clear()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Exception)
async def fault(request, error):
    return JSONResponse({"error": "fault"}, status_code=500)


@app.middleware("http")
async def tenants(request: Request, call_next):
    if request.url.path == "/health":
        return JSONResponse({"ok": True})
    tenant.set("acme")
    try:
        return await call_next(request)
    except KeyError:
        return JSONResponse({"error": "key"}, status_code=503)


@app.get("/api/cron/x")
def x(request: Request):
    if request.headers.get("authorization") != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(status_code=401)
    rows = ask("rows")
    if not rows:
        raise HTTPException(status_code=422, detail="no rows")
    return {"of": tenant.get(), "rows": [ask(f"rows/{row}") for row in rows]}


def ask(name):
    return opened["client"].get(f"http://upstream/{tenant.get()}/{name}").raise_for_status().json()
"""
ANSWERS: dict[str, dict[str, Any]] = {
    "well": {"/acme/rows": [1, 2], "/acme/rows/1": "one", "/acme/rows/2": "two"},
    "empty": {"/acme/rows": []},
    "broken": {"/acme/rows": [1]},
}


class Recorded:
    """An upstream that answers what was recorded of it, 500 to all else, and remembers what it was asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path not in self._answers:
            return httpx.Response(500, json="not recorded")
        return httpx.Response(200, json=self._answers[request.url.path])


@pytest.fixture
def source(tmp_path: Path) -> SourceTree:
    (tmp_path / "main.py").write_text(APP)
    return SourceTree(tmp_path)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    for name in ("before_mounted", "after_mounted"):
        sys.modules.pop(name, None)


def loaded(name: str, text: str, upstream: Recorded) -> ModuleType:
    module = ModuleType(name)
    module.__dict__["upstream"] = httpx.MockTransport(upstream)
    sys.modules[name] = module
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - of this test's own data
    return module


async def answered(module: ModuleType) -> dict[str, Any]:
    async with Lifespan.around(module.app):
        transport = httpx.ASGITransport(module.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            headers = {"authorization": "Bearer s3cret"}
            response = await client.get("/api/cron/x", headers=headers)
    if response.is_success:
        return {"result": response.json()}
    return {"error": "final" if response.status_code < 500 else "retried"}


async def served(module: ModuleType) -> dict[str, Any]:
    """Run the function as Inngest does: over the endpoint of the app itself."""
    client = inngest.Inngest(app_id="mounted", is_production=False)

    @client.create_function(fn_id="x", trigger=inngest.TriggerEvent(event="due"), retries=0)
    async def job(ctx: inngest.Context) -> Any:
        return await ctx.step.run("work", asyncio.to_thread, module.x)

    inngest.fast_api.serve(module.app, client, [job])
    async with Lifespan.around(module.app), Endpoint.asgi(module.app) as endpoint:
        event = {"name": "due", "id": "1", "data": {}, "ts": 0}
        run = await execute(endpoint, RunTarget("mounted-x", attempts=1), event)
    if run.status == "completed":
        return {"result": run.output}
    assert run.error is not None
    return {"error": "final" if run.error.name == "NonRetriableError" else "retried"}


@pytest.mark.parametrize("state", ANSWERS)
def test_the_same_is_asked_where_the_app_serves_the_function(
    monkeypatch: pytest.MonkeyPatch, source: SourceTree, state: str
) -> None:
    monkeypatch.setenv("CRON_SECRET", "s3cret")
    entry = Entry("/api/cron/x", "0 6 * * *")
    conversion = convert(source, "main.py", entry, "app", "main.py", is_mounted=True)
    assert isinstance(conversion, Converted), str(conversion)
    old, new = Recorded(ANSWERS[state]), Recorded(ANSWERS[state])
    before = asyncio.run(answered(loaded("before_mounted", APP, old)))
    after = asyncio.run(served(loaded("after_mounted", conversion.text, new)))
    assert after == json.loads(json.dumps(before))
    assert new.asked == old.asked
    assert ("result" in before) == (state == "well")
