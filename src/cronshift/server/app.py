"""The generated package, loaded, with two probes in front of it."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import traceback
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, CronshiftError
from cronshift.server.keys import SIGNING_KEY, ServerMode, no_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inngest import Function, Inngest
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROBES = frozenset({"/healthz", "/readyz"})
_TURNED_AWAY = HTTPStatus.SERVICE_UNAVAILABLE, {"message": "This server is shutting down."}


class ServedApp:
    """The generated package's ASGI app, with ``/healthz`` and ``/readyz``; a thin ASGI app itself.

    Every other path is the package's. Once ``draining`` is set, new work is turned away with 503,
    which Inngest retries, while what runs goes on; what is cancelled then is answered so too.

    Attributes:
        client: the package's Inngest client.
        functions: the package's functions.
        path: where the app answers Inngest.
        draining: set by the server when it is told to stop.
        startup_error: the last line of what the app said when its lifespan failed to start.
    """

    def __init__(self, app: ASGIApp, client: Inngest, functions: Sequence[Function[Any]]) -> None:
        self._app = app
        self.client = client
        self.functions = tuple(functions)
        self.path = _inngest_path(app)
        self.draining = False
        self.startup_error: str | None = None

    @property
    def mode(self) -> ServerMode:
        """The mode that the client settled on."""
        return ServerMode.CLOUD if self.client.is_production else ServerMode.DEV

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass the request on."""
        if scope["type"] == "http":
            if scope["path"] in _PROBES:
                await _answer(send, *self._probe(scope["path"]))
                return
            if self.draining:
                await _answer(send, *_TURNED_AWAY)
                return
        elif scope["type"] == "lifespan":
            send = self._hearing(send)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.draining:
                raise
            with suppress(RuntimeError):  # its answer has begun
                await _answer(send, *_TURNED_AWAY)

    def _probe(self, path: str) -> tuple[HTTPStatus, dict[str, str]]:
        if path == "/healthz":
            return HTTPStatus.OK, {"status": "ok"}
        if self.draining:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "draining"}
        if not self.functions:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "no-functions"}
        if self.mode is ServerMode.CLOUD and not self.client.signing_key:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"status": "missing-keys"}
        return HTTPStatus.OK, {"status": "ready"}

    def _hearing(self, send: Send) -> Send:
        """Keep what the lifespan says when it fails to one line: it sends whole tracebacks."""

        async def heard(message: Message) -> None:
            if "message" in message:
                lines = message["message"].strip().splitlines() or ["no reason given"]
                if message["type"] == "lifespan.startup.failed":
                    self.startup_error = lines[-1]
                    lines = [""]
                said = "" if lines[-1].endswith("CancelledError") else lines[-1]
                message = {**message, "message": said}
            await send(message)

        return heard


def build_app(root: Path, out: str) -> ServedApp:
    """Import the generated package and return what serves it. Runs the project's own code.

    Args:
        root: the project; put on ``sys.path``.
        out: the package's folder inside it, as in the plan.

    Raises:
        CronshiftError: ``not-generated`` when there is no package, ``missing-keys`` when its client
            is in cloud mode without a signing key, ``import-failed`` with the project's own error.
    """
    root = root.resolve()
    name = out.replace("/", ".")
    if not (root / out / "asgi.py").is_file():
        raise ConfigError(
            f"There is no {out}/asgi.py to serve.",
            reason="not-generated",
            hint="cronshift migrate",
            where=out,
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        app = importlib.import_module(f"{name}.asgi").app
        client = importlib.import_module(f"{name}.client").client
        functions = importlib.import_module(name).functions
    except (Exception, SystemExit) as error:
        raise _import_error(error, root, name) from error
    return ServedApp(app, client, functions)


def _import_error(error: BaseException, root: Path, name: str) -> CronshiftError:
    if type(error).__name__ == "SigningKeyMissingError":
        return no_keys((SIGNING_KEY,))
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return ConfigError(
        f"{name} cannot be imported: {said.rstrip('.')}.",
        reason="import-failed",
        hint="cronshift validate, or cronshift serve -v for the whole traceback.",
        where=_place(error, root),
    )


def _inngest_path(app: ASGIApp) -> str:
    for route in getattr(app, "routes", ()):
        if getattr(getattr(route, "endpoint", None), "__module__", "") == "inngest.fast_api":
            return str(route.path)
    return "/api/inngest"  # an app that hides its routes: the SDK's default


def _place(error: BaseException, root: Path) -> str | None:
    """Return the last line of the project's own code that the error passed through."""
    places = [(at.filename, at.lineno) for at in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    for name, line in reversed(places):
        file = Path(name)
        if file.is_relative_to(root) and "site-packages" not in file.parts:
            return f"{file.relative_to(root).as_posix()}:{line}"
    return None


async def _answer(send: Send, status: HTTPStatus, document: dict[str, str]) -> None:
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers += [(b"connection", b"close"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
