"""Inngest's runs and events over its REST API, read only (facts: operate 1).

The list of runs is in the server's sources and not in the published document of version 2: whether the
cloud answers it was not checked. All else here is published.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from cronshift.errors import CronshiftError
from cronshift.runtime import web, wire
from cronshift.runtime.ledger import TickRecord, parse_record
from cronshift.runtime.ownership import tick_text
from cronshift.server.api_address import api_server, second_api
from cronshift.server.keys import SIGNING_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

_PATIENCE = timedelta(seconds=30)
_PAGE = 100
_MOST_PAGES = 1_000
_AT_ONCE = 8
_WAITS = (1.0, 2.0, 4.0)  # seconds, where the API says that it was too much


class InngestApi:
    """The API of one environment.

    Args:
        first: the address of version 1.
        second: the address of version 2.
        key: the signing key; none in dev mode.
        environment: a branch environment, where the key is one of those.
    """

    def __init__(
        self, first: str, second: str, key: str | None = None, environment: str | None = None
    ) -> None:
        self._first = first
        self._second = second
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        if environment:
            self._headers["x-inngest-env"] = environment
        self._places = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> InngestApi:
        """Return the API that an environment's variables mean."""
        key = environ.get(SIGNING_KEY, "").strip()
        first = f"{api_server(environ)}/v1"
        return cls(first, second_api(environ), key or None, environ.get("INNGEST_ENV"))

    async def runs(
        self, app: str, function: str, since: datetime, until: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the runs of a function that were queued in a span, with what they returned."""
        path = f"/apps/{quote(app, safe='')}/functions/{quote(function, safe='')}/runs"
        query = {
            "from": tick_text(since),
            "until": tick_text(until),
            "timeField": "queuedAt",
            "order": "ASC",
            "includeOutput": "true",
            "limit": str(_PAGE),
        }
        for _ in range(_MOST_PAGES):
            document = await self._get(self._second + path, query)
            for run in _listed(document):
                yield run
            page = document.get("page") or {}
            if not (page.get("hasMore") and page.get("cursor")):
                return
            query["cursor"] = page["cursor"]

    async def trigger(self, run_id: str) -> dict[str, Any]:
        """Return the event that a run began with, as its trace has it; empty where it has none."""
        document = await self._get(f"{self._second}/runs/{quote(run_id, safe='')}/trace", {})
        root = (document.get("data") or {}).get("rootSpan") or {}
        given = root.get("input")
        events = given.get("data") if isinstance(given, dict) else given
        event = events[0] if isinstance(events, list) and events else {}
        return event if isinstance(event, dict) else {}

    async def records(self, since: datetime, until: datetime) -> AsyncIterator[TickRecord]:
        """Yield the records of ticks that were sent as events in a span."""
        query = {
            "name": wire.TICK_SEEN_EVENT,
            "received_after": tick_text(since),
            "received_before": tick_text(until),
            "limit": str(_PAGE),
        }
        for _ in range(_MOST_PAGES):
            events = _listed(await self._get(f"{self._first}/events", query))
            for event in events:
                try:
                    yield parse_record(event.get("data"))
                except ValueError:
                    continue  # anybody with the event key can send one
            if len(events) < _PAGE:
                return
            query["cursor"] = str(events[-1].get("internal_id"))

    async def invoke(self, app: str, function: str, data: Mapping[str, Any], key: str) -> str:
        """Start a run of a function with these data, once for each key; return its id.

        Raises:
            CronshiftError: ``inngest-api`` if it was not taken.
        """
        path = f"/apps/{quote(app, safe='')}/functions/{quote(function, safe='')}/invoke"
        body = {"data": dict(data), "idempotencyKey": key}
        document = await self._ask("POST", self._second + path, json=body)
        return str((document.get("data") or {}).get("runId", ""))

    async def _get(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        return await self._ask("GET", url, params=query)

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Return the JSON of an answer.

        Raises:
            CronshiftError: ``inngest-api`` for anything else.
        """
        async with self._places, web.client(url, timeout=_PATIENCE) as http:
            try:
                response = await http.request(method, url, headers=self._headers, **more)
                for wait in _WAITS:
                    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                        break
                    await asyncio.sleep(wait)
                    response = await http.request(method, url, headers=self._headers, **more)
            except httpx.HTTPError as error:
                raise _unanswered(web.unreachable(error)) from error
        if not response.is_success:
            raise _unanswered(f"it answered {response.status_code}")
        try:
            document = response.json()
        except ValueError:
            raise _unanswered("it answered no JSON") from None
        return document if isinstance(document, dict) else {"data": document}


def _listed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = document.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _unanswered(why: str) -> CronshiftError:
    return CronshiftError(
        f"Inngest's API did not tell: {why}.",
        reason="inngest-api",
        hint=f"Is {SIGNING_KEY} the key of that environment? In dev mode: does the dev server run?",
    )
