"""The interface of frameworks: what is one framework's own in an app that functions live in.

A framework is a guest of this target, as a target is one of the house: an object of that shape in
``frameworks/``, and a line in that folder's list. Everything else here is the same for all of them.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.source import data, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, HandlerKind, Job, Plan
    from cronshift.project import Project
    from cronshift.project.conventions.code import Alias
    from cronshift.targets.direct.javascript.routes import HandlerShape
    from cronshift.targets.typescript.app import Routers, TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher

UNTYPED = "its routes are TypeScript, and no tsconfig.json says how they are compiled"
NO_MANIFEST = "no package.json names its packages"


class Wrapper(Struct, frozen=True):
    """A function of the library that makes a route of a handler which is none by itself.

    Attributes:
        takes_params: whether it is told the path's parameters, which a route is called with else.
        within: what the handler is wrapped in first.
    """

    name: str
    module: str
    takes_params: bool = True
    within: Wrapper | None = None

    def around(self, handler: str, params: str = "") -> str:
        """Return the expression of the route that it makes of a handler, an expression too."""
        inner = self.within.around(handler) if self.within else handler
        return f"{self.name}({inner}{params})"

    @property
    def imported(self) -> dict[str, list[str]]:
        """The names that it takes from the library, by module."""
        return {**(self.within.imported if self.within else {}), self.module: [self.name]}


SENDING = Wrapper("sending", "sending", takes_params=False)
"""What adds the methods to a response of Node's that few handlers use."""


class Callee(Struct, frozen=True):
    """A handler to call.

    Attributes:
        file: its module; ``None`` for one that is reached over HTTP.
        wrapper: what makes a route of it, where it takes something else than a request.
        export: what its module calls it.
        clause: what is imported from the module.
        name: what it is called behind the import.
        params: of a dynamic route.
        base: arguments that say at which address a route is called over HTTP, where it is not as usual.
    """

    file: str | None = None
    wrapper: Wrapper | None = None
    export: str = ""
    clause: str = ""
    name: str = ""
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    base: tuple[str, ...] = ()

    def module_from(self, file: str, alias: Alias | None) -> str | None:
        """Return the import path of the handler's module in ``file``, a string literal."""
        if self.file is None:
            return None
        return text(import_path(str(PurePosixPath(self.file).with_suffix("")), file, alias))

    def answering(self, call: str) -> str:
        """Return the expression that answers ``call``, an expression too."""
        if self.file is None:
            return f"bridged({', '.join([call, *map(text, self.base)])})"
        params = f", {data(self.params)}" if self.params else ""
        if self.wrapper is not None and self.wrapper.takes_params:
            return f"direct({self.wrapper.around(self.name, params)}, {call})"
        route = self.wrapper.around(self.name) if self.wrapper else self.name
        context = f", withParams({data(self.params)})" if self.params else ""
        return f"direct({route}, {call}{context})"

    @property
    def modules(self) -> set[str]:
        """The modules of the library that calling it needs."""
        if self.file is None:
            return {"bridge"}
        takes_params = self.wrapper is not None and self.wrapper.takes_params
        return {
            *(self.wrapper.imported if self.wrapper else []),
            *(["params"] if self.params and not takes_params else []),
        }


class WayOn(Struct, frozen=True):
    """The way on from a dispatcher's route that takes a request, once the guard lets a call by.

    Attributes:
        expression: of what answers.
        is_once: whether it answers a request once only, and so no dry run beside it: that is asked for
            over HTTP.
        context: the expression of what a route is called with beside the request; empty for none.
        is_edge: whether it is the Edge's.
        base_path: what begins every path that is asked for over HTTP.
    """

    expression: str
    is_once: bool = False
    context: str = ""
    is_edge: bool = False
    base_path: str = ""


class OwnEndpoint(Struct, frozen=True):
    """An endpoint that serves functions of the app's own.

    Attributes:
        file: its source.
        jobs: the import path of their list.
        generated: that of the generated functions; ``None`` where there are none.
        max_duration: in seconds.
    """

    file: str
    jobs: str
    generated: str | None
    max_duration: int


class Additions(Struct, frozen=True):
    """The additions to a serve route of the app's own, beside the functions.

    Attributes:
        duration: the export by which it says how long it may run, ``maxDuration`` or ``config``;
            ``None`` where that is said elsewhere.
        seconds: that it must be allowed to run; ``None`` where nothing says.
        telling: the statement by which it tells which ownership file is held; empty for none.
        imports: what that statement needs.
    """

    duration: str | None = None
    seconds: int | None = None
    telling: str = ""
    imports: tuple[str, ...] = ()


class DevServer(Struct, frozen=True):
    """The framework's own server for developers.

    Attributes:
        program: what people call it.
        package: the package that it comes with.
        scripts: its file below ``node_modules``, in one version or another.
        arguments: behind the script; ``{host}`` and ``{port}`` are filled in.
    """

    program: str
    package: str
    scripts: Sequence[str]
    arguments: Sequence[str]


class Abilities(Struct, frozen=True):
    """The abilities of a framework's apps once they have moved.

    Attributes:
        endpoint: the file that serves functions.
        guard: the file of the guard before ``/api/cron/x``.
        called: the way a function calls a handler in process, in words.
        retires: whether a route goes at the end, its work being its function's.
    """

    endpoint: str
    guard: str
    called: str
    retires: bool = True


class AppFramework(Protocol):
    """One framework: where its routes are, how they are called, what is generated as one of them.

    The methods stand in the order in which they are asked: detecting, placing, reaching handlers,
    generating, checking and running.
    """

    @property
    def name(self) -> str:
        """The name of the framework, as Vercel spells it."""

    @property
    def title(self) -> str:
        """The name of the framework in sentences."""

    @property
    def adapter(self) -> str:
        """The module of the SDK that serves functions in it."""

    @property
    def kinds(self) -> frozenset[HandlerKind]:
        """The kinds of handlers that a function calls in process."""

    @property
    def library(self) -> str | None:
        """The folder of the library's modules that stand in for those of the same name; ``None`` for none."""

    @property
    def abilities(self) -> Abilities:
        """The abilities of its apps, as docs/frameworks.md tells them."""

    @property
    def runs_on_node(self) -> bool:
        """True when Node itself resolves the imports of what is deployed, and no bundler."""

    @property
    def peers(self) -> Mapping[str, str]:
        """The ranges of packages that the SDK wants beside it."""

    @property
    def dev_server(self) -> DevServer | None:
        """The server that runs the app for a developer; ``None`` where there is none."""

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project is an app of the framework."""

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why functions do not go into such an app unasked, without a period."""

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folders of an app's routes, and how they are named."""

    def usual_out(self, root: Path) -> str:
        """Return the folder of the generated files where neither the user nor the app says another."""

    def endpoint_file(self, routers: Routers) -> str | None:
        """Return the route that serves an app's functions, generated where there is none."""

    def endpoint_path(self, resolver: Resolver) -> str:
        """Return the path at which the network finds the endpoint."""

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why no function can call a handler in process, without a period."""

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the handler of a job that is called in process."""

    def dispatcher_file(self, routers: Routers, job: Job, parts: Sequence[str]) -> str | None:
        """Return the file of a job's route in the dispatcher; ``parts`` are those of its path."""

    def dispatcher(self, plan: Plan, dispatcher: Dispatcher) -> str:
        """Return the source of one route of the dispatcher."""

    def dispatcher_modules(self, plan: Plan, dispatcher: Dispatcher) -> set[str]:
        """Return the names of the library's modules that the route imports, the guard's left out."""

    def endpoint(self, plan: Plan, file: str) -> str:
        """Return the source of the route that serves the generated functions."""

    def endpoint_modules(self, app: TypescriptApp) -> set[str]:
        """Return the names of the library's modules that the endpoint imports."""

    def own_endpoint(self, plan: Plan, endpoint: OwnEndpoint) -> str:
        """Return the source of the route that serves functions of the app's own."""

    def additions(
        self, routers: Routers, file: str, seconds: int | None, ownership: str
    ) -> Additions:
        """Return the additions to an endpoint of the app's own; ``ownership`` is imported to tell."""

    def shape_of(self, handler: Handler) -> HandlerShape | None:
        """Return the shape of a handler that does not take a request alone; ``None`` for one that does."""

    def untied(self, source: str) -> str | None:
        """Return a route's source without what only a route can import; ``None`` where it must stay one."""

    def is_quiet(self, kind: HandlerKind) -> bool:
        """Return whether OPTIONS to a route of such a handler runs none of its code, where it exports none."""

    def untyped_yet(self, root: Path, plan: Plan) -> str | None:
        """Return the reason why the compiler cannot judge generated routes yet, without a period."""
