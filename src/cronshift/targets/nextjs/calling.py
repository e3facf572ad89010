"""The way of a generated function, or the dispatcher, to a handler in process."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.handlers.next import route_params
from cronshift.model import BridgeSettings, HandlerKind, Mode
from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.imports import import_path
from cronshift.targets.nextjs.naming import TAKEN, function_name
from cronshift.targets.nextjs.source import data, text
from cronshift.targets.target import Direct, OverHttp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.model import Handler, Job, Plan
    from cronshift.project.conventions.code import Alias
    from cronshift.targets.nextjs.app import Routers
    from cronshift.targets.target import Reach


PAGED, EDGED, NAVIGATED = "paged", "edged", "navigated"


class Callee(Struct, frozen=True):
    """A handler to call.

    Attributes:
        file: its module; ``None`` for one that is reached over HTTP.
        wrapper: what makes a route of it, where it is none, or not all of its answers are returned.
        export: what its module calls it.
        clause: what is imported from the module.
        name: what it is called behind the import.
        params: of a dynamic route.
        base: arguments that say at which address a route is called over HTTP, where it is not as usual.
    """

    file: str | None = None
    wrapper: str | None = None
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
        if self.wrapper == PAGED:
            params = f", {data(self.params)}" if self.params else ""
            return f"direct(paged({self.name}{params}), {call})"
        route = f"{self.wrapper}({self.name})" if self.wrapper else self.name
        params = f", withParams({data(self.params)})" if self.params else ""
        return f"direct({route}, {call}{params})"


def reach(routers: Routers, handler: Handler | None, path: str) -> Reach:
    """Return a function's reach of a handler: its route's module, or HTTP and the reason."""
    reason = _not_importable(routers, handler, path.partition("?")[0])
    return Direct() if reason is None else OverHttp(reason)


def without_get(reach: Reach) -> Reach:
    """Return the reach of a handler whose module has no ``GET`` to import."""
    return reach if isinstance(reach, OverHttp) else OverHttp("its route has no GET to import")


def _not_importable(routers: Routers, handler: Handler | None, path: str) -> str | None:
    """Return the reason why TypeScript cannot import a handler and call it."""
    if handler is None:
        return "no source of this app answers its path"
    folders = {HandlerKind.NEXT_ROUTE: routers.app, HandlerKind.NEXT_PAGES: routers.pages}
    if handler.kind not in folders:
        return f"{handler.file} is no route of Next.js"
    if handler.language != "typescript" and not routers.takes_javascript:
        return f"{handler.file} is not TypeScript, and tsconfig.json does not allowJs"
    if handler.ambient:
        chain = " → ".join(handler.ambient)
        return f"{handler.file} needs what only Next.js gives a request ({chain})"
    if "[" not in handler.file:
        return None
    if handler.kind is HandlerKind.NEXT_PAGES and handler.runtime == "edge":
        return "Next.js writes the path's parameters into the query of an edge route"
    below = path.removeprefix(routers.base_path)
    is_told = route_params(folders[handler.kind] or "", handler.file, below) is not None
    return None if is_told else f"the path does not tell the parameters of {handler.file}"


def _base(bridge: BridgeSettings) -> tuple[str, ...]:
    usual = bridge.base_url is None and bridge.base_url_env == BridgeSettings().base_url_env
    return () if usual else (bridge.base_url_env, *([bridge.base_url] if bridge.base_url else ()))


def callee(plan: Plan, job: Job) -> Callee:
    """Return the handler that the plan's job calls."""
    handler = job.handler
    if job.mode is not Mode.DIRECT or handler is None:
        return Callee(base=_base(plan.bridge))
    in_pages = handler.kind is HandlerKind.NEXT_PAGES
    routers = app_of(plan).routers
    folder = (routers.pages if in_pages else routers.app) or ""
    path = job.entry.path.partition("?")[0].removeprefix(routers.base_path)
    params = (route_params(folder, handler.file, path) or {}) if "[" in handler.file else {}
    if not in_pages:
        name = handler.export
        is_taken = name in TAKEN or name == function_name(job.id)
        clause = f"{{ {name} as handler }}" if is_taken else f"{{ {name} }}"
        return Callee(
            handler.file,
            NAVIGATED if "navigation" in handler.answers else None,
            export=name,
            clause=clause,
            name="handler" if is_taken else name,
            params=params,
        )
    return Callee(
        handler.file,
        EDGED if handler.runtime == "edge" else PAGED,
        export="default",
        clause="handler",
        name="handler",
        params=params,
    )
