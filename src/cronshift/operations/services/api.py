"""An API that answers in JSON: called with a token, and what its refusals mean."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from cronshift.errors import CronshiftError, Reason, without_credentials
from cronshift.runtime import web

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime, timedelta

T = TypeVar("T")

_TOKEN = re.compile(r"[\x21-\x7e]+")
_LONGEST_REASON = 200
_MOST_BYTES = 32 * 1024 * 1024  # of an answer
_NO_NETWORK = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
_WHOLE = 2  # times the silence, for all of an answer


class ApiProblem(StrEnum):
    """The causes for which an API gives no answer."""

    UNREACHABLE = "unreachable"
    NO_TOKEN = "no-token"  # noqa: S105 - a problem's name
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    BUSY = "busy"
    REFUSED = "refused"
    FAILED = "failed"
    UNCLEAR = "unclear"


_PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: ApiProblem.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: ApiProblem.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ApiProblem.MISSING,
    HTTPStatus.TOO_MANY_REQUESTS: ApiProblem.BUSY,
}


class ApiError(CronshiftError):
    """An API that cannot be reached, refuses, or answers otherwise than is published.

    Attributes:
        problem: which of these.
        service: whose API it is.
        status: of the answer that refused; ``None`` where there was none.
    """

    default_reason = Reason.API_REFUSES

    def __init__(self, service: str, problem: ApiProblem, message: str, hint: str = "") -> None:
        reason = Reason.API_UNREACHABLE if problem is ApiProblem.UNREACHABLE else Reason.API_REFUSES
        super().__init__(message, reason=reason, hint=hint or None)
        self.problem = problem
        self.service = service
        self.status: int | None = None

    @property
    def is_offline(self) -> bool:
        """True where this machine resolved no name, or has no network, so that nobody was asked."""
        cause: BaseException | None = self
        while cause is not None:
            if isinstance(cause, socket.gaierror) or getattr(cause, "errno", None) in _NO_NETWORK:
                return True
            cause = cause.__cause__ or cause.__context__
        return False


class JsonApi:
    """One API, for as long as the block runs; the token is sent and never told.

    Args:
        service: whose API it is, in words.
        base: its address.
        token: what is sent as the bearer; ``None`` to send none.
        token_header: the header that carries the bare token, where that is no bearer.
        headers: sent with every request.
        parameters: of every request's query.
        timeout: how long the server may be silent; an answer has twice that.

    Attributes:
        told_at: the instant that the newest answer says it was made at.
    """

    def __init__(  # noqa: PLR0913 - all that an API differs in
        self,
        service: str,
        base: str,
        token: str | None,
        *,
        token_header: str | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        timeout: timedelta,
    ) -> None:
        self.service = service
        self.base = base.rstrip("/")
        self.told_at: datetime | None = None
        self._token = token.strip() if token else None
        self._token_header = token_header
        self._headers = dict(headers or {})
        self._parameters = dict(parameters or {})
        self._timeout = timeout
        self._opened: AbstractAsyncContextManager[httpx.AsyncClient] | None = None
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Open the client."""
        self._opened = web.client(self.base, timeout=self._timeout)
        self._http = await self._opened.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the client."""
        if self._opened is not None:
            await self._opened.__aexit__(None, None, None)

    async def ask(  # noqa: PLR0913 - all that a request differs in
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        body: Any = None,
        parameters: Mapping[str, str] | None = None,
        refusals: frozenset[int] = frozenset(),
        base: str | None = None,
    ) -> T:
        """Return the API's answer, read as ``kind``; fields that it does not name are passed over.

        Args:
            method: of HTTP.
            path: below the address.
            kind: what the answer is read as.
            body: sent as JSON.
            parameters: of this request's query.
            refusals: the statuses of refusals whose body is an answer of that kind too.
            base: another address than the API's, for what another version of it answers.

        Raises:
            ApiError: if there is no such answer.
        """
        response, content = await self._send(method, path, body, parameters, base or self.base)
        if not response.is_success and response.status_code not in refusals:
            raise self._refused(response, content)
        try:
            return msgspec.json.decode(content or b"null", type=kind)
        except (msgspec.DecodeError, RecursionError):
            raise self._unclear(path) from None

    @staticmethod
    def segment(text: str) -> str:
        """Return a text as one segment of a path."""
        return quote(text, safe="")

    async def _send(
        self, method: str, path: str, body: Any, parameters: Mapping[str, str] | None, base: str
    ) -> tuple[httpx.Response, bytes]:
        """Return an answer and its content, which a hostile server cannot make endless."""
        if self._http is None:
            raise RuntimeError("the API is not open")
        try:
            async with (
                asyncio.timeout(self._timeout.total_seconds() * _WHOLE),
                self._http.stream(
                    method,
                    f"{base}{path}",
                    headers=self._sent_headers(),
                    params={**self._parameters, **(parameters or {})} or None,
                    json=body,
                ) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        raise self._unclear(path)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise self._unreachable(error) from error
        self.told_at = instant_told(response) or self.told_at
        return response, bytes(content)

    def _sent_headers(self) -> dict[str, str]:
        if self._token is None:
            return self._headers
        if not _TOKEN.fullmatch(self._token):
            raise ApiError(
                self.service,
                ApiProblem.NO_TOKEN,
                f"What is set as the token of {self.service} is none: it holds spaces or letters"
                " that no header can carry.",
            )
        if self._token_header is not None:
            return self._headers | {self._token_header: self._token}
        return self._headers | {"authorization": f"Bearer {self._token}"}

    def _unreachable(self, error: Exception) -> ApiError:
        match error:
            case httpx.HTTPError():
                why = web.unreachable(error)
            case TimeoutError():
                why = "no answer in time"
            case _:
                why = "no address"
        return ApiError(
            self.service,
            ApiProblem.UNREACHABLE,
            f"{self.service} cannot be reached at {without_credentials(self.base)}: {why}.",
            "Is that the address of its API, and is there a way to it from here?",
        )

    def _unclear(self, path: str) -> ApiError:
        return ApiError(
            self.service,
            ApiProblem.UNCLEAR,
            f"{self.service} answered {path} otherwise than its documentation says.",
            f"Is {without_credentials(self.base)} the address of its API?",
        )

    def _refused(self, response: httpx.Response, content: bytes) -> ApiError:
        status = response.status_code
        problem = _PROBLEMS.get(HTTPStatus(status)) if status in _STATUSES else None
        if problem is None:
            problem = ApiProblem.FAILED if response.is_server_error else ApiProblem.REFUSED
        message = f"{self.service} answered {status}: {_reason_of(content)}"
        error = ApiError(self.service, problem, message)
        error.status = status
        return error


_STATUSES = frozenset(HTTPStatus)


def instant_told(response: httpx.Response) -> datetime | None:
    """Return the instant at which an answer was made, as its header tells it."""
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return date if date.tzinfo is not None else None


def _reason_of(content: bytes) -> str:
    """Return the words of a refusal, by the fields in which the services tell them.

    Those are Vercel's ``error.message``, Inngest's and Better Stack's ``errors``, healthchecks'
    ``error``, and Sentry's ``detail``.
    """
    try:
        reason = next(_reasons(msgspec.json.decode(content)), "no reason given.")
    except (msgspec.DecodeError, RecursionError):
        return "no reason given."
    return without_credentials(reason)[:_LONGEST_REASON]


def _reasons(document: object) -> Iterator[str]:
    """Yield the texts in a refusal, the plainest first."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, list):
        for item in document:
            yield from _reasons(item)
    elif isinstance(document, dict):
        named = [
            document[key] for key in ("message", "error", "errors", "detail") if key in document
        ]
        for item in named or document.values():
            yield from _reasons(item)
