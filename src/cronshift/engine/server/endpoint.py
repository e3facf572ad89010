"""The client of an Inngest endpoint, over HTTP or in process: calls, introspection, sync."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from cronshift.engine.server.refusing import SDK_HEADER, lacks_body, no_body, refusal
from cronshift.engine.server.signing import signature
from cronshift.errors import CronshiftError
from cronshift.runtime import web
from cronshift.runtime.protection import bypass_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import ASGIApp

DISCOVERY = "step"
"""The ``stepId`` of a request that targets no step."""

_NO_FUNCTION = "cronshift-no-such-function"
_WITHOUT_EVENTS = "events not in request"
_UNKNOWN = re.compile(r"not found|could not find function|function_not_found", re.IGNORECASE)
_LOCAL = "http://cronshift.local"


@dataclass(frozen=True, slots=True)
class EndpointReply:
    """The reply of an endpoint to a call.

    Attributes:
        headers: with lower-case names.
        content: the body as JSON, or as text where it is none.
    """

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def is_final(self) -> bool:
        """True when an error is not to be tried again."""
        return self.headers.get("x-inngest-no-retry", "").lower() == "true"


class Endpoint:
    """An endpoint at which functions are served.

    Attributes:
        url: as errors name it.
        sdk: the name and version that it told with its last answer.
    """

    def __init__(self, url: str, http: httpx.AsyncClient, signing_key: str | None = None) -> None:
        self.url = url
        self.sdk: str | None = None
        self._http = http
        self._key = signing_key

    @classmethod
    @asynccontextmanager
    async def http(
        cls, url: str, signing_key: str | None = None, *, bypass: Mapping[str, str] | None = None
    ) -> AsyncIterator[Endpoint]:
        """Open the endpoint at an address.

        Args:
            url: all of it: ``http://localhost:3000/api/inngest``.
            signing_key: signs every request, where the endpoint asks for that.
            bypass: what passes the protection before it; what the environment holds, by default.

        Raises:
            CronshiftError: ``invalid-endpoint`` for what is no web address.
        """
        try:
            parts = urlsplit(url)
            fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query
        except ValueError:
            fine = False
        if not fine:
            raise CronshiftError(
                f"{url!r} is no address of an Inngest endpoint.",
                reason="invalid-endpoint",
                hint="Write it like http://localhost:3000/api/inngest.",
            )
        async with web.client(url, headers=bypass_headers() if bypass is None else bypass) as http:
            yield cls(url, http, signing_key)

    @classmethod
    @asynccontextmanager
    async def asgi(
        cls, app: ASGIApp, path: str = "/api/inngest", signing_key: str | None = None
    ) -> AsyncIterator[Endpoint]:
        """Open an app of this process; no socket, and its lifespan around all calls."""
        from cronshift.runtime.apps import Lifespan

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            Lifespan.around(app),
            httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(None)) as http,
        ):
            yield cls(_LOCAL + path, http, signing_key)

    async def call(self, function_id: str, step_id: str, body: Mapping[str, Any]) -> EndpointReply:
        """Ask the endpoint to go on with a run.

        Args:
            function_id: with the app's id in front.
            step_id: the hashed id of the step to run, or :data:`DISCOVERY`.
            body: what :func:`cronshift.engine.executor.protocol.request_body` returned.

        Raises:
            CronshiftError: if this is no Inngest endpoint, or it refuses the caller.
            httpx.HTTPError: if there is no answer.
        """
        query = {"fnId": function_id, "stepId": step_id or DISCOVERY}
        response = await self._send("POST", body, params=query)
        self._judge(response)
        reply = EndpointReply(response.status_code, response.headers, _content(response))
        if reply.status != HTTPStatus.CREATED or not isinstance(reply.content, dict):
            return reply
        wrapped = reply.content  # a streamed answer: the status came before its outcome was known
        content = wrapped.get("body")
        return EndpointReply(
            int(wrapped.get("status", HTTPStatus.INTERNAL_SERVER_ERROR)),
            {str(k).lower(): str(v) for k, v in (wrapped.get("headers") or {}).items()},
            _parsed(content) if isinstance(content, str) else content,
        )

    async def introspect(self) -> dict[str, Any]:
        """Return the endpoint's introspection: mode, number of functions, keys present.

        Raises:
            CronshiftError: if it cannot be reached, is none, redirects, or refuses the caller.
        """
        response = await self._asked("GET", None)
        return self._document(response, "function_count")

    async def sync_in_band(self) -> dict[str, Any]:
        """Return the registration that the endpoint would send: ``functions`` and the app's id.

        Nothing is registered by asking. In cloud mode every SDK answers, and in dev mode only the
        TypeScript one, where INNGEST_ALLOW_IN_BAND_SYNC does not forbid it; the Python one would go
        and register with its dev server.

        Raises:
            CronshiftError: as :meth:`introspect`.
        """
        response = await self._asked(
            "PUT", {"url": self.url}, headers={"x-inngest-sync-kind": "in_band"}
        )
        return self._document(response, "functions")

    async def ask_for_nothing(self) -> None:
        """Ask for a function that does not exist, as Inngest asks for one that does.

        Raises:
            NotWellError: ``no-body-parser`` where it would refuse every function so.
            CronshiftError: as :meth:`introspect`.
        """
        response = await self._ask_for(_NO_FUNCTION)
        # It has told who it is to the same key, or asks for none in dev mode.
        if lacks_body(response, _content(response)):
            raise no_body(self.url)
        self._judge(response)

    async def has_function(self, function_id: str) -> bool | None:
        """Return whether the Python SDK has a function of that id, which does not run.

        ``None`` where it answers otherwise than it is known to.

        Without events it answers before the function is called (inngest-py ``comm_lib/handler.py``).

        Raises:
            CronshiftError: as :meth:`introspect`.
        """
        response = await self._ask_for(function_id)
        self._judge(response)
        if _UNKNOWN.search(response.text):
            return False
        return True if _WITHOUT_EVENTS in response.text else None

    async def _ask_for(self, function_id: str) -> httpx.Response:
        context = {
            "run_id": "cronshift",
            "attempt": 0,
            "disable_immediate_execution": True,
            "stack": {"stack": [], "current": 0},
        }
        event = {"name": "cronshift/asked", "data": {}}
        body = {"ctx": context, "event": event, "events": None, "steps": {}, "use_api": False}
        query = {"fnId": function_id, "stepId": DISCOVERY}
        return await self._contact("POST", body, params=query)

    async def sync(self) -> tuple[int, Any]:
        """Have the endpoint register with its Inngest server; return its answer's status and content.

        Raises:
            CronshiftError: as :meth:`introspect`.
        """
        response = await self._asked("PUT", None)
        return response.status_code, _content(response)

    async def _asked(self, method: str, body: Any, **options: Any) -> httpx.Response:
        response = await self._contact(method, body, **options)
        self._judge(response)
        return response

    async def _contact(self, method: str, body: Any, **options: Any) -> httpx.Response:
        try:
            return await self._send(method, body, **options)
        except httpx.HTTPError as error:
            raise CronshiftError(
                f"{self.url} cannot be reached: {web.unreachable(error)}.",
                reason="endpoint-unreachable",
                hint="Is the app running, and is this the address it listens on?",
            ) from error

    async def _send(self, method: str, body: Any, **options: Any) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "user-agent": "cronshift"}
        if self._key:
            headers["x-inngest-signature"] = signature(content, self._key, datetime.now(UTC))
        headers |= options.pop("headers", {})
        response = await self._http.request(
            method, self.url, content=content, headers=headers, **options
        )
        self.sdk = response.headers.get(SDK_HEADER, self.sdk)
        return response

    def _judge(self, response: httpx.Response) -> None:
        """Raise for an answer that no function gave."""
        refusal(self.url, response, _content(response), has_key=self._key is not None)

    def _document(self, response: httpx.Response, key: str) -> dict[str, Any]:
        document = _content(response)
        if response.is_success and isinstance(document, dict) and key in document:
            return document
        message = document.get("message") if isinstance(document, dict) else None
        raise CronshiftError(
            f"{self.url} answered {response.status_code} without `{key}`"
            + (f": {message}" if message else "."),
            reason="endpoint-refuses",
            hint="Its log tells why.",
        )


def _content(response: httpx.Response) -> Any:
    return _parsed(response.text)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
