"""Fastify: an app that a function asks in process, by its own ``inject``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.targets.direct.javascript.contexts import FASTIFY as HANDLERS
from cronshift.targets.typescript.frameworks.coded import CodedFramework

if TYPE_CHECKING:
    from cronshift.targets.direct.javascript.routes import HandlerShape


class Fastify(CodedFramework):
    """Fastify."""

    name = "fastify"
    title = "Fastify"
    adapter = "inngest/fastify"
    peers = {"fastify": ">=4.21.0"}  # noqa: RUF012 - read only
    makers = {"fastify": ("default", "fastify", "Fastify")}  # noqa: RUF012 - read only
    module = "fastify"
    handlers: ClassVar[HandlerShape | None] = HANDLERS
    called = "the app itself, by its `inject`"


FASTIFY = Fastify()
