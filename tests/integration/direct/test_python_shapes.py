"""Each shape of Python handler beside the function that it becomes: the same calls, results and errors."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from inngest import NonRetriableError

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


@dataclass
class Upstream:
    url: str = ""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    rows: int = 3
    broken: str = ""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A server on the loopback that remembers what it is asked."""
    state = Upstream()

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            state.asked.append((self.command, self.path, body))
            rows = [{"id": at + 1, "muted": at == 1} for at in range(state.rows)]
            answer = {"rows": rows} if self.path == "/rows" else {"of": self.path}
            data = json.dumps(answer).encode()
            is_broken = state.broken and state.broken in self.path
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
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def loaded(name: str, text: str) -> ModuleType:
    module = ModuleType(name)
    sys.modules[name] = module  # pydantic looks up what annotations name
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - of this test's own data
    return module


def conversion_of(name: str) -> Converted:
    kind = "handler" if name.startswith("class") else None
    conversion = convert(SourceTree(SHAPES), f"{name}.py", Entry(ENTRIES[name], "0 6 * * *"), kind)
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


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ENTRIES)
def test_a_function_asks_and_ends_as_its_handler_did(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream, name: str, state: str
) -> None:
    monkeypatch.syspath_prepend(SHAPES)
    monkeypatch.setenv("UPSTREAM_URL", upstream.url)
    monkeypatch.setenv("CRON_SECRET", SECRET)
    upstream.rows, upstream.broken = STATES[state]
    upstream.asked.clear()
    before, asked = as_handler(name), [*upstream.asked]
    upstream.asked.clear()
    assert as_function(name) == before
    assert upstream.asked == asked
    if state == "well":
        assert "result" in before
