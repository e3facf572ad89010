"""Hono: an app of web standards, which a function asks in process."""

from __future__ import annotations

from cronshift.targets.typescript.frameworks.coded import CodedFramework


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


HONO = Hono()
