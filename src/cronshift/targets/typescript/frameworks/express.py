"""Express: an app that cannot be asked in process, so its routes are called over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.model import HandlerKind
from cronshift.targets.direct.javascript.node_handlers import NodeShape
from cronshift.targets.typescript.frameworks.coded import CodedFramework

if TYPE_CHECKING:
    from cronshift.targets.direct.javascript.routes import HandlerShape


class Express(CodedFramework):
    """Express; the guard passes a call on to the route within the same request."""

    name = "express"
    title = "Express"
    adapter = "inngest/express"
    peers = {"express": ">=4.19.2"}  # noqa: RUF012 - read only
    makers = {"express": ("default", "*")}  # noqa: RUF012 - read only
    module = "express"
    handlers: ClassVar[HandlerShape | None] = NodeShape()
    called = "no: over HTTP"
    passes_on = True
    kinds = frozenset[HandlerKind]()


EXPRESS = Express()
