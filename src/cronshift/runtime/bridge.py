"""Calls of a handler over HTTP, as Vercel makes them, whatever language it is written in."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from inngest import NonRetriableError

from cronshift.runtime import web
from cronshift.runtime.answers import HandlerError, judge
from cronshift.runtime.bodies import Body
from cronshift.runtime.calls import CallHandler
from cronshift.runtime.protection import bypass_headers

if TYPE_CHECKING:
    from cronshift.runtime.answers import Answer
    from cronshift.runtime.calls import Call


class Bridge(CallHandler):
    """A handler that calls the app at its address; the path can never lead anywhere else.

    Args:
        base_url: where the app answers, when the variable ``base_url_env`` is not set.
        base_url_env: the variable that holds the address.
        secret_env: the variable that holds the bearer.
        timeout: how long one call may take, from connecting to the last byte.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        base_url_env: str = "CRONSHIFT_BASE_URL",
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        timeout: timedelta = timedelta(minutes=15),
    ) -> None:
        super().__init__(secret_env=secret_env)
        self.base_url = base_url
        self.base_url_env = base_url_env
        self.timeout = timeout

    async def send(self, call: Call) -> Answer:
        """Make the call and return its answer.

        Raises:
            NonRetriableError: when no address is set, or the answer says that trying is no use.
            RetryAfterError: when the answer names a time.
            HandlerError: when the app could not be reached, or failed.
        """
        base = self._base_url()
        what = call.shown
        body = Body()
        try:
            async with (
                asyncio.timeout(self.timeout.total_seconds()),
                web.client(base) as http,
                http.stream(
                    "GET",
                    "/",
                    headers=self.headers(call) | bypass_headers(),
                    # httpx would normalise a URL; the request line must be what the entry says.
                    extensions={"target": (urlsplit(base).path + call.target).encode("ascii")},
                ) as response,
            ):
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
        except TimeoutError:
            raise HandlerError(
                f"{what} was not answered within {self.timeout.total_seconds():g} seconds"
            ) from None
        except httpx.HTTPError as error:
            raise HandlerError(f"{what} had no answer: {web.unreachable(error)}") from error
        return judge(what, response.status_code, response.headers, body)

    def address(self) -> str | None:
        """Return the address of the app."""
        return (os.environ.get(self.base_url_env) or self.base_url or "").rstrip("/") or None

    def _base_url(self) -> str:
        base = self.address()
        if base is None:
            raise NonRetriableError(f"{self.base_url_env} is not set: where does the app answer?")
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise NonRetriableError(
                f"{self.base_url_env} is no address like https://example.com"  # may hold a password
            )
        return base
