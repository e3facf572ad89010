"""Remix and React Router: flat route files, whose loaders take a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.brackets import bracket_params
from cronshift.handlers.folder import Folder
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.javascript.events import EventShape
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.framework import DevServer, WayOn
from cronshift.targets.typescript.frameworks.web import FORWARDING, Behind, WebFramework
from cronshift.targets.typescript.source import data, hung

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
_ELSEWHERE = lazy_pattern(
    r"^(?:(?!//).)*\b(?:appDirectory|rootDirectory)\b(?!:\s*[\"'`](?:\./)?(?:app|routes)/?[\"'`])",
    re.MULTILINE,
)
"""What puts routes in another folder than the usual one."""
_OPTION = lazy_pattern(r"\broutes\s*[:(]|\*\*/\*[\"'`]")
"""What lists the routes of Remix: the option, or that no file is one by its name."""


class ReactRouter(WebFramework):
    """React Router 7 with routes by file names.

    Attributes:
        scope: of its packages.
        configs: the files that may say where the routes are.
    """

    name = "react-router"
    title = "React Router"
    adapter = "inngest/remix"
    kind = HandlerKind.REMIX
    event = EventShape(title, frozenset({"react-router"}), has_url=False, takes_data=True)
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
    scope: ClassVar[str] = "@react-router/"
    configs: ClassVar[Sequence[str]] = ("react-router.config.ts", "react-router.config.js")

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project uses the router, and stands on packages of the scope."""
        packages = resolver.tree.packages(resolver.app)
        return super().present(resolver) and any(name.startswith(self.scope) for name in packages)

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why a new file in the usual folder would be no route."""
        listed = (
            None
            if self.lists_by_files(resolver)
            else "its routes are listed, and not files of a folder"
        )
        return super().unsuited(project, resolver) or listed

    def lists_by_files(self, resolver: Resolver) -> bool:
        """Return whether an app's routes are the files of the folder, so that a new file is one."""
        app = Folder(resolver.tree, resolver.app)
        texts = [text for file in (*_LISTS, *self.configs) if (text := app.read(file))]
        return not any(_ELSEWHERE.search(text) for text in texts) and all(
            "flatRoutes(" in text for text in self.lists(app)
        )

    def lists(self, app: Folder) -> Iterator[str]:
        """Yield the texts that list an app's routes."""
        yield from filter(None, map(app.read, _LISTS))

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
        return Behind(WayOn(f"within(args, route{params})"), {self.module: ["within"]}, called)

    def answered(self, answer: str, path: str) -> str:
        """Return the loader."""
        return f"export const loader = (args: {{ request: Request }}) =>\n  {hung(answer)}(args.request);"


def _escaped(part: str) -> str:
    """Return a part of a path whose characters mean nothing in a file's name."""
    return re.sub(r"[._]", r"[\g<0>]", part)


class Remix(ReactRouter):
    """Remix 2."""

    name = "remix"
    title = "Remix"
    event = EventShape(
        title,
        frozenset({"@remix-run/node", "@remix-run/server-runtime", "@vercel/remix"}),
        has_url=False,
        takes_data=True,
    )
    dev_server = DevServer(
        "remix vite:dev",
        "@remix-run/dev",
        ("@remix-run/dev/dist/cli.js",),
        ("vite:dev", "--port", "{port}", "--strictPort", "--host", "{host}"),
    )
    scope = "@remix-run/"
    configs = ("vite.config.ts", "vite.config.js", "vite.config.mts", "remix.config.js")

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project is such an app, and none of React Router already."""
        return super().present(resolver) and not REACT_ROUTER.present(resolver)

    def lists(self, app: Folder) -> Iterator[str]:
        """Yield the configurations with an option that lists routes."""
        yield from (text for text in map(app.read, self.configs) if _OPTION.search(text))


REACT_ROUTER = ReactRouter()
REMIX = Remix()
