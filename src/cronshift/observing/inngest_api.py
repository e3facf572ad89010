"""Inngest's runs and events over its REST API, read only (facts: operate 1).

The list of runs is in the server's sources and not in the published document of version 2: whether the
cloud answers it was not checked. All else here is published.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from cronshift.engine.server.keys import SIGNING_KEY
from cronshift.errors import CronshiftError
from cronshift.operations.services.api_address import api_server, second_api
from cronshift.runtime import web, wire
from cronshift.runtime.dead_letters import DeadLetter, parse_letter
from cronshift.runtime.ledger import TickRecord, parse_record
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

_PATIENCE = timedelta(seconds=30)
_PAGE = 100
_MOST_PAGES = 1_000
_AT_ONCE = 8
_NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)  # 400: that is no id of a run
_WAITS = (1.0, 2.0, 4.0)  # seconds, where the API says that it was too much


class InngestApi:
    """The API of one environment.

    Args:
        http: sends the key of the environment.
        first: the address of version 1.
        second: the address of version 2.
    """

    def __init__(self, http: httpx.AsyncClient, first: str, second: str) -> None:
        self._http = http
        self._first = first
        self._second = second
        self._places = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    @asynccontextmanager
    async def of(cls, environ: Mapping[str, str]) -> AsyncIterator[InngestApi]:
        """Open the API that an environment's variables mean; in dev mode there is no key."""
        server = api_server(environ)
        key, environment = environ.get(SIGNING_KEY, "").strip(), environ.get("INNGEST_ENV")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if environment:
            headers["x-inngest-env"] = environment
        async with web.client(server, timeout=_PATIENCE, headers=headers) as http:
            yield cls(http, f"{server}/v1", second_api(environ))

    async def runs(
        self, app: str, function: str, since: datetime, until: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the runs of a function that were queued in a span, with their results."""
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

    async def run(self, run_id: str) -> dict[str, Any] | None:
        """Return a run; ``None`` where Inngest knows none of that id, or keeps it no longer."""
        response = await self._answer("GET", f"{self._second}/runs/{quote(run_id, safe='')}")
        if response.status_code in _NOT_THERE:
            return None
        run = _document(response).get("data")
        return run if isinstance(run, dict) else None

    async def trace(self, run_id: str) -> dict[str, Any]:
        """Return the first span of a run's trace, with its outputs; empty where there is none."""
        url = f"{self._second}/runs/{quote(run_id, safe='')}/trace"
        response = await self._answer("GET", url, params={"includeOutput": "true"})
        if response.status_code in _NOT_THERE:
            return {}
        root = (_document(response).get("data") or {}).get("rootSpan")
        return root if isinstance(root, dict) else {}

    async def trigger(self, run_id: str) -> dict[str, Any]:
        """Return the event that a run began with, as its trace has it; empty where it has none."""
        return first_event(await self.trace(run_id))

    async def records(self, since: datetime, until: datetime) -> AsyncIterator[TickRecord]:
        """Yield the records of ticks that were sent as events in a span."""
        async for data in self._events(wire.TICK_SEEN_EVENT, since, until):
            try:
                yield parse_record(data)
            except ValueError:
                continue  # anybody with the event key can send one

    async def dead_letters(self, since: datetime, until: datetime) -> AsyncIterator[DeadLetter]:
        """Yield the records of dead runs that were sent as events in a span."""
        async for data in self._events(wire.RUN_DEAD_EVENT, since, until):
            try:
                yield parse_letter(data)
            except ValueError:
                continue

    async def _events(self, name: str, since: datetime, until: datetime) -> AsyncIterator[object]:
        """Yield the data of the events of a name that were received in a span."""
        query = {
            "name": name,
            "received_after": tick_text(since),
            "received_before": tick_text(until),
            "limit": str(_PAGE),
        }
        for _ in range(_MOST_PAGES):
            events = _listed(await self._get(f"{self._first}/events", query))
            for event in events:
                yield event.get("data")
            if len(events) < _PAGE:
                return
            query["cursor"] = str(events[-1].get("internal_id"))

    async def invoke(
        self, app: str, function: str, data: Mapping[str, Any], key: str
    ) -> str | None:
        """Start a run of a function with these data, once for each key.

        Returns:
            The run's id; ``None`` where the key has been used (409, as a server answers).

        Raises:
            CronshiftError: ``inngest-api`` if it was not taken.
        """
        path = f"/apps/{quote(app, safe='')}/functions/{quote(function, safe='')}/invoke"
        body = {"data": dict(data), "idempotencyKey": key}
        response = await self._answer("POST", self._second + path, json=body)
        if response.status_code == HTTPStatus.CONFLICT:
            return None
        return str((_document(response).get("data") or {}).get("runId", ""))

    async def _get(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        return await self._ask("GET", url, params=query)

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Return the JSON of an answer.

        Raises:
            CronshiftError: ``inngest-api`` for anything else.
        """
        return _document(await self._answer(method, url, **more))

    async def _answer(self, method: str, url: str, **more: Any) -> httpx.Response:
        async with self._places:
            try:
                response = await self._http.request(method, url, **more)
                for wait in _WAITS:
                    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                        break
                    await asyncio.sleep(wait)
                    response = await self._http.request(method, url, **more)
            except httpx.HTTPError as error:
                raise _unanswered(web.unreachable(error)) from error
        return response


def first_event(root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event that a run began with, by the first span of its trace; empty without one."""
    began = root.get("input")
    events = began.get("data") if isinstance(began, dict) else began
    event = events[0] if isinstance(events, list) and events else {}
    return event if isinstance(event, dict) else {}


def _document(response: httpx.Response) -> dict[str, Any]:
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
