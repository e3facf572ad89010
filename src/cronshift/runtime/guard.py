"""The guard of the app that Vercel calls: who owns this tick?

It stands in front of the app (ASGI or WSGI middleware, or a decorator of a
``BaseHTTPRequestHandler`` class) and looks at Vercel's cron calls only. A tick that is Inngest's is
answered ``200 {"skipped": "owner inngest"}`` without the app being asked. A call that an Inngest
function makes carries ``x-cronshift-tick`` and the bearer, and passes.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cronshift.ownership import Owner, tick_text
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.jobs import IN_PROCESS, SKIPPED_HEADER, request_target
from cronshift.runtime.ticks import called_tick
from cronshift.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from http.server import BaseHTTPRequestHandler

    from starlette.types import ASGIApp, Receive, Scope, Send

    from cronshift.runtime.jobs import Job

    HandlerClass = TypeVar("HandlerClass", bound=type[BaseHTTPRequestHandler])

TELL_HEADER = "x-cronshift-tell"
_CRON_AGENT = "vercel-cron/"
_SCHEDULE_HEADER = "x-vercel-cron-schedule"
_logger = logging.getLogger("cronshift")


class Guard:
    """Decides Vercel's calls of the jobs it knows; everything else passes.

    Args:
        jobs: with the entries' own paths and schedules.
        secret_env: the variable that holds the bearer of Vercel's calls.
        source: where the ownership file comes from.
        clock: the present instant, aware.
    """

    def __init__(
        self,
        *jobs: Job,
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        source: Source = SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secret_env = secret_env
        self._source = source
        self._clock = clock
        self._jobs: dict[str, list[tuple[Job, Schedule]]] = {}
        for job in jobs:
            known = self._jobs.setdefault(request_target(job.path), [])
            known.append((job, Schedule.from_vercel(job.schedule)))

    def reason_to_skip(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Return why a call is not to reach the app, if it is not.

        Args:
            target: path and query, as they came.
            headers: with lower-case names.
        """
        if not self._is_cron(headers):
            return None
        known = self._known(target, headers.get(_SCHEDULE_HEADER))
        if known is None:
            return None
        if "x-cronshift-tick" in headers and self._has_bearer(headers):
            return None
        job, schedule = known
        tick = called_tick(schedule, self._clock())
        held = self._source.held()
        if tick is None or held is None:
            return None
        if held.ownership.owner(job.id, tick) is Owner.VERCEL:
            return None
        _logger.info("%s: the tick of %s is Inngest's", job.id, tick_text(tick))
        return "owner inngest"

    def told(self, method: str, headers: Mapping[str, str]) -> bytes | None:
        """Return the answer to who asks, with the bearer, which ownership file is held here."""
        return told(method, headers, self._secret_env, self._source)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI app with the guard in front: ``app.add_middleware(guard.asgi)``."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and IN_PROCESS not in scope.get("extensions", {}):
                answer = self._answer(scope["method"], _target(scope), _headers(scope))
                if answer is not None:
                    extra, body = answer
                    await _send(send, body, extra)
                    return
            await app(scope, receive, send)

        return guarded

    def wsgi(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Return a WSGI app with the guard in front: ``app.wsgi_app = guard.wsgi(app.wsgi_app)``."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            headers = {
                name[5:].lower().replace("_", "-"): value
                for name, value in environ.items()
                if name.startswith("HTTP_")
            }
            answer = self._answer(environ["REQUEST_METHOD"], _wsgi_target(environ), headers)
            if answer is None or IN_PROCESS in environ:
                return app(environ, start_response)
            extra, body = answer
            fields = [(name.decode(), value.decode()) for name, value in extra]
            start_response("200 OK", [("content-type", "application/json"), *fields])
            return [body]

        return guarded

    def handler(self, cls: HandlerClass) -> HandlerClass:
        """Return a ``BaseHTTPRequestHandler`` class whose ``do_GET`` asks first: a decorator."""
        guard = self
        own_get = getattr(cls, "do_GET", None)

        def answer(request: BaseHTTPRequestHandler) -> bool:
            if hasattr(request.connection, "answered"):
                return False  # called in process
            headers = {name.lower(): value for name, value in request.headers.items()}
            answered = guard._answer(request.command, request.path, headers)
            if answered is None:
                return False
            extra, body = answered
            request.send_response(200)
            request.send_header("content-type", "application/json")
            for name, value in extra:
                request.send_header(name.decode(), value.decode())
            request.end_headers()
            request.wfile.write(body)
            return True

        def do_get(request: BaseHTTPRequestHandler) -> None:
            if not answer(request) and own_get is not None:
                own_get(request)

        def do_options(request: BaseHTTPRequestHandler) -> None:
            if not answer(request):
                request.send_error(501)

        cls.do_GET = do_get  # type: ignore[attr-defined] # http.server looks methods up by name
        if not hasattr(cls, "do_OPTIONS"):
            cls.do_OPTIONS = do_options  # type: ignore[attr-defined] # the same
        return cls

    def _answer(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        body = self.told(method, headers)
        if body is not None:
            return [], body
        reason = self.reason_to_skip(target, headers)
        if reason is None:
            return None
        return [(SKIPPED_HEADER.encode(), reason.encode())], json.dumps(
            {"skipped": reason}
        ).encode()

    def _known(self, target: str, schedule: str | None) -> tuple[Job, Schedule] | None:
        """Return the job that the call is for; twins of one path are told apart by the header."""
        known = self._jobs.get(target, [])
        if len(known) > 1 and schedule is not None:
            text = " ".join(schedule.split())
            known = [one for one in known if " ".join(one[0].schedule.split()) == text] or known
        return known[0] if known else None

    def _has_bearer(self, headers: Mapping[str, str]) -> bool:
        return has_bearer(headers, os.environ.get(self._secret_env))

    @staticmethod
    def _is_cron(headers: Mapping[str, str]) -> bool:
        agent = headers.get("user-agent", "")
        return agent.startswith(_CRON_AGENT) or _SCHEDULE_HEADER in headers


class TellOwnership:
    """ASGI middleware of the Inngest side: tells which ownership file is held there.

    Args:
        app: the app that holds the Inngest endpoint.
        secret_env: the variable that holds the bearer.
    """

    def __init__(self, app: ASGIApp, *, secret_env: str = "CRON_SECRET") -> None:  # noqa: S107
        self._app = app
        self._secret_env = secret_env

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the question, or pass the request on."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            body = told("OPTIONS", _headers(scope), self._secret_env)
            if body is not None:
                await _send(send, body, [])
                return
        await self._app(scope, receive, send)


def told(
    method: str, headers: Mapping[str, str], secret_env: str, source: Source = SOURCE
) -> bytes | None:
    """Return JSON with the digest of the ownership file held here, to who asks with the bearer.

    Asked for with OPTIONS, so that no job runs where nobody answers the question.
    """
    if method != "OPTIONS" or headers.get(TELL_HEADER) != "ownership":
        return None
    if not has_bearer(headers, os.environ.get(secret_env)):
        return None
    held = source.held()
    return json.dumps({"ownership": held.digest if held else None}).encode()


def has_bearer(headers: Mapping[str, str], secret: str | None) -> bool:
    """Return whether the caller knows the secret; never, when none is set."""
    given = headers.get("authorization", "")
    if not secret:
        return False
    return hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _send(send: Send, body: bytes, extra: list[tuple[bytes, bytes]]) -> None:
    fields = [(b"content-type", b"application/json"), *extra]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def _target(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _wsgi_target(environ: Mapping[str, Any]) -> str:
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return raw
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    query: str = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
