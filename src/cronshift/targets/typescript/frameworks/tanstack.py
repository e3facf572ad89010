"""TanStack Start: routes in files that hold their methods, which the app itself answers in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.model import HandlerKind
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.direct.javascript.route_objects import ObjectShape
from cronshift.targets.typescript.framework import (
    UNTYPED,
    Abilities,
    Additions,
    DevServer,
    WayOn,
    Wrapper,
)
from cronshift.targets.typescript.frameworks.coded import HeldCallee
from cronshift.targets.typescript.frameworks.web import Behind, WebFramework

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Job, Plan
    from cronshift.project import Project
    from cronshift.targets.typescript.app import Routers, TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import Callee

_PACKAGE = "@tanstack/react-start"
_TREE = "src/routeTree.gen.ts"
_OTHERWISE = lazy_pattern(r"virtualRouteConfig|routesDirectory|srcDirectory|generatedRouteTree")
_IMPORTED = lazy_pattern(r"""\bfrom ["']\./([^"']+)["']""")
_OLDER = lazy_pattern(r"\bcreate(?:Server|API)FileRoute\(")
_CONFIGS = ("vite.config.ts", "vite.config.js", "vite.config.mts", "tsr.config.json")
_PART = lazy_pattern(r"(?!(?:index|route)$)[A-Za-z0-9~][A-Za-z0-9._~-]*(?<!_)")
"""A part of a path that is one in a file's name too."""

_ROUTE = """export const Route = createFileRoute("{path}")({{
  server: {{
    handlers: {{
{handlers}
    }},
  }},
}});"""
_TELL = """      /** Tells `cronshift status --live` which ownership file is held here. */
      OPTIONS: ({ request }) => tell(request),"""


class Tanstack(WebFramework):
    """TanStack Start for React; a function has the app answer, middleware and all."""

    name = "tanstack"
    title = "TanStack Start"
    adapter = "inngest/edge"
    kind = HandlerKind.TANSTACK
    event = ObjectShape(
        EventShape(title, frozenset({_PACKAGE, "@tanstack/react-router"}), has_url=False)
    )
    peers = {_PACKAGE: ">=1.132.0"}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "vite dev",
        "vite",
        ("vite/bin/vite.js",),
        ("dev", "--port", "{port}", "--strictPort", "--host", "{host}"),
    )
    called = "the app itself, by its `fetch`"
    folder = "src/routes"
    out = "src/lib/inngest"
    module = "tanstack"
    telling = ""
    dispatcher_imports = ('import { createFileRoute } from "@tanstack/react-router";',)
    endpoint_imports = dispatcher_imports

    @property
    def abilities(self) -> Abilities:
        """The abilities of its apps: a route is asked where it is, so it stays."""
        endpoint, guard = (
            f"{self.folder}/api/{name}.ts" for name in ("inngest", "cronshift/api/cron/x")
        )
        return Abilities(endpoint, guard, self.called, retires=False)

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project uses the router, with React."""
        return super().present(resolver) and _PACKAGE in resolver.tree.packages(resolver.app)

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why not every file in the usual folder is a route of today's kind."""
        app, tree = f"{resolver.app}/".lstrip("/"), resolver.tree
        routes = f"{app}{self.folder}"
        if why := super().unsuited(project, resolver):
            return why
        if f"{app}tsconfig.json" not in tree.files:
            return UNTYPED
        configs = (tree.read(f"{app}{name}") for name in _CONFIGS)
        if not tree.has_folder(routes) or any(map(_OTHERWISE.search, configs)):
            return f"its routes are not all in {self.folder}"
        older = (file for file in tree.under(routes) if _OLDER.search(tree.read(file)))
        return next((f"{file} is a route as before TanStack Start 1.132" for file in older), None)

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the module of the last part, dots escaped; ``None`` for a part that a name says otherwise."""
        if not all(map(_PART.fullmatch, parts)):
            return None
        return f"{folder}/{'/'.join(part.replace('.', '[.]') for part in parts)}.{suffix}"

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return none: the app answers as to a request from outside."""
        return None

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the app."""
        return HeldCallee(
            job.handler.file if job.handler else None, Wrapper("answered", self.module)
        )

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the app's own answer."""
        return Behind(WayOn("answered"), {self.module: ["answered"]})

    def additions(
        self, routers: Routers, file: str, seconds: int | None, ownership: str
    ) -> Additions:
        """Return none: a route's methods stand in its object, and the app says how long it may run."""
        return Additions()

    def untied(self, source: str) -> str | None:
        """Return none: the app is asked for the route."""
        return None

    def untyped_yet(self, root: Path, plan: Plan) -> str | None:
        """Return the reason that no build has listed the generated routes yet, where that is so."""
        from cronshift.targets.typescript.app import app_of
        from cronshift.targets.typescript.dispatching import dispatchers

        app = app_of(plan)
        listed = set(_IMPORTED.findall(SourceTree(root).read(_TREE)))
        written = (app.endpoint_file, *(each.file for each in dispatchers(plan)))
        files = [file.removeprefix(f"{app.folder}/") for file in written if file is not None]
        names = [file.rpartition(".")[0] for file in files if (root / file).is_file()]
        missing = [name for name in names if name.removeprefix("src/") not in listed]
        return f"{_TREE} does not list {missing[0]} yet: a build writes it" if missing else None

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the answering function, and the route with its three methods."""
        handlers = [
            f"      {verb}: ({{ request }}) => answer(request)," for verb in ("GET", "POST", "PUT")
        ]
        route = _route(ENDPOINT, [*handlers, *([_TELL] if tells else [])])
        return f"const answer = {serving};\n\n{route}"

    def answered(self, answer: str, path: str) -> str:
        """Return the answering function, and the route with both methods."""
        handlers = [
            f"      {verb}: ({{ request }}) => answer(request)," for verb in ("GET", "OPTIONS")
        ]
        return f"const answer = {answer};\n\n{_route(path, handlers)}"


def _route(path: str, handlers: Sequence[str]) -> str:
    return _ROUTE.format(path=path, handlers="\n".join(handlers))


TANSTACK = Tanstack()
