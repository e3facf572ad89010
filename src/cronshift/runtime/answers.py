"""The answers of handlers, and the rule by which a call is tried again (DESIGN 5.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypedDict

from inngest import NonRetriableError, RetryAfterError

from cronshift.runtime import wire
from cronshift.runtime.bodies import REACTION, Reaction, content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.runtime.bodies import Body

_QUOTED_LIMIT = wire.QUOTED_CHARACTERS
_HTTP_DATE = re.compile(wire.HTTP_DATE)
_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(seconds=wire.LONGEST_WAIT_SECONDS)


class Answer(TypedDict, total=False):
    """A successful answer, as it stands in the run.

    ``body`` is JSON where the answer was, else text; ``bytes`` is its whole length, and ``cut``
    says that not all of it was kept. ``skipped`` tells why nothing was called; then it is all that
    there is.
    """

    status: int
    body: Any
    bytes: int
    cut: bool
    skipped: str


class HandlerError(Exception):
    """The handler did not succeed; it is called again."""


def skipped(reason: str) -> Answer:
    """Return the answer of a tick that was not run."""
    return Answer(skipped=reason)


def judge(what: str, status: int, headers: Mapping[str, str], body: Body) -> Answer:
    """Return the answer of a call that succeeded.

    Args:
        what: the call, as an error names it: ``GET /api/cron/x``.
        status: of the response.
        headers: of the response, with lower-case names.
        body: of the response.

    Raises:
        RetryAfterError: for an answer that names when to try again.
        HandlerError: for one that is worth trying again: 408, 425, 429 and 5xx.
        NonRetriableError: for every other one that is no success; redirects are not followed.
    """
    REACTION.set(Reaction(status, headers, body))
    if wire.SKIPPED_HEADER in headers:
        raise NonRetriableError(
            f"{what} was taken for a call of Vercel's by the app's guard: set the same CRON_SECRET "
            "here and there"
        )
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(status=status, body=content(body, headers), bytes=body.size, cut=body.cut)
    sentence = f"{what} answered {_named(status)}"
    if status < HTTPStatus.BAD_REQUEST:
        target = headers.get("location", "nowhere")[:_QUOTED_LIMIT]
        raise NonRetriableError(
            f"{sentence}, a redirect to {target}; Vercel does not follow it either"
        )
    sentence += _quoted(body)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in wire.RETRIED_STATUSES:
        raise NonRetriableError(sentence)
    now = datetime.now(UTC)
    wait = retry_after(headers.get("retry-after"), now)
    if wait is not None:
        raise RetryAfterError(sentence, now + wait)
    raise HandlerError(sentence)


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a ``Retry-After`` header asks for, between a second and a day.

    ``None`` for no header, or for one that is neither seconds nor a date (RFC 9110, 10.2.3).
    """
    text = (text or "").strip()
    if text.isdecimal() and text.isascii():
        seconds = min(int(text[:9]), int(_LONGEST.total_seconds()))
        wait = timedelta(seconds=seconds)
    else:
        if not _HTTP_DATE.fullmatch(text):
            return None
        try:
            wait = parsedate_to_datetime(text) - now
        except ValueError:
            return None
    return max(_SHORTEST, min(_LONGEST, timedelta(seconds=int(wait.total_seconds()))))


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _quoted(body: Body) -> str:
    text = " ".join(filter(None, _SPACES.split(body.kept.decode(errors="replace"))))
    if not text:
        return ""
    return f": {text if len(text) <= _QUOTED_LIMIT else text[:_QUOTED_LIMIT] + ' …'}"
