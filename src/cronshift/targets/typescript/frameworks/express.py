"""Express: an app that cannot be asked in process, so its routes are called over HTTP."""

from __future__ import annotations

from cronshift.model import HandlerKind
from cronshift.targets.typescript.frameworks.coded import CodedFramework


class Express(CodedFramework):
    """Express; the guard passes a call on to the route within the same request."""

    name = "express"
    title = "Express"
    adapter = "inngest/express"
    peers = {"express": ">=4.19.2"}  # noqa: RUF012 - read only
    makers = {"express": ("default", "*")}  # noqa: RUF012 - read only
    module = "express"
    called = "no: over HTTP"
    passes_on = True
    kinds = frozenset[HandlerKind]()


EXPRESS = Express()
