"""SolidStart: routes in files, whose exported methods take an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import HandlerKind
from cronshift.project.npm_ranges import majors
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.framework import DevServer, WayOn
from cronshift.targets.typescript.frameworks.web import (
    FORWARDING,
    TELLING_BY_EVENT,
    Behind,
    WebFramework,
)
from cronshift.targets.typescript.source import data, hung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.handlers import Resolver
    from cronshift.model import Plan
    from cronshift.project import Project
    from cronshift.targets.typescript.dispatching import Dispatcher

_PACKAGE = "@solidjs/start"
_CONFIGS = ("app.config.ts", "app.config.js")


class Solidstart(WebFramework):
    """SolidStart 1."""

    name = "solidstart"
    title = "SolidStart"
    adapter = "inngest/edge"
    kind = HandlerKind.SOLIDSTART
    event = EventShape(title, frozenset({"@solidjs/router"}), has_url=False, takes_data=True)
    own_telling = TELLING_BY_EVENT
    peers = {}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "vinxi dev",
        "vinxi",
        ("vinxi/bin/cli.mjs",),
        ("dev", "--port", "{port}", "--host", "{host}"),
    )
    called = "`GET` with an event of `request` and `params`"
    folder = "src/routes"
    out = "src/lib/inngest"
    module = "solidstart"
    dispatcher_imports = ('import type { APIEvent } from "@solidjs/start/server";',)
    endpoint_imports = dispatcher_imports
    telling = "export const OPTIONS = ({ request }: APIEvent) => tell(request);"

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project uses the router of the first version."""
        wanted = resolver.tree.packages(resolver.app).get(_PACKAGE, "")
        return super().present(resolver) and majors(wanted) == frozenset({1})

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the setting by which the routes are not in the usual folder."""
        texts = (resolver.tree.read(f"{resolver.app}/{name}".lstrip("/")) for name in _CONFIGS)
        is_elsewhere = any("routeDir" in text for text in texts)
        moved = "`routeDir` puts its routes elsewhere" if is_elsewhere else None
        return super().unsuited(project, resolver) or moved

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the module of the last part, whose name loses an ``index`` at its end."""
        return None if parts[-1].endswith("index") else f"{folder}/{'/'.join(parts)}.{suffix}"

    def parts_of(self, file: str) -> list[str]:
        """Return the folders and the name; an index is its folder."""
        *folders, name = file.rpartition(".")[0].split("/")
        return folders if name == "index" else [*folders, name]

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the three methods: each is built alone, so that none can be another."""
        methods = [
            f"export const {verb} = ({{ request }}: APIEvent) => answer(request);"
            for verb in ("GET", "POST", "PUT")
        ]
        return "\n".join([f"const answer = {serving};\n", *methods])

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the route's answer, called with the event that is being answered."""
        called = callee(plan, dispatcher.jobs[0])
        if called.file is None:
            return FORWARDING
        params = f", {data(called.params)}" if called.params else ""
        return Behind(WayOn(f"within(event, route{params})"), {self.module: ["within"]}, called)

    def answered(self, answer: str, path: str) -> str:
        """Return both methods: each is built alone, so that none can be the other."""
        return (
            f"const answer = (event: APIEvent) =>\n  {hung(answer)}(event.request);\n\n"
            "export const GET = answer;\nexport const OPTIONS = answer;"
        )


SOLIDSTART = Solidstart()
