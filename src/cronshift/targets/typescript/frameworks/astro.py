"""Astro: endpoints below ``src/pages``, whose handlers take a context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import HandlerKind
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.typescript.framework import DevServer, WayOn
from cronshift.targets.typescript.frameworks.web import TELLING_BY_EVENT, Behind, WebFramework
from cronshift.targets.typescript.source import hung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import Handler, Plan
    from cronshift.targets.typescript.app import Routers
    from cronshift.targets.typescript.dispatching import Dispatcher


class Astro(WebFramework):
    """Astro; the guard has the app itself answer, by a rewrite.

    How long a route may run is said for the whole app, to Vercel's adapter.
    """

    name = "astro"
    title = "Astro"
    adapter = "inngest/astro"
    kind = HandlerKind.ASTRO
    event = EventShape("Astro", frozenset({"astro"}))
    peers = {}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "astro dev",
        "astro",
        ("astro/astro.js", "astro/bin/astro.mjs"),
        ("dev", "--port", "{port}", "--host", "{host}"),
    )
    called = "`GET` with a context of `request`, `url`, `params` and `redirect`"
    folder = "src/pages"
    out = "src/lib/inngest"
    module = "astro"
    dispatcher_imports = ('import type { APIContext } from "astro";',)
    endpoint_imports = ('import type { APIContext } from "astro";',)
    telling = "export const OPTIONS = ({ request }: APIContext) => tell(request);"
    own_telling = TELLING_BY_EVENT

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the module of the last part; one that begins with ``_`` is no route."""
        is_route = parts[-1] != "index" and not any(part.startswith("_") for part in parts)
        return f"{folder}/{'/'.join(parts)}.{suffix}" if is_route else None

    def parts_of(self, file: str) -> list[str]:
        """Return the folders and the name; an index is its folder."""
        *folders, name = file.rpartition(".")[0].split("/")
        return folders if name == "index" else [*folders, name]

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why a handler needs more than a call gives it."""
        if handler.export not in {"GET", "ALL"}:
            return f"{handler.file} is written for an older Astro"
        return super().unreachable(routers, handler, path)

    def settings(self, seconds: int) -> list[str]:
        """Return the statement by which no build makes a file of the route."""
        return ["export const prerender = false;"]

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the three methods."""
        return f"export const {{ GET, POST, PUT }} = {serving};"

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the app's own answer, within the context."""
        return Behind(WayOn("within(context)"), {self.module: ["within"]})

    def answered(self, answer: str, path: str) -> str:
        """Return both methods."""
        return f"export const GET = (context: APIContext) =>\n  {hung(answer)}(context.request);\nexport const OPTIONS = GET;"


ASTRO = Astro()
