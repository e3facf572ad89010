"""Hono: an app of web standards, which a function asks in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.targets.direct.javascript.contexts import HONO as HANDLERS
from cronshift.targets.typescript.frameworks.coded import CodedFramework

if TYPE_CHECKING:
    from cronshift.targets.direct.javascript.routes import HandlerShape


class Hono(CodedFramework):
    """Hono."""

    name = "hono"
    title = "Hono"
    adapter = "inngest/hono"
    peers = {"hono": ">=4.2.7"}  # noqa: RUF012 - read only
    makers = {  # noqa: RUF012 - read only
        "hono": ("Hono",),
        "hono/quick": ("Hono",),
        "hono/tiny": ("Hono",),
        "@hono/zod-openapi": ("OpenAPIHono",),
    }
    module = "hono"
    handlers: ClassVar[HandlerShape | None] = HANDLERS
    called = "the app itself, by its `fetch`"


HONO = Hono()
