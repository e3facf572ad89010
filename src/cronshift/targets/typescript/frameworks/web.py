"""The frameworks of web standards with routes in files: what is alike in all of them.

A route is a module that takes a request, in an event of the framework's own, and gives a response.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from cronshift.handlers.brackets import bracket_params
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.rendering import render
from cronshift.targets.typescript.app import Routers, app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.framework import (
    NO_MANIFEST,
    UNTYPED,
    Abilities,
    Additions,
    Callee,
    WayOn,
    Wrapper,
)
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.lasting import duration, longest_duration
from cronshift.targets.typescript.naming import TAKEN, function_name
from cronshift.targets.typescript.source import braced, comment, text
from cronshift.targets.typescript.untyped import untyped
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, HandlerKind, Job, Plan
    from cronshift.project import Project
    from cronshift.targets.direct.javascript.routes import HandlerShape
    from cronshift.targets.typescript.app import TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import DevServer, OwnEndpoint


class Behind(Struct, frozen=True):
    """The way on from a dispatcher's route, once the guard lets a call by.

    Attributes:
        way: what answers.
        names: what it takes from the library, by module.
        called: the handler that it imports, as ``route``; ``None`` for none.
    """

    way: WayOn
    names: Mapping[str, list[str]] = {}
    called: Callee | None = None


TELLING_BY_EVENT = (
    'import { tell as cronshiftTell } from "OWNERSHIP";',
    "export const OPTIONS = ({ request }: { request: Request }) => cronshiftTell(request);",
)
"""The statements of an endpoint whose handlers take an event."""

FORWARDING = Behind(WayOn("forwarding()", is_once=True), {"forward": ["forwarding"]})
"""A call over HTTP, to a handler that no function can call in process."""


class WebFramework:
    """A framework whose routes are files, each the default of what follows.

    Attributes:
        called: the way a function calls a handler in process, in words.
        folder: of the routes, in the app.
        out: of the generated files, in the app.
        module: of the library, with ``routed`` and ``within``.
        duration: the export by which a route says how long it may run; ``None`` for none.
        own_telling: the statements by which an endpoint of the app's own tells of its file, imports
            first; ``OWNERSHIP`` in them is the module that tells.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    adapter: ClassVar[str]
    kind: ClassVar[HandlerKind]
    peers: ClassVar[Mapping[str, str]]
    dev_server: ClassVar[DevServer | None]
    called: ClassVar[str]
    folder: ClassVar[str]
    out: ClassVar[str]
    module: ClassVar[str]
    library = "web"
    runs_on_node: ClassVar[bool] = False
    event: ClassVar[HandlerShape | None] = None

    @property
    def kinds(self) -> frozenset[HandlerKind]:
        """The one kind of its handlers."""
        return frozenset({self.kind})

    @property
    def abilities(self) -> Abilities:
        """The abilities of its apps: those of routes in files."""
        endpoint, guard = (
            self.route_file(self.folder, parts, "ts") or ""
            for parts in (["api", "inngest"], ["api", "cronshift", "api", "cron", "x"])
        )
        return Abilities(endpoint, guard, self.called)

    @abstractmethod
    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the file of the route that answers a path; ``None`` where no file can."""

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project has the framework's router."""
        router = resolver.router
        return router is not None and not resolver.next.present and router.kind is self.kind

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why the app is not told, or is written in no one language."""
        is_typescript = (project.root / resolver.app / "tsconfig.json").is_file()
        has_routes = any(
            route.handler.kind is self.kind and route.handler.language == "typescript"
            for route in resolver.table.routes
        )
        if not resolver.tree.packages(resolver.app):
            return NO_MANIFEST
        return UNTYPED if has_routes and not is_typescript else None

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folder of the routes."""
        folder = f"{resolver.app}/{self.folder}".lstrip("/")
        is_typed = f"{resolver.app}/tsconfig.json".lstrip("/") in resolver.tree.files
        written = any(
            route.handler.kind is self.kind and route.handler.language == "javascript"
            for route in resolver.table.routes
        )
        return Routers(folder, suffix="js" if written and not is_typed else "ts")

    def usual_out(self, root: Path) -> str:
        """Return the folder of the generated files."""
        return self.out

    def endpoint_file(self, routers: Routers) -> str | None:
        """Return the route of the endpoint."""
        parts = ENDPOINT.strip("/").split("/")
        return self.route_file(routers.app or self.folder, parts, routers.suffix)

    def endpoint_path(self, resolver: Resolver) -> str:
        """Return the usual path."""
        return ENDPOINT

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why a handler needs more than a call gives it."""
        if handler.ambient:
            chain = " → ".join(handler.ambient)
            return f"{handler.file} needs what only {self.title} gives a request ({chain})"
        if handler.runtime == "edge":
            return f"{handler.file} runs on the Edge"
        is_told = self.params(routers, handler, path) is not None
        return None if is_told else f"the path does not tell the parameters of {handler.file}"

    def params(
        self, routers: Routers, handler: Handler, path: str
    ) -> dict[str, str | list[str]] | None:
        """Return the parameters of a handler's route for a path; ``None`` where it does not tell them."""
        if not handler.file.startswith(f"{routers.app}/") or "[" not in handler.file:
            return {}
        return bracket_params(self.parts_of(handler.file.removeprefix(f"{routers.app}/")), path)

    def parts_of(self, file: str) -> list[str]:
        """Return the parts of a route's path, by its file below the folder."""
        return file.split("/")[:-1]

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the route's handler, made a route by the library."""
        handler, name = job.handler, job.handler.export if job.handler else ""
        if handler is None:
            return Callee()
        params = self.params(app.routers, handler, job.entry.path.partition("?")[0]) or {}
        wrapper = Wrapper("routed", self.module)
        if name == "default":
            return Callee(handler.file, wrapper, name, "handler", "handler", params)
        is_taken = name in TAKEN or name in {function_name(job.id), wrapper.name}
        clause = f"{{ {name} as handler }}" if is_taken else f"{{ {name} }}"
        return Callee(handler.file, wrapper, name, clause, "handler" if is_taken else name, params)

    def dispatcher_file(self, routers: Routers, job: Job, parts: Sequence[str]) -> str | None:
        """Return the file of the route below the mount."""
        below = [*MOUNT.strip("/").split("/"), *parts]
        return self.route_file(routers.app or self.folder, below, routers.suffix)

    def dispatcher(self, plan: Plan, dispatcher: Dispatcher) -> str:
        """Return the route, which may run as long as the handler."""
        from cronshift.targets.typescript.dispatching import (
            answering,
            guard_constant,
            library_lines,
        )

        app, file, behind = app_of(plan), dispatcher.file, self.behind(plan, dispatcher)
        called = behind.called
        return render(
            "typescript",
            "web-dispatcher.ts",
            path=comment(dispatcher.path),
            imports=self.dispatcher_imports,
            clause=_as_route(called) if called else None,
            handler=called.module_from(file, app.code.alias) if called else None,
            library=library_lines(plan, file, self._names(plan, dispatcher)),
            out=import_path(plan.out, file, app.code.alias),
            settings=self.settings(duration(dispatcher.jobs[0])),
            jobs=guard_constant(plan, dispatcher),
            claims=app.claims is not None,
            answered=self.answered(
                answering(plan, dispatcher, behind.way), f"{MOUNT}{dispatcher.path.rstrip('/')}"
            ),
        )

    @abstractmethod
    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the way on from a dispatcher's route."""

    def _names(self, plan: Plan, dispatcher: Dispatcher) -> dict[str, list[str]]:
        """Return the names that a dispatcher's route takes from the library, by module."""
        from cronshift.targets.typescript.dispatching import answering_names

        behind = self.behind(plan, dispatcher)
        return {
            **answering_names(plan, dispatcher, behind.way),
            **behind.names,
        }

    def dispatcher_modules(self, plan: Plan, dispatcher: Dispatcher) -> set[str]:
        """Return the guard's modules, that of the way on, and the ledger's where there is one."""
        return set(self._names(plan, dispatcher))

    def endpoint(self, plan: Plan, file: str) -> str:
        """Return the endpoint of the generated functions."""
        alias = app_of(plan).code.alias
        functions = import_path(f"{plan.out}/functions", file, alias)
        return self._endpoint(plan, file, functions, None, longest_duration(plan))

    def own_endpoint(self, plan: Plan, endpoint: OwnEndpoint) -> str:
        """Return the endpoint of the app's own functions, and of what is generated."""
        return self._endpoint(
            plan, endpoint.file, endpoint.generated, endpoint.jobs, endpoint.max_duration
        )

    def _endpoint(
        self, plan: Plan, file: str, generated: str | None, jobs: str | None, seconds: int
    ) -> str:
        alias = app_of(plan).code.alias
        serving = f"serve({{ client: inngest, {'functions: jobs' if jobs else 'functions'} }})"
        if jobs and generated:
            both = ["client: inngest", "functions: [...jobs, ...cronshiftFunctions]"]
            serving = braced("serve({", both, "})")
        return render(
            "typescript",
            "web-endpoint.ts",
            adapter=text(self.adapter),
            imports=self.endpoint_imports,
            client=client_import(plan, file),
            generated=generated,
            jobs=jobs,
            tell=import_path(f"{plan.out}/ownership", file, alias) if generated else None,
            settings=self.settings(seconds),
            served=self.served(serving, tells=generated is not None),
            told=self.telling_import(plan, file) if generated else None,
            telling=self.telling if generated else None,
        )

    def endpoint_modules(self, app: TypescriptApp) -> set[str]:
        """Return none: what tells of the file takes a request."""
        return set()

    def additions(
        self, routers: Routers, file: str, seconds: int | None, ownership: str
    ) -> Additions:
        """Return the duration, and what tells of the file; none where the file is no route."""
        if not file.startswith(f"{routers.app}/"):
            return Additions()
        lines = [line.replace("OWNERSHIP", ownership) for line in self.own_telling or [""]]
        *imports, telling = map(untyped, lines) if routers.language == "js" else lines
        return Additions(self.duration, seconds, telling, tuple(imports))

    def shape_of(self, handler: Handler) -> HandlerShape | None:
        """Return the shape that all of its handlers have."""
        return self.event

    def untied(self, source: str) -> str | None:
        """Return the source: no import of it hangs on being a route."""
        return source

    def is_quiet(self, kind: HandlerKind) -> bool:
        """Return False: nothing is known of OPTIONS."""
        return False

    def untyped_yet(self, root: Path, plan: Plan) -> str | None:
        """Return none: a new route is a module as any other."""
        return None

    # What differs in the text of routes.

    dispatcher_imports: ClassVar[Sequence[str]] = ()
    endpoint_imports: ClassVar[Sequence[str]] = ()
    telling: ClassVar[str]
    duration: ClassVar[str | None] = None
    own_telling: ClassVar[Sequence[str]] = ()

    def telling_import(self, plan: Plan, file: str) -> str | None:
        """Return the import by which an endpoint tells of its file, beside that of the file itself."""
        return None

    def settings(self, seconds: int) -> list[str]:
        """Return the statements by which a route says how long it may run."""
        return []

    @abstractmethod
    def served(self, serving: str, *, tells: bool) -> str:
        """Return the statements that export an endpoint."""

    @abstractmethod
    def answered(self, answer: str, path: str) -> str:
        """Return the statements that export a dispatcher's route at ``path``; ``answer`` takes a request."""


def _as_route(called: Callee) -> str:
    """Return the clause by which a dispatcher's route imports a handler, as ``route``."""
    return "route" if called.export == "default" else f"{{ {called.export} as route }}"
