"""Pings of a job's monitor: that a run of the schedule begins, has succeeded, or has failed for good.

The receiver is known by its address: healthchecks and Sentry are told of the beginning too, with an id
that joins the pings of a run; any other one, such as Better Stack, is asked at its address, or at
``/fail`` behind it. How a ping goes can neither fail a job nor hold its work.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import httpx

from cronshift.runtime import web, wire
from cronshift.runtime.jobs import TICK_EVENT
from cronshift.runtime.ulid_time import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cronshift.runtime.jobs import JobSpec

_MOST_UNDER_WAY = 100
_TRIES = 3
_MOST_EARLY = 60  # seconds
_REDIRECTS = 3
_HEALTHCHECKS = re.compile(r"/ping/[^/]+(/[^/]+)?/?")
_SENTRY = re.compile(r"/api/[^/]+/cron/[^/]+/[^/]+/?")
_logger = logging.getLogger("cronshift")


class Signal(StrEnum):
    """The signals that a monitor is told of a run."""

    START = "start"
    SUCCESS = "success"
    FAILURE = "fail"


_SENTRY_STATUS = {Signal.START: "in_progress", Signal.SUCCESS: "ok", Signal.FAILURE: "error"}


@dataclass(frozen=True, slots=True)
class Ping:
    """A request to a monitor; with a body it is a POST."""

    url: str
    body: bytes | None = None


def ping_of(address: str, signal: Signal, run_id: str, now: float) -> Ping | None:
    """Return the request that tells a signal; ``None`` where the receiver has none for it.

    Args:
        address: the monitor's.
        signal: what is told.
        run_id: of Inngest's run; empty where it is not known.
        now: seconds since the epoch.

    Raises:
        ValueError: if that is no address.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("no address of HTTP")
    seconds = _seconds_since(run_id, now)
    joint = str(correlation(run_id)) if run_id else ""
    if _SENTRY.fullmatch(parts.path):
        fields = {"status": _SENTRY_STATUS[signal]} | ({"check_in_id": joint} if joint else {})
        if seconds is not None and signal is not Signal.START:
            fields["duration"] = f"{seconds:.3f}"
        return Ping(urlunsplit(parts._replace(query=_extended(parts.query, fields))))
    path = parts.path if signal is Signal.SUCCESS else f"{parts.path.rstrip('/')}/{signal}"
    if parts.hostname == "hc-ping.com" or _HEALTHCHECKS.fullmatch(parts.path):
        query = _extended(parts.query, {"rid": joint} if joint else {})
        took = f", {seconds:.1f} s since it was queued" if seconds is not None else ""
        body = f"run {run_id}{took if signal is not Signal.START else ''}".encode()
        return Ping(urlunsplit(parts._replace(path=path, query=query)), body)
    if signal is Signal.START:
        return None
    return Ping(urlunsplit(parts._replace(path=path)))


def correlation(run_id: str) -> UUID:
    """Return the id that joins the pings of a run: receivers take a UUID."""
    return UUID(bytes=hashlib.sha256(run_id.encode()).digest()[:16])


def is_watched(event: Mapping[str, Any] | object) -> bool:
    """Return whether monitors hear of the run that an event began: the schedule's, and none by hand."""
    fields = event if isinstance(event, dict) else {}
    data = fields.get("data")
    by_hand = isinstance(data, dict) and data.get("cronshift") == wire.BY_HAND
    return not by_hand and (fields.get("name") == TICK_EVENT or _is_row(data))


async def begin(job: JobSpec, run_id: str) -> None:
    """Tell that a run begins, from a thread of its own: nothing waits for it.

    Where a process stands still between two requests, it is waited for, two seconds at most: told
    later, it would say that a run begins which has ended.
    """
    address = _address(job)
    if not _hears_of_beginnings(address) or len(_beginning) >= _MOST_UNDER_WAY:
        return
    thread = Thread(target=_begin, args=(job, address, run_id), name="cronshift ping", daemon=True)
    _beginning[run_id] = thread
    thread.start()
    if any(os.environ.get(name) for name in wire.FREEZING_VARIABLES):
        await _begun(run_id)


async def end(job: JobSpec, signal: Signal, run_id: str, tick: datetime | None = None) -> str:
    """Tell how a run ended, and return how that went; nothing is raised.

    The engine may let a run begin a little before its tick. A monitor that is told before it would take
    that for the tick before, and raise an alarm; so it is told at the tick.
    """
    if job.heartbeat_env is None:
        return "no heartbeat is set"
    address = _address(job)
    if not address:
        _logger.warning("%s: %s is not set, so nothing was pinged", job.id, job.heartbeat_env)
        return f"{job.heartbeat_env} is not set"
    await _begun(run_id)
    early = tick.timestamp() - time.time() if tick is not None else 0.0
    if 0 < early <= _MOST_EARLY:
        await asyncio.sleep(early)
    return await _tell(job, address, signal, run_id, wire.PING_SECONDS)


_beginning: dict[str, Thread] = {}
"""The threads that tell of a beginning, by run."""


def _hears_of_beginnings(address: str) -> bool:
    try:
        return ping_of(address, Signal.START, "", 0) is not None
    except ValueError:
        return False


def _begin(job: JobSpec, address: str, run_id: str) -> None:
    try:
        asyncio.run(_tell(job, address, Signal.START, run_id, wire.PING_START_SECONDS))
    finally:
        _beginning.pop(run_id, None)


async def _begun(run_id: str) -> None:
    """Wait until a beginning is told or given up: it must not arrive behind the end."""
    thread = _beginning.get(run_id)
    if thread is not None:
        await asyncio.to_thread(thread.join, wire.PING_START_SECONDS)


async def _tell(job: JobSpec, address: str, signal: Signal, run_id: str, seconds: float) -> str:
    try:
        ping = ping_of(address, signal, run_id, time.time())
        if ping is None:
            return "not told"
        async with asyncio.timeout(seconds):
            return f"sent, answered {await _send(ping, seconds)}"
    except Exception as error:  # noqa: BLE001 - whatever it is, no job is to fail for it
        # The address is a secret: whoever knows it can ping it.
        _logger.warning("%s: the heartbeat failed: %s", job.id, type(error).__name__)
        return f"failed: {type(error).__name__}"


async def _send(ping: Ping, seconds: float) -> int:
    """Return the status of the answer to a ping, whose body is not read; tries again where that may help."""
    status = 0
    async with web.client(ping.url, timeout=timedelta(seconds=seconds / 2)) as http:
        for left in reversed(range(_TRIES)):
            try:
                status = await _status(http, ping)
                if status < httpx.codes.INTERNAL_SERVER_ERROR or not left:
                    break
            except httpx.TransportError:
                if not left:
                    raise
            await asyncio.sleep(0.2)
    return status


async def _status(http: httpx.AsyncClient, ping: Ping) -> int:
    method = "GET" if ping.body is None else "POST"
    request: httpx.Request | None = http.build_request(method, ping.url, content=ping.body)
    status = 0
    for _ in range(_REDIRECTS):
        if request is None:
            break
        response = await http.send(request, stream=True)
        status, request = response.status_code, response.next_request
        await response.aclose()
    return status


def _address(job: JobSpec) -> str:
    return os.environ.get(job.heartbeat_env or "", "").strip()


def _seconds_since(run_id: str, now: float) -> float | None:
    """Return the seconds since a run was queued; ``None`` where its id does not tell."""
    queued = seconds_of(run_id)
    return None if queued is None else max(0.0, now - queued)


def _extended(query: str, more: Mapping[str, str]) -> str:
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in more]
    return urlencode([*kept, *more.items()])


def _is_row(data: object) -> bool:
    return isinstance(data, dict) and isinstance(data.get("value"), str)
