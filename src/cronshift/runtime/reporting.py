"""Telling the outside how a job went: a ping that never fails the job."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx

from cronshift.runtime import web

if TYPE_CHECKING:
    from inngest import Context

    from cronshift.runtime.jobs import Job

_PATIENCE = timedelta(seconds=10)
_logger = logging.getLogger("cronshift")


async def report_success(job: Job) -> str:
    """Ping the job's heartbeat and return how that went; nothing is raised."""
    return await _ping(job, failed=False)


async def report_failure(job: Job, ctx: Context) -> None:
    """Log why the job failed for good, and ping ``/fail`` behind its heartbeat's address."""
    await ctx.step.run("report", _report, job, _message(ctx))


async def _report(job: Job, message: str) -> str:
    _logger.error("%s failed: %s", job.id, message)
    return await _ping(job, failed=True)


def _message(ctx: Context) -> str:
    """Return the error that the engine tells in ``inngest/function.failed``."""
    error = ctx.event.data.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else "no reason given"


async def _ping(job: Job, *, failed: bool) -> str:
    if job.heartbeat_env is None:
        return "no heartbeat is set"
    address = os.environ.get(job.heartbeat_env, "")
    if not address:
        _logger.warning("%s: %s is not set, so nothing was pinged", job.id, job.heartbeat_env)
        return f"{job.heartbeat_env} is not set"
    try:
        url = _with_fail(address) if failed else address
        async with web.client(url, timeout=_PATIENCE, follow_redirects=True) as http:
            response = await http.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # The address is a secret: whoever knows it can ping it.
        _logger.warning("%s: the heartbeat failed: %s", job.id, type(error).__name__)
        return f"failed: {type(error).__name__}"
    return f"sent, answered {response.status_code}"


def _with_fail(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))
