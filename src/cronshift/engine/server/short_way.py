"""The short way to the SDK's route: what FastAPI does for routes that depend on something, left out.

FastAPI and Starlette match, open exit stacks and wrap for each request; of a call that is half the cost, and a fifth
more goes to collecting what they leave. The SDK's route takes the request alone, so that it can be asked for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.routing import Match, Route

from cronshift.runtime.signature import SignatureAge
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

SDK_ROUTES = "inngest.fast_api"
"""The module of the SDK's routes."""
_OURS = {SignatureAge, TellOwnership}
_TELLING = ("debug", "root_path", "max_body_size", "exception_handlers")
"""The attributes of an app that would change how a call is answered."""


def short_way(app: ASGIApp, path: str) -> ASGIApp:
    """Return an app that answers the SDK's calls as this one does; this one where it does more than we know of."""
    import fastapi

    if type(app) is not fastapi.FastAPI or not _is_plain(app, fastapi.FastAPI()):
        return app
    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    route = next((route for route in app.routes if route.matches(scope)[0] is Match.FULL), None)
    if not isinstance(route, Route) or route.endpoint.__module__ != SDK_ROUTES:
        return app
    endpoint = route.endpoint

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request({**scope, "app": app}, receive))
        await response(scope, receive, send)

    way: ASGIApp = answer
    for middleware in reversed(app.user_middleware):
        way = middleware.cls(way, *middleware.args, **middleware.kwargs)
    return ServerErrorMiddleware(way)


def _is_plain(app: FastAPI, plain: FastAPI) -> bool:
    """Return whether nothing surrounds an app's routes but what we put there."""
    adds = {middleware.cls for middleware in app.user_middleware} - _OURS
    return not (adds or app.router.dependencies) and all(
        getattr(app, name, None) == getattr(plain, name, None) for name in _TELLING
    )
