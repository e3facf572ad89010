"""Koa: an app of Node's shape, which a function asks in process."""

from __future__ import annotations

from cronshift.targets.direct.javascript.contexts import KOA as HANDLERS
from cronshift.targets.typescript.frameworks.express import Express


class Koa(Express):
    """Koa."""

    name = "koa"
    title = "Koa"
    adapter = "inngest/koa"
    peers = {"koa": ">=2.14.2"}  # noqa: RUF012 - read only
    makers = {"koa": ("default", "*")}  # noqa: RUF012 - read only
    module = "koa"
    handlers = HANDLERS


KOA = Koa()
