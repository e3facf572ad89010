"""The answer to a caller who knows the secret: the ownership file that is held here."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING

from cronshift.runtime import recording, wire
from cronshift.runtime.answering_claims import answer_claim
from cronshift.runtime.dead_letters import parse_letter
from cronshift.runtime.fronts import send_reply
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ledger import parse_record
from cronshift.runtime.letter_keeping import KEPT, keep
from cronshift.runtime.proof import has_bearer
from cronshift.runtime.replies import Reply
from cronshift.runtime.watching import asgi_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_DELIVERIES = frozenset({wire.TELL_TICKS, wire.TELL_DEAD_LETTER, wire.TELL_CLAIM})


def is_question(method: str, headers: Mapping[str, str], secret_env: str) -> bool:
    """Return whether the caller asks, with the bearer, which file is held.

    It is an OPTIONS request, so that no job runs where nobody answers the question.
    """
    asks = method == "OPTIONS" and headers.get(wire.TELL_HEADER) == wire.TELL_OWNERSHIP
    return asks and has_bearer(headers, secret_env)


def description(source: Source) -> Reply:
    """Return the answer: which file, its age where it came from an address, and since when it counts."""
    described = source.describe()
    return Reply(json.dumps(described | source.history()).encode())


def is_delivery(method: str, headers: Mapping[str, str], secret_env: str) -> bool:
    """Return whether the caller brings, with the bearer, what is for the ledger or the claims here."""
    brings = method == "POST" and headers.get(wire.TELL_HEADER) in _DELIVERIES
    return brings and has_bearer(headers, secret_env)


async def keep_dead_letter(body: bytes, secret_env: str) -> int:
    """Keep what was brought in this process's own database, and return the status."""
    if not recording.is_kept_here():
        return HTTPStatus.NOT_FOUND
    try:
        letter = parse_letter(json.loads(body))
    except (ValueError, TypeError, RecursionError):
        return HTTPStatus.BAD_REQUEST
    kept = await keep(letter, secret_env) == KEPT
    return HTTPStatus.ACCEPTED if kept else HTTPStatus.SERVICE_UNAVAILABLE


def keep_records(body: bytes, secret_env: str) -> int:
    """Queue records that were sent for this process's own database, and return the status."""
    recorder = recording.recorder(secret_env)
    if recorder is None or not recording.is_kept_here():
        return HTTPStatus.NOT_FOUND
    try:
        documents = json.loads(body)
        records = [parse_record(document) for document in documents]
    except (ValueError, TypeError, RecursionError):
        return HTTPStatus.BAD_REQUEST
    for record in records:
        recorder.add(lambda record=record: record)  # type: ignore[misc] # bound now, not when it is called
    return HTTPStatus.ACCEPTED


def take_in(
    headers: Mapping[str, str], read: Callable[[], bytes], secret_env: str
) -> tuple[int, bytes]:
    """Keep what was brought to a server without an event loop of its own; return the status and JSON."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or int(length) > wire.OWNERSHIP_MAX_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"{}"
    body = read()
    if headers[wire.TELL_HEADER] == wire.TELL_CLAIM:
        return answer_claim(body)
    if headers[wire.TELL_HEADER] != wire.TELL_DEAD_LETTER:
        return keep_records(body, secret_env), b"{}"
    with ThreadPoolExecutor(1) as thread:  # where this one has a loop, it runs already
        return thread.submit(asyncio.run, keep_dead_letter(body, secret_env)).result(), b"{}"


class TellOwnership:
    """ASGI middleware of the Inngest side: tells which ownership file is held there.

    It also takes in what another side's processes tell the ledger, and answers for the claims, where this
    one has a database.

    Args:
        app: the app that holds the Inngest endpoint.
        secret_env: the variable that holds the bearer.
        source: where the ownership file comes from.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        source: Source = SOURCE,
    ) -> None:
        self._app = app
        self._secret_env = secret_env
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the question, take in records, or pass the request on."""
        if scope["type"] == "http" and self._is_question(scope):
            await self._source.refresh()
            await send_reply(send, description(self._source))
        elif scope["type"] == "http" and self._is_delivery(scope):
            status, answer = await self._take_in(scope, await _body(receive))
            fields = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": int(status), "headers": fields})
            await send({"type": "http.response.body", "body": answer})
        else:
            await self._app(scope, receive, send)

    async def _take_in(self, scope: Scope, body: bytes | None) -> tuple[int, bytes]:
        if body is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"{}"
        kind = asgi_headers(scope)[wire.TELL_HEADER]
        if kind == wire.TELL_CLAIM:
            return await asyncio.to_thread(answer_claim, body)
        if kind == wire.TELL_DEAD_LETTER:
            return await keep_dead_letter(body, self._secret_env), b"{}"
        return keep_records(body, self._secret_env), b"{}"

    def _is_question(self, scope: Scope) -> bool:
        return scope["method"] == "OPTIONS" and is_question(
            "OPTIONS", asgi_headers(scope), self._secret_env
        )

    def _is_delivery(self, scope: Scope) -> bool:
        return scope["method"] == "POST" and is_delivery(
            "POST", asgi_headers(scope), self._secret_env
        )


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body; ``None`` for one that is too large."""
    body = bytearray()
    while len(body) <= wire.OWNERSHIP_MAX_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
    return None
