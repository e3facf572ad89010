"""Express: an app of Node's shape, which a function asks in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.targets.direct.javascript.node_handlers import NodeShape
from cronshift.targets.typescript.frameworks.coded import CodedFramework

if TYPE_CHECKING:
    from cronshift.targets.direct.javascript.routes import HandlerShape


class Express(CodedFramework):
    """Express."""

    name = "express"
    title = "Express"
    adapter = "inngest/express"
    peers = {"express": ">=4.19.2"}  # noqa: RUF012 - read only
    makers = {"express": ("default", "*")}  # noqa: RUF012 - read only
    module = "express"
    handlers: ClassVar[HandlerShape | None] = NodeShape()
    called = "the app itself, as a server does"


EXPRESS = Express()
