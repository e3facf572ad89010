"""The answer to a caller who knows the secret: the ownership file that is held here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.runtime import wire
from cronshift.runtime.fronts import asgi_headers, send_reply
from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.proof import has_bearer
from cronshift.runtime.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send


def is_question(method: str, headers: Mapping[str, str], secret_env: str) -> bool:
    """Return whether the caller asks, with the bearer, which file is held.

    It is an OPTIONS request, so that no job runs where nobody answers the question.
    """
    asks = method == "OPTIONS" and headers.get(wire.TELL_HEADER) == wire.TELL_OWNERSHIP
    return asks and has_bearer(headers, secret_env)


def description(source: Source) -> Reply:
    """Return the answer: which file, its age where it came from an address, and since when it counts."""
    described = source.describe()
    return Reply(json.dumps(described | source.history()).encode())


class TellOwnership:
    """ASGI middleware of the Inngest side: tells which ownership file is held there.

    Args:
        app: the app that holds the Inngest endpoint.
        secret_env: the variable that holds the bearer.
        source: where the ownership file comes from.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
        source: Source = SOURCE,
    ) -> None:
        self._app = app
        self._secret_env = secret_env
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the question, or pass the request on."""
        if scope["type"] == "http" and self._is_question(scope):
            await self._source.refresh()
            await send_reply(send, description(self._source))
        else:
            await self._app(scope, receive, send)

    def _is_question(self, scope: Scope) -> bool:
        return scope["method"] == "OPTIONS" and is_question(
            "OPTIONS", asgi_headers(scope), self._secret_env
        )
