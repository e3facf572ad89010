"""Remix and React Router: flat route files, whose loaders take a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.brackets import bracket_params
from cronshift.model import HandlerKind
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.framework import DevServer, WayOn
from cronshift.targets.typescript.frameworks.web import FORWARDING, Behind, WebFramework
from cronshift.targets.typescript.source import data, hung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Plan
    from cronshift.project import Project
    from cronshift.targets.typescript.app import Routers
    from cronshift.targets.typescript.dispatching import Dispatcher

_TELLING = """
/** OPTIONS tells `cronshift status --live` which ownership file is held here. */
export const loader = (args: { request: Request }) =>
  args.request.method === "OPTIONS" ? tell(args.request) : handler(args);"""
_LISTS = ("app/routes.ts", "app/routes.js")


class Remix(WebFramework):
    """Remix 2 and React Router 7 with routes by file names."""

    name = "remix"
    title = "Remix or React Router"
    adapter = "inngest/remix"
    kind = HandlerKind.REMIX
    event = EventShape(title, frozenset({"@remix-run/node"}), has_url=False, takes_data=True)
    peers = {}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "react-router dev",
        "@react-router/dev",
        ("@react-router/dev/bin.js",),
        ("dev", "--port", "{port}", "--strictPort", "--host", "{host}"),
    )
    called = "`loader` with `request` and `params`"
    folder = "app/routes"
    out = "app/lib/inngest"
    module = "remix"
    telling = ""
    duration = "config"

    def suits(self, project: Project, resolver: Resolver) -> bool:
        """Return whether every file in the folder of routes is one, however they are listed."""
        return super().suits(project, resolver) and lists_by_files(resolver)

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the flat file, whose dots are slashes; what is none is escaped."""
        return f"{folder}/{'.'.join(map(_escaped, parts))}.{suffix}"

    def parts_of(self, file: str) -> list[str]:
        """Return the parts, parameters in brackets; those that begin with ``_`` are of no path."""
        parts = file.rpartition(".")[0].split(".")
        return [
            f"[{part[1:]}]" if part.startswith("$") else part
            for part in parts
            if not part.startswith("_")
        ]

    def params(
        self, routers: Routers, handler: Handler, path: str
    ) -> dict[str, str | list[str]] | None:
        """Return the parameters, whose names begin with ``$`` in a file's."""
        if "$" not in handler.file or not handler.file.startswith(f"{routers.app}/"):
            return {}
        if "/" in handler.file.removeprefix(f"{routers.app}/"):
            return None
        return bracket_params(self.parts_of(handler.file.removeprefix(f"{routers.app}/")), path)

    def untied(self, source: str) -> str | None:
        """Return the source, unless it has types that are made for a route alone."""
        return None if "./+types/" in source else source

    def settings(self, seconds: int) -> list[str]:
        """Return the ``config`` that Vercel's preset reads."""
        return [f"export const config = {{ maxDuration: {seconds} }};"] if seconds else []

    def served(self, serving: str, *, tells: bool) -> str:
        """Return both exports of a route; the loader tells of the file, as it takes OPTIONS too."""
        if not tells:
            return (
                f"const handler = {serving};\n\nexport {{ handler as action, handler as loader }};"
            )
        return f"const handler = {serving};\n\nexport const action = handler;\n{_TELLING}"

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the loader's answer: no route has another."""
        called = callee(plan, dispatcher.jobs[0])
        if called.file is None:
            return FORWARDING
        params = f", {data(called.params)}" if called.params else ""
        return Behind(WayOn(f"within(args, route{params})"), ("within",), self.module, called)

    def answered(self, answer: str, path: str) -> str:
        """Return the loader."""
        return f"export const loader = (args: {{ request: Request }}) =>\n  {hung(answer)}(args.request);"


def lists_by_files(resolver: Resolver) -> bool:
    """Return whether an app's routes are the files of a folder, so that a new file is one."""
    texts = [resolver.tree.read(f"{resolver.app}/{name}".lstrip("/")) for name in _LISTS]
    written = [text for text in texts if text]
    return all("flatRoutes(" in text for text in written)


def _escaped(part: str) -> str:
    """Return a part of a path whose characters mean nothing in a file's name."""
    return re.sub(r"[._]", r"[\g<0>]", part)


REMIX = Remix()
