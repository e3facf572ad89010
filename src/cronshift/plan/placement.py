"""PLACE: where a target's files go in a project, and which handlers its functions can call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cronshift.handlers.next import route_params
from cronshift.model import PYTHON_KINDS, AppCode, Handler, HandlerKind, Routers
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.conventions import code_of
from cronshift.project.settings import Settings
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from cronshift.plan.handler_findings import Judge
    from cronshift.project import Project

NEXTJS = "nextjs"


def called_paths(target: str) -> tuple[str, ...]:
    """Return the paths of its own that a target's app is called at."""
    return (ENDPOINT, MOUNT) if target == NEXTJS else (ENDPOINT,)


def out_folder(project: Project, settings: Settings) -> str:
    """Return the folder of the generated files: the user's, else what is usual for the target.

    Where the usual one holds functions of the app's own, another beside it.
    """
    if settings.target != NEXTJS or settings.out != Settings().out:
        return settings.out
    routers = ("app", "pages")
    at_root = any((project.root / name).is_dir() for name in routers)
    in_source = any((project.root / "src" / name).is_dir() for name in routers)
    library = "src/lib" if in_source and not at_root else "lib"
    usual = project.root / library / "inngest"
    taken = any((usual / name).exists() for name in ("functions", "functions.ts", "functions.js"))
    is_ours = any((usual / f"cronshift.{suffix}").is_file() for suffix in ("ts", "js"))
    return f"{library}/{'cronshift' if taken and not is_ours else 'inngest'}"


def endpoint_of(judge: Judge) -> str | None:
    """Return the route that serves an app's functions, generated where there is none."""
    router = judge.resolver.next
    if router.app_folder:
        return f"{router.app_folder}/api/inngest/route.{router.suffix}"
    return f"{router.pages_folder}/api/inngest.{router.suffix}" if router.pages_folder else None


def routers_of(judge: Judge) -> Routers:
    """Return where a Next.js app has its routes."""
    router = judge.resolver.next
    config = router.config
    compiler = judge.resolver.tree.data("tsconfig.json").get("compilerOptions")
    allowed = isinstance(compiler, dict) and compiler.get("allowJs") is True
    return Routers(router.app_folder, router.pages_folder, config.base_path, router.suffix, allowed)


def app_code(judge: Judge, settings: Settings) -> AppCode:
    """Return what the app's own code shows; an id that only running it tells is the user's to say."""
    if settings.target != NEXTJS:
        return AppCode()
    code = code_of(judge.resolver.tree)
    if code.client is None or code.client.app_id is not None:
        return code
    return replace(code, client=replace(code.client, app_id=settings.app_id))


def is_callable(handler: Handler, path: str, settings: Settings, routers: Routers) -> bool:
    """Return whether a generated function can call a handler in process."""
    if settings.target != NEXTJS:
        return handler.kind in PYTHON_KINDS
    folders = {HandlerKind.NEXT_ROUTE: routers.app, HandlerKind.NEXT_PAGES: routers.pages}
    if handler.kind not in folders or handler.ambient:
        return False
    if handler.language != "typescript" and not routers.takes_javascript:
        return False
    if "[" not in handler.file:
        return True
    if handler.kind is HandlerKind.NEXT_PAGES and handler.runtime == "edge":
        return False  # Next writes the parameters into the query of its request
    below = path.partition("?")[0].removeprefix(routers.base_path)
    return route_params(folders[handler.kind] or "", handler.file, below) is not None
