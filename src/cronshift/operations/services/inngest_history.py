"""Inngest's runs and events over its REST API, for the ledger and for replays (facts: operate 1).

The list of runs is in the server's sources and not in the published document of version 2: whether the
cloud answers it was not checked. All else here is published.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.api_address import api_server, second_api
from cronshift.operations.services.inngest import InngestService
from cronshift.operations.services.traces import first_event
from cronshift.runtime import wire
from cronshift.runtime.dead_letters import DeadLetter, parse_letter
from cronshift.runtime.ledger import TickRecord, parse_record
from cronshift.runtime.ownership import tick_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping
    from datetime import datetime

_SIGNING_KEY = "INNGEST_SIGNING_KEY"
_PATIENCE = timedelta(seconds=30)
_PAGE = 100
_MOST_PAGES = 1_000
_AT_ONCE = 8
_NOT_THERE = {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}  # 400: that is no id of a run
_WAITS = (1.0, 2.0, 4.0)  # seconds, where the API says that it was too much


class InngestHistory(InngestService):
    """The history of one environment: its runs, and the events of the ledger.

    Args:
        first: the address of version 1 of the API.
        second: that of version 2.
        token: of the environment; ``None`` in dev mode.
        environment: the environment's name; ``None`` for that of the key.
    """

    def __init__(self, first: str, second: str, token: str | None, environment: str | None) -> None:
        super().__init__(second, token, environment, timeout=_PATIENCE)
        self._first = first
        self._places = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    @asynccontextmanager
    async def of(cls, environ: Mapping[str, str]) -> AsyncIterator[InngestHistory]:
        """Open the API that an environment's variables mean; in dev mode there is no key."""
        key = environ.get(_SIGNING_KEY, "").strip() or None
        first = f"{api_server(environ)}/v1"
        async with cls(first, second_api(environ), key, environ.get("INNGEST_ENV")) as history:
            yield history

    async def runs(
        self, app: str, function: str, since: datetime, until: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the runs of a function that were queued in a span, with their results."""
        path = f"/apps/{self.segment(app)}/functions/{self.segment(function)}/runs"
        query = {
            "from": tick_text(since),
            "until": tick_text(until),
            "timeField": "queuedAt",
            "order": "ASC",
            "includeOutput": "true",
            "limit": str(_PAGE),
        }
        for _ in range(_MOST_PAGES):
            document = await self._document("GET", path, parameters=query)
            for run in _listed(document):
                yield run
            page = document.get("page") or {}
            if not (page.get("hasMore") and page.get("cursor")):
                return
            query["cursor"] = page["cursor"]

    async def run(self, run_id: str) -> dict[str, Any] | None:
        """Return a run; ``None`` where Inngest knows none of that id, or keeps it no longer."""
        document = await self._document("GET", f"/runs/{self.segment(run_id)}", _NOT_THERE)
        run = document.get("data")
        return run if isinstance(run, dict) else None

    async def trace(self, run_id: str) -> dict[str, Any]:
        """Return the first span of a run's trace, with its outputs; empty where there is none."""
        path, parameters = f"/runs/{self.segment(run_id)}/trace", {"includeOutput": "true"}
        document = await self._document("GET", path, _NOT_THERE, parameters=parameters)
        root = (document.get("data") or {}).get("rootSpan")
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
            document = await self._document("GET", "/events", parameters=query, base=self._first)
            events = _listed(document)
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
        path = f"/apps/{self.segment(app)}/functions/{self.segment(function)}/invoke"
        body = {"data": dict(data), "idempotencyKey": key}
        document = await self._document("POST", path, {HTTPStatus.CONFLICT}, body=body)
        return str((document["data"] or {}).get("runId", "")) if "data" in document else None

    async def _document(
        self, method: str, path: str, absences: Collection[int] = (), **more: Any
    ) -> dict[str, Any]:
        """Return the JSON of an answer; nothing for a status that says that there is none.

        Raises:
            CronshiftError: ``inngest-api`` for anything else.
        """
        async with self._places:
            for wait in (*_WAITS, None):
                try:
                    document = await self.ask(method, path, Any, **more)
                except ApiError as error:
                    if error.status in absences:
                        return {}
                    if error.problem is not ApiProblem.BUSY or wait is None:
                        raise _unanswered(error) from error
                    await asyncio.sleep(wait)
                else:
                    return document if isinstance(document, dict) else {"data": document}
        raise AssertionError("the last try returns or raises")


def _listed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = document.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _unanswered(error: ApiError) -> CronshiftError:
    return CronshiftError(
        f"Inngest's API did not tell: {error.message}",
        reason="inngest-api",
        hint=f"Is {_SIGNING_KEY} the key of that environment? In dev mode: does the dev server run?",
    )
