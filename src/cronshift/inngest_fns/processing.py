"""Processing an item of a session over HTTP: the app brings an endpoint instead of a callable."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import inngest

from cronshift.errors import path_to_show
from cronshift.runtime import web
from cronshift.runtime.answers import HandlerError, judge
from cronshift.runtime.bodies import Body
from cronshift.runtime.protection import bypass_headers

if TYPE_CHECKING:
    from cronshift.inngest_fns.sessions import Item


class HttpProcessor:
    """A processor that posts ``{session_id, user_id, item, key}`` to the app; 2xx says delivered.

    The key stands in ``Idempotency-Key`` too. 408, 425, 429, 5xx and a missing answer are tried
    again (``Retry-After`` is honoured); every other answer says that trying is no use.

    Args:
        path: of the endpoint, like ``/api/internal/process``.
        base_url_env: the variable that holds the app's address.
        secret_env: the variable that holds the bearer; without one, nothing is called.
        timeout: of one call.
    """

    def __init__(
        self,
        path: str,
        *,
        base_url_env: str = "CRONSHIFT_BASE_URL",
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        timeout: timedelta = timedelta(minutes=5),
    ) -> None:
        self.path = "/" + path.lstrip("/")
        self.base_url_env = base_url_env
        self.secret_env = secret_env
        self.timeout = timeout

    async def __call__(self, item: Item) -> None:
        """Post one item.

        Raises:
            NonRetriableError: when no address or bearer is set, or the app refuses.
            RetryAfterError: when the app names a time.
            HandlerError: when the app could not be reached, or failed.
        """
        base, secret = os.environ.get(self.base_url_env), os.environ.get(self.secret_env)
        if not base or urlsplit(base).scheme not in {"http", "https"}:
            raise inngest.NonRetriableError(f"{self.base_url_env} is no address of the app")
        if not secret:
            raise inngest.NonRetriableError(f"{self.secret_env} is not set")
        what = f"POST {path_to_show(self.path)}"
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": item.key}
        asked = {
            "session_id": item.session_id,
            "user_id": item.user_id,
            "item": item.name,
            "key": item.key,
        }
        try:
            async with web.client(base, timeout=self.timeout, headers=bypass_headers()) as http:
                response = await http.post(self.path, json=asked, headers=headers)
        except httpx.HTTPError as error:
            raise HandlerError(f"{what} had no answer: {web.unreachable(error)}") from error
        body = Body()
        body.add(response.content)
        judge(what, response.status_code, response.headers, body)
