"""SvelteKit: ``+server`` modules, whose handlers take an event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.typescript.framework import DevServer, WayOn
from cronshift.targets.typescript.frameworks.web import TELLING_BY_EVENT, Behind, WebFramework
from cronshift.targets.typescript.source import hung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import Plan
    from cronshift.targets.typescript.dispatching import Dispatcher

_OF_ROUTE = lazy_pattern(
    r"(^import type \{[ \t]*(?:(?:RequestHandler|RequestEvent)[ \t]*,?[ \t]*)+\} from )(['\"])\./\$types\2",
    re.MULTILINE,
)


class Sveltekit(WebFramework):
    """SvelteKit; the guard has the app itself answer, by the event's own ``fetch``."""

    name = "sveltekit"
    title = "SvelteKit"
    adapter = "inngest/sveltekit"
    kind = HandlerKind.SVELTEKIT
    event = EventShape("SvelteKit", frozenset({"@sveltejs/kit"}))
    peers = {"@sveltejs/kit": ">=1.27.3"}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "vite dev",
        "vite",
        ("vite/bin/vite.js",),
        ("dev", "--port", "{port}", "--strictPort", "--host", "{host}"),
    )
    called = "`GET` with an event of `request`, `url`, `params` and `fetch`"
    folder = "src/routes"
    out = "src/lib/inngest"
    module = "sveltekit"
    dispatcher_imports = ('import type { RequestEvent } from "@sveltejs/kit";',)
    endpoint_imports = ('import type { RequestEvent } from "@sveltejs/kit";',)
    telling = "export const OPTIONS = ({ request }: RequestEvent) => tell(request);"
    own_telling = TELLING_BY_EVENT
    duration = "config"

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the ``+server`` of a folder for every part."""
        return f"{folder}/{'/'.join(parts)}/+server.{suffix}"

    def untied(self, source: str) -> str | None:
        """Return the source with the types of any route in place of those that are made for its folder."""
        of_any = _OF_ROUTE.sub(r"\1\2@sveltejs/kit\2", source)
        return None if "./$types" in of_any else of_any

    def settings(self, seconds: int) -> list[str]:
        """Return the ``config`` that Vercel's adapter reads."""
        return [f"export const config = {{ maxDuration: {seconds} }};"] if seconds else []

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the three methods."""
        return f"export const {{ GET, POST, PUT }} = {serving};"

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the app's own answer, within the event."""
        return Behind(WayOn("within(event)", is_once=True), {self.module: ["within"]})

    def answered(self, answer: str, path: str) -> str:
        """Return both methods."""
        return f"export const GET = (event: RequestEvent) =>\n  {hung(answer)}(event.request);\nexport const OPTIONS = GET;"


SVELTEKIT = Sveltekit()
