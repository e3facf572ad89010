"""Vercel's log of requests, read only, as Vercel's own command line asks for it (facts: operate 2).

It is not documented: the shape is what that program reads. How far back a plan keeps it was not checked;
what is older than the oldest row counts as not watched.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.runtime import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VERCEL = "https://vercel.com"
_PATH = "/api/logs/request-logs"
_PATIENCE = timedelta(seconds=30)
_MOST_PAGES = 500


class LoggedRequest(Struct, frozen=True):
    """One request that Vercel has logged.

    Attributes:
        path: without its query.
    """

    id: str
    at: datetime
    method: str
    path: str
    status: int
    deployment: str | None


class VercelApi:
    """The log of one project's production.

    Args:
        token: of Vercel's API.
        project: its id.
        owner: the id of its team or account.
        base: where the API is.
    """

    def __init__(self, token: str, project: str, owner: str, base: str = VERCEL) -> None:
        self._headers = {"authorization": f"Bearer {token}"}
        self._query = {"projectId": project, "ownerId": owner, "environment": "production"}
        self._base = base.rstrip("/")

    async def requests(self, since: datetime, until: datetime) -> AsyncIterator[LoggedRequest]:
        """Yield the requests of a span, page by page, in the order in which Vercel lists them.

        Raises:
            CronshiftError: ``vercel-api`` where it does not tell all of them.
        """
        span = {"startDate": _milliseconds(since), "endDate": _milliseconds(until)}
        async with web.client(self._base, timeout=_PATIENCE, headers=self._headers) as http:
            for page in range(_MOST_PAGES):
                query = {**self._query, **span, "page": str(page)}
                document = await self._page(http, query)
                for row in document.get("rows") or ():
                    if (request := _request(row)) is not None:
                        yield request
                if not document.get("hasMoreRows"):
                    return
        raise _unanswered(
            f"there are more than {_MOST_PAGES} pages of requests: name a shorter span"
        )

    async def _page(self, http: httpx.AsyncClient, query: dict[str, str]) -> dict[str, Any]:
        try:
            response = await http.get(f"{self._base}{_PATH}", params=query)
        except httpx.HTTPError as error:
            raise _unanswered(web.unreachable(error)) from error
        if response.status_code != HTTPStatus.OK:
            raise _unanswered(f"it answered {response.status_code}")
        try:
            document = response.json()
        except ValueError:
            raise _unanswered("it answered no JSON") from None
        return document if isinstance(document, dict) else {}


def _request(row: Any) -> LoggedRequest | None:
    """Return the request in a row; ``None`` for a row that says too little."""
    try:
        at = datetime.fromisoformat(row["timestamp"])
        return LoggedRequest(
            id=str(row["requestId"]),
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            method=str(row["requestMethod"]),
            path=str(row["requestPath"]).partition("?")[0],
            status=int(row["statusCode"]),
            deployment=row.get("deploymentId"),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def _unanswered(why: str) -> CronshiftError:
    return CronshiftError(
        f"Vercel's log did not tell: {why}.",
        reason="vercel-api",
        hint="Is VERCEL_TOKEN a token of the project's team?",
    )
