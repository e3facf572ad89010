"""Calls of the project's own ASGI or WSGI app in process, as a server would make them."""

from __future__ import annotations

import asyncio
import io
import sys
import traceback
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from weakref import WeakKeyDictionary

from cronshift.runtime.answers import HandlerError, judge
from cronshift.runtime.bodies import Body
from cronshift.runtime.calls import DirectHandler
from cronshift.runtime.jobs import IN_PROCESS
from cronshift.runtime.loading import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, MutableMapping

    from cronshift.runtime.answers import Answer
    from cronshift.runtime.calls import Call

HOST = "localhost"


class AsgiHandler(DirectHandler):
    """A handler that calls an ASGI app, whose lifespan runs once in every event loop."""

    def __init__(self, reference: str, *, secret_env: str = "CRON_SECRET") -> None:  # noqa: S107
        super().__init__(reference, secret_env=secret_env)
        self._lifespans: WeakKeyDictionary[asyncio.AbstractEventLoop, Lifespan] = (
            WeakKeyDictionary()
        )

    async def send(self, call: Call) -> Answer:
        """Call the app and return its answer.

        Raises:
            NonRetriableError: if there is no such app, or the answer says that trying is no use.
            Exception: what the app raised, or HandlerError for an answer that is a failure.
        """
        app = load(self.reference)
        loop = asyncio.get_running_loop()
        if loop not in self._lifespans:
            self._lifespans[loop] = Lifespan(app)
        lifespan = self._lifespans[loop]
        try:
            await lifespan.started()
        except BaseException:
            self._lifespans.pop(loop, None)
            raise
        exchange = _Exchange()
        await app(_scope(call, self.headers(call), lifespan.state), exchange.receive, exchange.send)
        what = call.shown
        if exchange.status is None:
            raise HandlerError(f"{what} had no answer: the app returned without one")
        return judge(what, exchange.status, exchange.headers, exchange.body)


class _Exchange:
    """One request without a body, and the response to it."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = Body()
        self._asked = False
        self._done = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message.get("headers", ())
            }
        elif message["type"] == "http.response.body":
            self.body.add(message.get("body", b""))
            if not message.get("more_body"):
                self._done.set()


class Lifespan:
    """An app's lifespan: started before the first call, ended with the event loop."""

    @classmethod
    @asynccontextmanager
    async def around(cls, app: Callable[..., Any]) -> AsyncIterator[Lifespan]:
        """Run the app's lifespan around a block.

        Raises:
            HandlerError: if the app fails to start.
        """
        lifespan = cls(app)
        try:
            await lifespan.started()
            yield lifespan
        finally:
            await lifespan.end()

    def __init__(self, app: Callable[..., Any]) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._begun = False
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    async def started(self) -> None:
        """Wait until the app is ready to be called.

        Raises:
            HandlerError: if it failed to start.
        """
        await asyncio.shield(self._ready)

    async def end(self) -> None:
        """Let the app put its things away."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": _ASGI, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - an app without a lifespan raises what it likes
            if self._ready.done():
                traceback.print_exc()
            elif _refuses_lifespans(error):
                self._ready.set_result(None)
            else:
                self._ready.set_exception(HandlerError(f"the app did not start: {error!r}"))
        else:
            if not self._ready.done():
                self._ready.set_result(None)

    async def _receive(self) -> dict[str, Any]:
        if not self._begun:
            self._begun = True
            return {"type": "lifespan.startup"}
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            # The loop is closing: let the app put its things away instead of cutting it off.
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self._ready.done():
            return
        if message["type"] == "lifespan.startup.complete":
            self._ready.set_result(None)
        elif message["type"] == "lifespan.startup.failed":
            last = (message.get("message", "").strip().splitlines() or ["no reason given"])[-1]
            self._ready.set_exception(HandlerError(f"the app did not start: {last}"))


_ASGI = {"version": "3.0", "spec_version": "2.3"}


def _refuses_lifespans(error: Exception) -> bool:
    """Return whether the app only knows HTTP: it raised in its own code, before asking for more."""
    return isinstance(error, AssertionError | KeyError | NotImplementedError | ValueError)


def _scope(call: Call, headers: dict[str, str], state: dict[str, Any]) -> dict[str, Any]:
    path, _, query = call.target.partition("#")[0].partition("?")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote_to_bytes(path).decode(errors="surrogateescape"),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [
            (name.encode(), value.encode()) for name, value in {"host": HOST, **headers}.items()
        ],
        "client": ("127.0.0.1", 0),
        "server": (HOST, 80),
        "state": state.copy(),
        "extensions": {IN_PROCESS: {}},
    }


class WsgiHandler(DirectHandler):
    """A handler that calls a WSGI app, in a thread."""

    async def send(self, call: Call) -> Answer:
        """Call the app and return its answer.

        Raises:
            NonRetriableError: if there is no such app, or the answer says that trying is no use.
            Exception: what the app raised, or HandlerError for an answer that is a failure.
        """
        app = load(self.reference)
        environ = _environ(call, self.headers(call))
        status, headers, body = await asyncio.to_thread(_call_wsgi, app, environ)
        return judge(call.shown, status, headers, body)


def _call_wsgi(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any]
) -> tuple[int, dict[str, str], Body]:
    """Call a WSGI app as PEP 3333 says, and read its answer to the end."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = Body()

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if exc_info and body.size:
            raise exc_info[1]
        started.append((status, headers))
        return body.add

    chunks = app(environ, start_response)
    try:
        for chunk in chunks:
            body.add(chunk)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    if not started:
        raise HandlerError(f"GET {environ['PATH_INFO']} had no answer: the app never started one")
    status, headers = started[-1]
    return int(status.split(None, 1)[0]), {name.lower(): value for name, value in headers}, body


def _environ(call: Call, headers: dict[str, str]) -> dict[str, Any]:
    path, _, query = call.target.partition("#")[0].partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": call.target,
        "REQUEST_URI": call.target,
        "QUERY_STRING": query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": "0",
        **{
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in {"host": HOST, **headers}.items()
        },
        IN_PROCESS: True,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
