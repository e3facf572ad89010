"""Nuxt and Nitro: server routes in files, which the app itself answers in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from cronshift.handlers.filed import nitro_settings, nitro_sources
from cronshift.handlers.folder import Folder
from cronshift.model import HandlerKind
from cronshift.targets.direct.javascript.h3_handlers import H3Shape
from cronshift.targets.typescript.app import Routers
from cronshift.targets.typescript.framework import Abilities, DevServer, WayOn, Wrapper
from cronshift.targets.typescript.frameworks.coded import HeldCallee
from cronshift.targets.typescript.frameworks.web import Behind, WebFramework
from cronshift.targets.typescript.source import hung

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Job, Plan
    from cronshift.project import Project
    from cronshift.targets.typescript.app import TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import Callee

_ROUTE = """export default defineEventHandler((event) =>
  {answer}(requestOf(event)),
);"""
_ENDPOINT = """const answer = {serving};

/** OPTIONS tells `cronshift status --live` which ownership file is held here. */
export default defineEventHandler((event) =>
  event.method === "OPTIONS" ? tell(requestOf(event)) : answer(event),
);"""


class Nitro(WebFramework):
    """Nitro 2; a function has the app answer, middleware and all.

    Attributes:
        package: that an app of it depends on.
        otherwise: the settings that put routes elsewhere, or at other paths.
    """

    name = "nitro"
    title = "Nitro"
    adapter = "inngest/nitro"
    kind = HandlerKind.NITRO
    event = H3Shape(title)
    peers = {"h3": "^1.8.1"}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "nitro dev",
        "nitropack",
        ("nitropack/dist/cli/index.mjs",),
        ("dev", "--port", "{port}", "--host", "{host}"),
    )
    called = "the app itself, by Nitro's `localFetch`"
    folder = "."
    out = "inngest"
    module = "nitro"
    telling = ""
    dispatcher_imports = ('import { defineEventHandler } from "h3";',)
    endpoint_imports = dispatcher_imports
    package: ClassVar[str] = "nitropack"
    otherwise: ClassVar[Sequence[str]] = ("apiBaseURL", "apiDir", "baseURL", "routesDir")

    @property
    def abilities(self) -> Abilities:
        """The abilities of its apps: a route is asked where it is, so it stays."""
        return replace(super().abilities, retires=False)

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project uses the router, and stands on the package."""
        return super().present(resolver) and self.package in resolver.tree.packages(resolver.app)

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the setting by which its routes are elsewhere than in the usual folders, or at other paths."""
        text = nitro_settings(Folder(resolver.tree, resolver.app), self.name)
        moved = (f"`{name}` puts its routes elsewhere" for name in self.otherwise if name in text)
        return super().unsuited(project, resolver) or next(moved, None)

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folder that holds ``routes``."""
        sources = nitro_sources(Folder(resolver.tree, resolver.app))
        folder = f"{resolver.app}/{sources[0]}".strip("/") or "."
        return Routers(folder, suffix=super().routers(resolver).suffix)

    def usual_out(self, root: Path) -> str:
        """Return the folder beside that of the routes, which Nitro takes for nothing else."""
        sources = (name for name in ("server", "src") if (root / name).is_dir())
        return f"{next(sources, '')}/{self.out}".lstrip("/")

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the file of the last part; ``None`` for one that names a method.

        In ``routes``, whatever ``api`` there is: that of the project's root is Vercel's own.
        """
        if parts[-1] == "index" or "." in parts[-1]:
            return None
        return f"{folder}/routes/{'/'.join(parts)}.{suffix}".removeprefix("./")

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return none: the app answers as to a request from outside."""
        return None

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the app."""
        return HeldCallee(job.handler.file if job.handler else None, Wrapper("answered", "nitro"))

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the app's own answer."""
        return Behind(WayOn("answered"), {self.module: ["answered", "requestOf"]})

    def endpoint_modules(self, app: TypescriptApp) -> set[str]:
        """Return the framework's module."""
        return {self.module}

    def untied(self, source: str) -> str | None:
        """Return none: the app is asked for the route."""
        return None

    def telling_import(self, plan: Plan, file: str) -> str | None:
        """Return the import of what makes a request of an event."""
        from cronshift.targets.typescript.library import library_import

        return f'import {{ requestOf }} from "{library_import(plan, self.module, file)}";'

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the endpoint's one export."""
        if not tells:
            return f"export default defineEventHandler({serving});"
        return _ENDPOINT.format(serving=serving)

    def answered(self, answer: str, path: str) -> str:
        """Return the route's one export."""
        return _ROUTE.format(answer=hung(answer))


class Nuxt(Nitro):
    """Nuxt 3 and 4, whose server is Nitro's."""

    name = "nuxt"
    title = "Nuxt"
    event = H3Shape(title)
    dev_server = DevServer(
        "nuxt dev",
        "nuxt",
        ("nuxt/bin/nuxt.mjs",),
        ("dev", "--port", "{port}", "--host", "{host}"),
    )
    folder = "server"
    package = "nuxt"
    otherwise = ("serverDir",)

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the file of the last part below ``api``."""
        file = super().route_file(folder, parts, suffix) if parts[0] == "api" else None
        return file and file.replace("/routes/", "/", 1)


NUXT = Nuxt()
NITRO = Nitro()
