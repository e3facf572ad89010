"""Telling a webhook, which may be slow, down or hostile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx

from cronshift.errors import CronshiftError
from cronshift.runtime import web

_PATIENCE = timedelta(seconds=10)
_SPELT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


async def post_text(url: str, text: str, patience: timedelta = _PATIENCE) -> None:
    """Tell a webhook as Slack's takes it: ``{"text": …}``, with the three signs that begin links spelt out.

    No name of a job can call everybody (``<!channel>``) or lead elsewhere (api.slack.com, "Formatting text").
    It has so long for all of it; its answer's body is not read, and a redirect is not followed.

    Raises:
        CronshiftError: ``webhook-refuses`` where it does not take it; its address is never told.
    """
    try:
        status = await asyncio.wait_for(_status(url, text, patience), patience.total_seconds())
    except TimeoutError:
        raise _untaken("it did not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _untaken(type(error).__name__) from None
    if not httpx.codes.is_success(status):
        raise _untaken(f"it answered {status}")


async def _status(url: str, text: str, patience: timedelta) -> int:
    async with (
        web.client(url, timeout=patience) as http,
        http.stream("POST", url, json={"text": text.translate(_SPELT)}) as response,
    ):
        return response.status_code


def _untaken(why: str) -> CronshiftError:
    return CronshiftError(
        f"The webhook did not take the alert: {why}.",
        reason="webhook-refuses",
        hint="cronshift alerts test sends one that says so.",
    )
