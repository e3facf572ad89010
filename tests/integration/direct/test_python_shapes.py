"""Each shape of Python handler beside the function that it becomes: the same calls, results and errors."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI
from inngest import NonRetriableError

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.server.endpoint import Endpoint
from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.python.converting import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPES = Path(__file__).parents[2] / "data/direct/python"
ENTRIES: dict[str, str] = json.loads((SHAPES / "entries.json").read_text())
RETRIED = {408, 425, 429}
STATES = {
    "empty": (0, ""),
    "one": (1, ""),
    "two": (2, "items/2"),
    "well": (3, ""),
    "broken": (3, "/"),
    "half": (2, "store"),
}
SECRET = "s3cret"
Asked = list[tuple[str, str, bytes]]


@dataclass
class Upstream:
    """What is asked of it, by who asks: the first part of the path."""

    url: str = ""
    asked: dict[str, Asked] = field(default_factory=lambda: defaultdict(list))
    rows: int = 3
    broken: str = ""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A server on the loopback that remembers what it is asked."""
    state = Upstream()

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            _, who, path = self.path.split("/", 2)
            state.asked[who].append((self.command, f"/{path}", body))
            rows = [{"id": at + 1, "muted": at == 1} for at in range(state.rows)]
            answer = {"rows": rows} if path == "rows" else {"of": path}
            data = json.dumps(answer).encode()
            is_broken = state.broken and state.broken in f"/{path}"
            self.send_response(503 if is_broken else 200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Answer) as url:
        state.url = url
        yield state


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def loaded(name: str, text: str) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = str(SHAPES / f"{name}.py")
    sys.modules[name] = module  # pydantic looks up what annotations name
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - of this test's own data
    return module


def conversion_of(name: str, *, steps: bool = False) -> Converted:
    handler, app = ("handler", None) if name.startswith("class") else ("app", f"{name}.py")
    entry = Entry(ENTRIES[name], "0 6 * * *")
    conversion = convert(SourceTree(SHAPES), f"{name}.py", entry, handler, app, steps=steps)
    assert isinstance(conversion, Converted), str(conversion)
    return conversion


def answered(name: str) -> httpx.Response:
    module = loaded(f"before_{name}", (SHAPES / f"{name}.py").read_text())
    path, headers = ENTRIES[name], {"authorization": f"Bearer {SECRET}"}
    if name.startswith("class"):
        with serving(module.handler) as url:
            return httpx.get(f"{url}{path}", headers=headers)
    if name.startswith("flask"):
        transport: Any = httpx.WSGITransport(module.app, raise_app_exceptions=False)
        with httpx.Client(transport=transport, base_url="http://test") as client:
            return client.get(path, headers=headers)
    return asyncio.run(asked_of(module.app, path, headers))


async def asked_of(app: Any, path: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


def as_handler(name: str) -> dict[str, Any]:
    try:
        response = answered(name)
    except httpx.RemoteProtocolError:  # the class raised, and Vercel would answer 500
        return {"error": "retried"}
    if response.is_success:
        is_json = "json" in response.headers.get("content-type", "")
        return {"result": response.json() if is_json else response.text or None}
    is_final = response.status_code < 500 and response.status_code not in RETRIED
    return {"error": "final" if is_final else "retried"}


def as_function(name: str) -> dict[str, Any]:
    conversion = conversion_of(name)
    module = loaded(f"after_{name}", conversion.text)
    function: Callable[..., Any] = getattr(module, conversion.function)
    try:
        result = eval(f"function({', '.join(conversion.arguments)})", {"function": function})  # noqa: S307
        result = asyncio.run(result) if inspect.iscoroutine(result) else result
    except NonRetriableError:
        return {"error": "final"}
    except Exception:  # noqa: BLE001 - whatever it raises, the engine tries again
        return {"error": "retried"}
    return {"result": json.loads(json.dumps(encoded(module, conversion, result)))}


def encoded(module: ModuleType, conversion: Converted, result: object) -> object:
    if conversion.encoder == "fastapi":
        from fastapi.encoders import jsonable_encoder

        return jsonable_encoder(result)
    if conversion.encoder is not None:
        provider = getattr(module, conversion.encoder).json
        return provider.loads(provider.dumps(result))
    return result


def asking(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, work: Callable[[], Any]
) -> tuple[Any, Asked]:
    """Return what comes of work, and what it asked of the upstream; late requests are another's."""
    who = str(len(upstream.asked))
    upstream.asked[who] = []
    monkeypatch.setenv("UPSTREAM_URL", f"{upstream.url}/{who}")
    outcome = json.dumps(work()).replace(f"{upstream.url}/{who}", upstream.url)
    return json.loads(outcome), [*upstream.asked[who]]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ENTRIES)
def test_a_function_asks_and_ends_as_its_handler_did(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, name: str, state: str
) -> None:
    monkeypatch.syspath_prepend(SHAPES)
    monkeypatch.setenv("CRON_SECRET", SECRET)
    upstream.rows, upstream.broken = STATES[state]
    before, asked = asking(monkeypatch, upstream, lambda: as_handler(name))
    after, asked_after = asking(monkeypatch, upstream, lambda: as_function(name))
    assert after == before
    assert_the_same(name, before, asked_after, asked)
    if state == "well":
        assert "result" in before


STEPPED = {
    "class_bodies": ["ask rows"],
    "class_caught": ["ask rows", "ask send", "ask send", "ask send"],
    "class_early": ["ask rows"],
    "class_senders": ["ask rows", "ask store"],
    "class_users": ["ask rows", "ask 0", "time.sleep 0", "ask 2", "time.sleep 2", "date.today"],
    "fastapi_around": ["ask rows", "ask store"],
    "fastapi_caught": ["ask rows", "ask store"],
    "fastapi_gather": ["fetch rows", "fetch models", "announce rows", "announce models"],
    "fastapi_gather_rows": [
        "fetch rows",
        "fetch 1",
        "fetch 2",
        "fetch 3",
        "announce gpt-5",
        "announce claude-opus",
    ],
    "fastapi_header": ["ask rows", "ask recover 1", "ask recover 3"],
    "fastapi_models": [
        "fetch gpt-5",
        "announce gpt-5",
        "fetch claude-opus",
        "announce claude-opus",
        "fetch gemini-pro",
        "announce gemini-pro",
    ],
    "fastapi_sequence": ["fetch rows", "fetch store", "announce stored"],
    "fastapi_statuses": ["ask rows", "ask store"],
    "flask_pages": ["ask", "ask store", "ask", "ask store"],
}
"""The steps that each shape shows, as they are run when all is well."""


def test_steps_are_made_where_the_code_shows_them() -> None:
    made = {name: conversion_of(name, steps=True) for name in ENTRIES}
    assert {name for name in ENTRIES if made[name].steps} == set(STEPPED)
    assert all(made[name].unoffered for name in ENTRIES if name not in STEPPED)


def assert_the_same(name: str, outcome: dict[str, Any], after: Asked, before: Asked) -> None:
    if "gather" not in name:
        assert after == before
    elif "result" in outcome:  # else the first to fail ends it, and no two times are the same
        assert sorted(after) == sorted(before)


async def in_steps(name: str) -> tuple[dict[str, Any], list[str]]:
    """Run a shape's steps as the engine does: once more behind each, over the SDK's own protocol."""
    conversion = conversion_of(name, steps=True)
    module = loaded(f"stepped_{name}", conversion.text)
    client = inngest.Inngest(app_id="shapes", is_production=False)

    @client.create_function(fn_id=name, trigger=inngest.TriggerEvent(event="due"), retries=0)
    async def work(ctx: inngest.Context) -> Any:
        named = {"function": getattr(module, conversion.function), "ctx": ctx}
        return encoded(
            module,
            conversion,
            await eval(f"function({', '.join(['ctx', *conversion.arguments])})", named),  # noqa: S307
        )

    app = FastAPI()
    inngest.fast_api.serve(app, client, [work])
    async with Endpoint.asgi(app) as endpoint:
        event = {"name": "due", "id": "1", "data": {}, "ts": 0}
        run = await execute(endpoint, RunTarget(f"shapes-{name}", attempts=1), event)
    if run.status == "completed":
        return {"result": run.output}, [step.id for step in run.steps]
    assert run.error is not None
    is_final = run.error.name == "NonRetriableError"
    return {"error": "final" if is_final else "retried"}, [step.id for step in run.steps]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", STEPPED)
def test_steps_ask_and_end_as_the_handler_did(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, name: str, state: str
) -> None:
    monkeypatch.syspath_prepend(SHAPES)
    monkeypatch.setenv("CRON_SECRET", SECRET)
    upstream.rows, upstream.broken = STATES[state]
    before, asked = asking(monkeypatch, upstream, lambda: as_handler(name))
    (after, steps), asked_after = asking(monkeypatch, upstream, lambda: asyncio.run(in_steps(name)))
    assert after == before
    assert_the_same(name, before, asked_after, asked)
    if state == "well":
        assert steps == STEPPED[name]
