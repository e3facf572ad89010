"""Next.js: the app and the pages router."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.next import route_params
from cronshift.model import HandlerKind
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.targets.typescript.app import Routers
from cronshift.targets.typescript.framework import (
    SENDING,
    UNTYPED,
    Abilities,
    Callee,
    DevServer,
    Wrapper,
)
from cronshift.targets.typescript.naming import TAKEN, function_name
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Job, Plan
    from cronshift.project import Project
    from cronshift.targets.direct.javascript.routes import HandlerShape
    from cronshift.targets.typescript.app import TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher
    from cronshift.targets.typescript.framework import Additions, OwnEndpoint

_ROUTERS = ("app", "pages")
_PAGED = Wrapper("paged", "pages")
_SENDING = replace(_PAGED, within=SENDING)
_EDGED = Wrapper("edged", "edge", takes_params=False)
_NAVIGATED = Wrapper("navigated", "navigation", takes_params=False)


class Nextjs:
    """Next.js, whose routes export ``GET``, or as pages take ``(req, res)``."""

    name = "nextjs"
    title = "Next.js"
    adapter = "inngest/next"
    kinds = frozenset({HandlerKind.NEXT_ROUTE, HandlerKind.NEXT_PAGES})
    library = None
    abilities = Abilities(
        "app/api/inngest/route.ts",
        "app/api/cronshift/api/cron/x/route.ts",
        "`GET` with a `NextRequest`; of the pages router, `(req, res)`",
    )
    runs_on_node = False
    peers = {"next": ">=12.0.0"}  # noqa: RUF012 - read only
    dev_server = DevServer(
        "next dev",
        "next",
        ("next/dist/bin/next",),
        ("dev", "--port", "{port}", "--hostname", "{host}"),
    )

    def present(self, resolver: Resolver) -> bool:
        """Return whether the project is a Next.js app, and Vercel is told of no other."""
        named = resolver.document.get("framework")
        return resolver.next.present and (not isinstance(named, str) or named == self.name)

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why the app has no router, or is written in no one language.

        TypeScript without a tsconfig.json is neither: nothing tells how it is compiled.
        """
        has_routers = resolver.next.app_folder or resolver.next.pages_folder
        is_typescript = (project.root / resolver.app / "tsconfig.json").is_file()
        is_below = project.framework is None and bool(
            resolver.app
        )  # what the root is tells nothing
        is_named = is_below or (project.framework or "").startswith(self.name)
        is_whole = is_typescript or not _has_typescript(resolver)
        if not has_routers:
            return "the app has no folder of routes"
        if not is_named:
            return f"the framework is {project.framework or 'not told'}"
        return None if is_whole else UNTYPED

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folders of both routers."""
        router = resolver.next
        base_path = router.config.base_path
        return Routers(router.app_folder, router.pages_folder, base_path, router.suffix)

    def usual_out(self, root: Path) -> str:
        """Return ``lib/inngest``, below ``src`` where the routers are."""
        at_root = any((root / name).is_dir() for name in _ROUTERS)
        in_source = any((root / "src" / name).is_dir() for name in _ROUTERS)
        return "src/lib/inngest" if in_source and not at_root else "lib/inngest"

    def endpoint_file(self, routers: Routers) -> str | None:
        """Return the route of the app router, else a page."""
        if routers.app:
            return f"{routers.app}/api/inngest/route.{routers.suffix}"
        return f"{routers.pages}/api/inngest.{routers.suffix}" if routers.pages else None

    def endpoint_path(self, resolver: Resolver) -> str:
        """Return the path below the base path, and where Next sends nobody on."""
        config = resolver.next.config
        slash = config.trailing_slash and not config.skips_slash_redirect
        return f"{config.base_path}{ENDPOINT}{'/' if slash else ''}"

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why TypeScript cannot import a handler and call it."""
        folder = routers.app if handler.kind is HandlerKind.NEXT_ROUTE else routers.pages
        if handler.ambient:
            chain = " → ".join(handler.ambient)
            return f"{handler.file} needs what only Next.js gives a request ({chain})"
        if "[" not in handler.file:
            return None
        if handler.kind is HandlerKind.NEXT_PAGES and handler.runtime == "edge":
            return "Next.js writes the path's parameters into the query of an edge route"
        below = path.removeprefix(routers.base_path)
        is_told = route_params(folder or "", handler.file, below) is not None
        return None if is_told else f"the path does not tell the parameters of {handler.file}"

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the route's ``GET``, or the page's default export."""
        handler, routers = job.handler, app.routers
        if handler is None:
            return Callee()
        in_pages = handler.kind is HandlerKind.NEXT_PAGES
        folder = (routers.pages if in_pages else routers.app) or ""
        path = job.entry.path.partition("?")[0].removeprefix(routers.base_path)
        params = (route_params(folder, handler.file, path) or {}) if "[" in handler.file else {}
        if in_pages:
            node = _SENDING if "send" in handler.answers else _PAGED
            page = _EDGED if handler.runtime == "edge" else node
            return Callee(handler.file, page, "default", "handler", "handler", params)
        name = handler.export
        is_taken = name in TAKEN or name == function_name(job.id)
        clause = f"{{ {name} as handler }}" if is_taken else f"{{ {name} }}"
        wrapper = _NAVIGATED if "navigation" in handler.answers else None
        return Callee(handler.file, wrapper, name, clause, "handler" if is_taken else name, params)

    def dispatcher_file(self, routers: Routers, job: Job, parts: Sequence[str]) -> str | None:
        """Return the file in the handler's own router, else in the one that there is."""
        in_pages = job.handler is not None and job.handler.kind is HandlerKind.NEXT_PAGES
        folder = (routers.pages or routers.app) if in_pages else (routers.app or routers.pages)
        if folder is None:
            return None
        place = f"{folder}{MOUNT}/{'/'.join(parts)}"
        if folder == routers.app:
            return f"{place}/route.{routers.suffix}"
        return None if parts[-1] == "index" else f"{place}.{routers.suffix}"

    def dispatcher(self, plan: Plan, dispatcher: Dispatcher) -> str:
        """Return the route, which runs where and as long as the handler does."""
        from cronshift.targets.typescript.frameworks.nextjs_routes import dispatcher_route

        return dispatcher_route(plan, dispatcher)

    def dispatcher_modules(self, plan: Plan, dispatcher: Dispatcher) -> set[str]:
        """Return the modules of the route's own router."""
        from cronshift.targets.typescript.frameworks.nextjs_routes import dispatcher_modules

        return dispatcher_modules(plan, dispatcher)

    def endpoint(self, plan: Plan, file: str) -> str:
        """Return the endpoint of the app's router."""
        from cronshift.targets.typescript.frameworks.nextjs_routes import endpoint

        return endpoint(plan, file)

    def endpoint_modules(self, app: TypescriptApp) -> set[str]:
        """Return the module by which a page tells of its file."""
        return {"pages"} if app.endpoint_file and not app.routers.app else set()

    def own_endpoint(self, plan: Plan, endpoint: OwnEndpoint) -> str:
        """Return the endpoint of the app's router, as an app would have it."""
        from cronshift.targets.typescript.frameworks.nextjs_routes import own_endpoint

        return own_endpoint(plan, endpoint)

    def additions(
        self, routers: Routers, file: str, seconds: int | None, ownership: str
    ) -> Additions:
        """Return those of its router; none where the file is no route."""
        from cronshift.targets.typescript.frameworks.nextjs_routes import additions

        return additions(file, seconds, ownership)

    def shape_of(self, handler: Handler) -> HandlerShape | None:
        """Return none: a route takes a request."""
        return None

    def untied(self, source: str) -> str | None:
        """Return the source: no import of it hangs on being a route."""
        return source

    def is_quiet(self, kind: HandlerKind) -> bool:
        """Return whether it is a route of the app router, for which Next answers."""
        return kind is HandlerKind.NEXT_ROUTE

    def untyped_yet(self, root: Path, plan: Plan) -> str | None:
        """Return none: a new route is a module as any other."""
        return None


def _has_typescript(resolver: Resolver) -> bool:
    folders = tuple(
        f"{folder}/" for folder in (resolver.next.app_folder, resolver.next.pages_folder) if folder
    )
    return any(
        file.startswith(folders) and file.endswith((".ts", ".tsx", ".mts"))
        for file in resolver.tree.files
    )


NEXTJS = Nextjs()
