"""The question to a side about the ownership file that it holds, and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import httpx

from cronshift.errors import ConfigError
from cronshift.runtime import web, wire
from cronshift.runtime.ownership import digest, parse_ownership
from cronshift.runtime.protection import bypass_headers
from cronshift.runtime.telling import Telling

_PATIENCE = timedelta(seconds=10)
_NO_FILE_OF_OURS = "unreadable"
_OLDEST = 10**9  # seconds: what is value is anybody's


@dataclass(frozen=True, slots=True)
class Testimony:
    """The testimony of a side about its file, or the reason why there is none.

    Attributes:
        problem: why nothing is known, in a sentence.
        unread: whether there is an address that has not been read.
    """

    digest: str | None = None
    problem: str | None = None
    age: timedelta | None = None
    unread: bool = False
    held_for: timedelta | None = None
    before: str | None = None
    telling: Telling = Telling.FILE


async def ask(url: str, secret: str, patience: timedelta = _PATIENCE) -> Testimony:
    """Ask one side, with the bearer, which file it holds.

    The question is an OPTIONS request: where nobody answers it, no job runs.
    """
    headers = {
        "authorization": f"Bearer {secret}",
        wire.TELL_HEADER: wire.TELL_OWNERSHIP,
        **bypass_headers(),
    }
    try:
        async with web.client(url, timeout=patience) as http:
            response = await http.options(url, headers=headers)
    except httpx.HTTPError as error:
        return Testimony(
            problem=f"It cannot be reached: {web.unreachable(error)}.",
            telling=Telling.UNREACHABLE,
        )
    except httpx.InvalidURL:
        return Testimony(problem=f"{url} is no address.", telling=Telling.UNREACHABLE)
    try:
        document = response.json()
        file = _digest(document["ownership"])
    except (ValueError, KeyError, TypeError):
        return _without_digest(response)
    if file is None:
        return Testimony(
            problem="It holds no ownership file, so it runs every tick.", telling=Telling.NO_FILE
        )
    before = document.get("before")
    return Testimony(
        digest=file,
        age=_seconds(document.get("age")),
        unread=document.get("age", 0) is None,
        held_for=_seconds(document.get("held")),
        before=_digest(before) if isinstance(before, str | dict) else None,
    )


def _digest(value: object) -> str | None:
    """Return the digest of the file that a side tells, by its digest or whole; ``None`` for none."""
    if not isinstance(value, dict):
        return None if value is None else str(value)
    try:
        return digest(parse_ownership(json.dumps(value)))
    except ConfigError:
        return _NO_FILE_OF_OURS


def _without_digest(response: httpx.Response) -> Testimony:
    """Return the problem of a response without a digest, as far as it shows that."""
    status, location = response.status_code, response.headers.get("location", "")
    cookies = response.headers.get("set-cookie", "")
    if "_vercel_sso" in cookies or "vercel.com/sso" in location or _is_protection(response):
        return Testimony(
            problem="Vercel's deployment protection answers in its place, so what it holds is not"
            " known: ask the production address, or let automation by.",
            telling=Telling.PROTECTED,
        )
    if response.is_redirect:
        return Testimony(
            problem=f"It sends callers on to {location!r:.120}, so what it holds is not known.",
            telling=Telling.PROTECTED,
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or _is_declined(response):
        return Testimony(
            problem=f"It knows another secret (it answered {status}), so what it holds is not known.",
            telling=Telling.WRONG_SECRET,
        )
    if response.is_server_error:
        return Testimony(
            problem=f"It did not answer: an error {status} came back.", telling=Telling.UNREACHABLE
        )
    return Testimony(
        problem="It does not tell: no guard answers there, or it knows another secret"
        f" (it answered {status}).",
        telling=Telling.SILENT,
    )


def _is_protection(response: httpx.Response) -> bool:
    """Return whether an answer is the page by which Vercel turns strangers away."""
    is_page = "text/html" in response.headers.get("content-type", "")
    is_refusal = response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return is_refusal and is_page and "vercel" in response.text.lower()


def _is_declined(response: httpx.Response) -> bool:
    """Return whether a generated route answers, as it does to who lacks its secret."""
    allowed = {name.strip() for name in response.headers.get("allow", "").split(",")}
    return response.status_code == HTTPStatus.NO_CONTENT and {"PUT", "OPTIONS"} <= allowed


def _seconds(value: object) -> timedelta | None:
    return timedelta(seconds=min(max(value, 0), _OLDEST)) if type(value) is int else None
