"""The Inngest side tells which ownership file it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.runtime.fronts import asgi_headers, send_answer
from cronshift.runtime.guard import told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class TellOwnership:
    """ASGI middleware of the Inngest side: tells which ownership file is held there.

    Args:
        app: the app that holds the Inngest endpoint.
        secret_env: the variable that holds the bearer.
    """

    def __init__(self, app: ASGIApp, *, secret_env: str = "CRON_SECRET") -> None:  # noqa: S107
        self._app = app
        self._secret_env = secret_env

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the question, or pass the request on."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            body = told("OPTIONS", asgi_headers(scope), self._secret_env)
            if body is not None:
                await send_answer(send, (body, []))
                return
        await self._app(scope, receive, send)
