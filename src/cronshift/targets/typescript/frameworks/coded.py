"""The frameworks whose routes are declared in code: what is alike in all of them.

There are no routes in files: the endpoint and the dispatcher's routes are modules of their own, which
the app's module takes in by one call. It stands right behind where the app is made, so that nothing
of the app comes before it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.javascript import exports
from cronshift.handlers.tree import language
from cronshift.model import HandlerKind
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.direct.javascript.coded_routes import CodedShape
from cronshift.targets.direct.javascript.module_kinds import commonjs
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import Routers, app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.framework import (
    NO_MANIFEST,
    Abilities,
    Additions,
    Callee,
    WayOn,
    Wrapper,
)
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.mounting import (
    MOUNT_NAME,
    MountSite,
    imports_maker,
    mounted_by_hand,
    requires_modules,
    site_of,
)
from cronshift.targets.typescript.naming import function_name
from cronshift.targets.typescript.source import comment, text
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Job, Plan
    from cronshift.project import Project
    from cronshift.project.conventions.code import Alias
    from cronshift.targets.direct.javascript.routes import HandlerShape
    from cronshift.targets.typescript.app import TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import DevServer, OwnEndpoint


_APPS = frozenset({HandlerKind.NODE_APP, HandlerKind.NODE_FUNCTION})
_CALLED = frozenset({"GET", "POST", "PUT"})
"""The methods by which Inngest calls an endpoint; it registers functions by the last."""

_WHOLE = frozenset({"default", "fetch", "*"})
"""The exports that answer every method."""

_WAY = WayOn("answered")
"""The way on behind the guard: the app itself."""

_ASKED = 20
"""How many entries tell which module Vercel starts."""


class HeldCallee(Callee, frozen=True):
    """The app that took the endpoint in, which answers by its own ``fetch``; nothing is imported of it."""

    def module_from(self, file: str, alias: Alias | None) -> str | None:
        """Return none: the library holds the app."""
        return None

    def answering(self, call: str) -> str:
        """Return the app's own answer to ``call``."""
        return f"direct({self.wrapper.name if self.wrapper else ''}, {call})"


class CodedFramework:
    """A framework whose routes are declared in code.

    Attributes:
        makers: the names that make an app, by their package.
        module: of the library, with ``answered`` and ``mounting``.
        called: the way a function asks the app, in words.
        handlers: how they are written; ``None`` where their work cannot do without the app.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    adapter: ClassVar[str]
    peers: ClassVar[Mapping[str, str]]
    makers: ClassVar[Mapping[str, Collection[str]]]
    module: ClassVar[str]
    called: ClassVar[str]
    dev_server: ClassVar[DevServer | None] = None
    handlers: ClassVar[HandlerShape | None] = None
    kinds: ClassVar[frozenset[HandlerKind]] = _APPS
    runs_on_node = False  # what ends an import path is the site's to say
    library = "web"

    @property
    def abilities(self) -> Abilities:
        """The abilities of its apps: the endpoint is mounted, and no route is a file."""
        return Abilities(
            "src/inngest/routes/endpoint.ts",
            "src/inngest/routes/guarded/api/cron/x.ts",
            self.called,
            retires=False,
        )

    def present(self, resolver: Resolver) -> bool:
        """Return whether a module that Vercel starts makes an app of the framework."""
        return self._site(resolver) is not None

    def _site(self, resolver: Resolver) -> MountSite | None:
        """Return the place where the app is made; ``None`` where there is none, or it is not certain."""
        packages = resolver.tree.packages(resolver.app)
        if resolver.app or not any(
            maker.partition("/")[0] in packages or maker in packages for maker in self.makers
        ):
            return None
        if resolver.next.present or resolver.router is not None:
            return None
        for entry in _entries(resolver):
            site = site_of(resolver.tree, entry, self.makers) or mounted_by_hand(
                resolver.tree, entry, self.makers
            )
            if site is not None:
                return site
        return None

    def uncertain(self, resolver: Resolver) -> str | None:
        """Return the lines to write by hand, where the app is made in a place that is not certain."""
        for entry in _entries(resolver) if self._site(resolver) is None else ():
            if imports_maker(resolver.tree, entry, self.makers):
                folder = posixpath.dirname(entry)
                module = (
                    f"./{posixpath.relpath(f'{folder}/inngest/routes/endpoint', folder or '.')}"
                )
                line = f'import {{ {MOUNT_NAME} }} from "{module}";'
                line = commonjs(line) if requires_modules(resolver.tree, entry) else line
                return (
                    f"where the {self.title} app of {entry} is made is not certain. Write right behind it"
                    f" `{MOUNT_NAME}(app);`, and `{line}` above"
                )
        return None

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why Inngest's calls do not reach the app, or no module can be beside its own."""
        site = self._site(resolver)
        if site is None or site.file.endswith((".mjs", ".cjs")):
            return f"the {self.title} app's module says by its name which kind Node takes it for"
        if not resolver.tree.packages(""):
            return NO_MANIFEST
        is_reached = _reaches(resolver, site)
        return None if is_reached else f"Vercel leads no call of {ENDPOINT} to the {self.title} app"

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folder of the generated routes, and where the app takes them in."""
        site = self._site(resolver)
        folder = posixpath.dirname(site.file) if site is not None else ""
        is_typed = site is None or language(site.file) != "javascript"
        suffix = "ts" if is_typed else "js"
        return Routers(f"{folder}/inngest/routes".lstrip("/"), suffix=suffix, mount=site)

    def usual_out(self, root: Path) -> str:
        """Return ``src/inngest`` where the sources are there, else ``inngest``."""
        return "src/inngest" if (root / "src").is_dir() else "inngest"

    def endpoint_file(self, routers: Routers) -> str | None:
        """Return the module of the endpoint."""
        return f"{routers.app}/endpoint.{routers.suffix}" if routers.app else None

    def endpoint_path(self, resolver: Resolver) -> str:
        """Return the usual path."""
        return ENDPOINT

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why a handler is of another app."""
        site = routers.mount
        if site is None or handler.file not in {site.entry, site.file}:
            return f"{handler.file} is no part of the app that takes the functions in"
        return None

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the app, which answers as to a request from outside."""
        handler = job.handler
        return HeldCallee(handler.file if handler else None, Wrapper("answered", self.module))

    def dispatcher_file(self, routers: Routers, job: Job, parts: Sequence[str]) -> str | None:
        """Return the module that asks the guard for a path."""
        return f"{routers.app}/guarded/{'/'.join(parts)}.{routers.suffix}" if routers.app else None

    def dispatcher(self, plan: Plan, dispatcher: Dispatcher) -> str:
        """Return the module, which exports what answers in a route's place."""
        from cronshift.targets.typescript.dispatching import (
            answering,
            guard_constant,
            library_lines,
        )

        app = app_of(plan)
        return render(
            "typescript",
            "coded-dispatcher.ts",
            path=comment(dispatcher.path),
            library=library_lines(plan, dispatcher.file, self._names(plan, dispatcher)),
            out=import_path(plan.out, dispatcher.file, app.code.alias),
            jobs=guard_constant(plan, dispatcher),
            claims=app.claims is not None,
            answered=answering(plan, dispatcher, _WAY),
        )

    def _names(self, plan: Plan, dispatcher: Dispatcher) -> dict[str, list[str]]:
        """Return the names that a dispatcher's module takes from the library, by module."""
        from cronshift.targets.typescript.dispatching import answering_names

        return {**answering_names(plan, dispatcher, _WAY), self.module: [_WAY.expression]}

    def dispatcher_modules(self, plan: Plan, dispatcher: Dispatcher) -> set[str]:
        """Return the guard's modules, the framework's, and the ledger's where there is one."""
        return set(self._names(plan, dispatcher))

    def endpoint(self, plan: Plan, file: str) -> str:
        """Return the module that the app takes in: the generated functions, and the guarded routes.

        Where the app serves functions itself, the guarded routes alone.
        """
        if app_of(plan).code.serve_file is not None:
            return self._endpoint(plan, file, None, None)
        generated = import_path(f"{plan.out}/functions", file, app_of(plan).code.alias)
        return self._endpoint(plan, file, generated, None)

    def own_endpoint(self, plan: Plan, endpoint: OwnEndpoint) -> str:
        """Return the same for the app's own functions, and what is generated.

        Where that is nothing, the way of the framework's own documentation: nothing of the library.
        """
        app, site = app_of(plan), app_of(plan).routers.mount
        is_alone = endpoint.generated is None and app.code.serve_file is None
        if is_alone and site is not None and not site.inner:
            return render(
                "typescript",
                f"coded-own-{self.module}.ts",
                client=client_import(plan, endpoint.file),
                jobs=endpoint.jobs,
                base=site.base,
            )
        return self._endpoint(plan, endpoint.file, endpoint.generated, endpoint.jobs)

    def _endpoint(self, plan: Plan, file: str, generated: str | None, jobs: str | None) -> str:
        from cronshift.targets.typescript.dispatching import dispatchers
        from cronshift.targets.typescript.library import library_import

        alias, functions = app_of(plan).code.alias, "functions"
        if jobs is not None:
            both = "functions: [...jobs, ...cronshiftFunctions]"
            functions = both if generated else "functions: jobs"
        routes = [
            {
                "name": f"{function_name(dispatcher.jobs[0].id)}Route",
                "path": text(f"{MOUNT}{dispatcher.path}"),
                "module": import_path(dispatcher.file.rpartition(".")[0], file, None),
            }
            for dispatcher in dispatchers(plan)
        ]
        return render(
            "typescript",
            "coded-endpoint.ts",
            adapter=text(self.adapter) if generated or jobs else None,
            client=client_import(plan, file),
            library=library_import(plan, self.module, file),
            generated=generated,
            jobs=jobs,
            tell=None
            if jobs and not generated
            else import_path(f"{plan.out}/ownership", file, alias),
            routes=routes,
            functions=functions,
        )

    def endpoint_modules(self, app: TypescriptApp) -> set[str]:
        """Return the framework's module, and what reads the ownership file."""
        return {self.module, "file" if app.reads_environment or app.sessions else "folder"}

    def additions(
        self, routers: Routers, file: str, seconds: int | None, ownership: str
    ) -> Additions:
        """Return none: the mounted module tells of the file, and the app says how long it may run."""
        return Additions()

    def shape_of(self, handler: Handler) -> HandlerShape | None:
        """Return the shape of a route that is declared in code."""
        if self.handlers is None or handler.route is None or handler.route.line is None:
            return None
        return CodedShape(self.handlers, handler.route.line, handler.file)

    def untied(self, source: str) -> str | None:
        """Return none: a route that is declared in the app's code stays there."""
        return None

    def is_quiet(self, kind: HandlerKind) -> bool:
        """Return no: nothing is known of OPTIONS."""
        return False

    def untyped_yet(self, root: Path, plan: Plan) -> str | None:
        """Return none: a new route is a module as any other."""
        return None


def _entries(resolver: Resolver) -> Iterator[str]:
    """Yield the modules that Vercel starts for the entries' paths, and that for all paths."""
    crons = resolver.document.get("crons")
    paths = [entry.get("path") for entry in crons] if isinstance(crons, list) else []
    files = [
        handler.file
        for path in [*paths[:_ASKED], ENDPOINT]
        if isinstance(path, str)
        and (handler := resolver.resolve(path).handler) is not None
        and handler.kind in _APPS
    ]
    yield from dict.fromkeys(files)
    if resolver.coded_entry is not None and resolver.coded_entry not in files:
        yield resolver.coded_entry


def _reaches(resolver: Resolver, site: MountSite) -> bool:
    """Return whether Vercel sends Inngest's calls to the app, as far as its configuration tells.

    A function of the web's shape is sent those methods alone that its module exports, and an app answers
    nothing outside its own base path.
    """
    if not ENDPOINT.startswith(f"{site.base}/"):
        return False
    root = resolver.tree.parsed(site.entry)
    exported = exports(root).keys() if root is not None else frozenset[str]()
    if not _WHOLE & exported and 0 < len(_CALLED & exported) < len(_CALLED):
        return False
    resolution = resolver.resolve(ENDPOINT)
    if resolution.handler is not None:
        return resolution.handler.file in {site.entry, site.file}
    return bool(resolution.why)  # an app is asked, which has no such route yet
