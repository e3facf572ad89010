"""The placing of generated files in an app, and whether there is one that they can live in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import ConfigError
from cronshift.handlers.site_config import base_path
from cronshift.model import Library, OwnershipSource
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.conventions import code_of
from cronshift.project.conventions.inngest import serve_file_of
from cronshift.project.inngest_sdk import sdk_of
from cronshift.project.locks import package_manager
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.targets.target import DoesNotFit, Fits, Placement
from cronshift.targets.typescript.app import TypescriptApp
from cronshift.targets.typescript.tsconfig import lacks_json_modules
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.handlers.tree import SourceTree
    from cronshift.project import Project
    from cronshift.targets.target import Fit
    from cronshift.targets.typescript.app import Routers
    from cronshift.targets.typescript.framework import AppFramework

_CODE = (".ts", ".mts", ".tsx", ".js", ".mjs", ".cjs", ".jsx")
_SERVING = lazy_pattern(
    r"""\bserve\b[^;]*?["']inngest/(?!types|components|helpers|middleware|test|api)[\w/-]+["']"""
)
_VARIABLE = "CRONSHIFT_OWNERSHIP_URL"


def fit(framework: AppFramework, project: Project, resolver: Resolver) -> Fit:
    """Return whether the project is an app of a framework."""
    if framework.present(resolver):
        why = framework.unsuited(project, resolver)
        serving = own_serving(resolver.tree) if framework.library is not None else None
        if serving is not None and serve_file_of(resolver.tree) is None:
            return DoesNotFit(
                f"{serving} serves functions of the app's own, and no call of serve in it can be extended.",
                suits=why is None,
            )
        router = resolver.router
        base = base_path(resolver.tree, resolver.app, router.name) if router is not None else ""
        if base:
            return DoesNotFit(
                f"every path of the app begins with {base}, which functions in Next.js alone allow for.",
                suits=why is None,
            )
        return Fits(why)
    other = resolver.router.name if resolver.router else project.framework
    what = f"this is an app of {other}" if other else f"nothing here uses {framework.title}"
    return DoesNotFit(f"{what}, and its functions would be routes of a {framework.title} app.")


def own_serving(tree: SourceTree) -> str | None:
    """Return the file by which an app serves functions that are not cronshift's; ``None`` for none.

    What stands there once cronshift has written is its own, or was extended by it.
    """
    if OWNERSHIP_NAME in tree.files:
        return None
    files = (file for file in tree.files if file.endswith(_CODE))
    return next((file for file in sorted(files) if _SERVING.search(tree.read(file))), None)


def place(framework: AppFramework, project: Project, resolver: Resolver) -> Placement:
    """Return the placement of the files in an app.

    Raises:
        ConfigError: for one that is to have installed what can only be copied.
    """
    folder = resolver.app
    if framework.library is not None and project.settings.library is Library.NPM:
        raise ConfigError(
            f"What functions share is copied into a {framework.title} app: there is no package of it.",
            reason="invalid-config",
            hint="Take `runtime` out of [project].",
            where=project.settings.file,
        )
    usual = usual_out(framework, project.root / folder)
    out = project.settings.out or f"{folder}/{usual}".lstrip("/")
    code = code_of(resolver.tree, out)
    if (
        folder or framework.runs_on_node
    ):  # the alias is that of the root's tsconfig.json, which neither an app below nor Node knows
        code = replace(code, alias=None)
    if code.client is not None and code.client.app_id is None:  # only running the app tells it
        code = replace(code, client=replace(code.client, app_id=project.settings.app_id))
    routers = framework.routers(resolver)
    if routers.mount is not None:  # what runs without a bundler knows no alias
        code = replace(code, alias=None)
    routers = replace(routers, allows_javascript=_allows_javascript(resolver))
    app = TypescriptApp(
        framework,
        endpoint_file=framework.endpoint_file(routers),
        sdk_major=_major(resolver),
        routers=routers,
        code=code,
        sessions=f"{out}/sessions/index.{routers.language}" in resolver.tree.files,
        folder=folder,
        compile_timeout=project.settings.validate.compile_timeout,
        manager=package_manager(project.root / folder),
        library=project.settings.library,
        reads_environment=_reads_environment(project, resolver, out),
        endpoint_path=framework.endpoint_path(resolver),
        has_ledger=project.settings.ledger or _rehearses(project),
        names_files=framework.runs_on_node and is_module(resolver.tree, folder),
        claims=project.settings.claims,
        lacks_json_modules=_builds_in(routers) and lacks_json_modules(resolver.tree, folder),
    )
    return Placement(
        out, (ENDPOINT, MOUNT), app_id=code.client.app_id if code.client else None, data=app
    )


def _builds_in(routers: Routers) -> bool:
    """Return whether the compiler has the ownership file to take in: it imports it."""
    return routers.mount is None and routers.language == "ts"


def usual_out(framework: AppFramework, root: Path) -> str:
    """Return the folder of the generated files where the user names none.

    Where the usual one holds functions of the app's own, another beside it.
    """
    name = framework.usual_out(root)
    usual = root / name
    taken = any((usual / file).exists() for file in ("functions", "functions.ts", "functions.js"))
    ours = ("ownership.ts", "ownership.js", "cronshift.ts", "cronshift.js")
    is_ours = any((usual / file).is_file() for file in ours)
    return f"{name.rpartition('/')[0]}/cronshift" if taken and not is_ours else name


def _rehearses(project: Project) -> bool:
    """Return whether some job has a dry run, of which only a ledger could tell anything."""
    settings = project.settings
    options = [settings.defaults, *(job.over(settings.defaults) for job in settings.jobs.values())]
    return any(option.rehearsal is not None for option in options)


def _reads_environment(project: Project, resolver: Resolver, out: str) -> bool:
    """Return whether variables may say whose a tick is: as is set, and where they did before."""
    tree = resolver.tree
    is_there = any(
        file in tree.files and _VARIABLE in tree.read(file)
        for suffix in ("ts", "js")
        for file in (f"{out}/ownership.{suffix}", f"{out}/cronshift/environment.{suffix}")
    )
    return is_there or project.settings.ownership is OwnershipSource.ENVIRONMENT


def _allows_javascript(resolver: Resolver) -> bool:
    options = resolver.tree.data(f"{resolver.app}/tsconfig.json".lstrip("/")).get("compilerOptions")
    return isinstance(options, dict) and options.get("allowJs") is True


def is_module(tree: SourceTree, folder: str) -> bool:
    """Return whether Node takes an app's own files for ES modules."""
    manifest = tree.data(f"{folder}/package.json".lstrip("/"))
    return manifest.get("type") == "module"


def _major(resolver: Resolver) -> int:
    """Return the SDK's major: 4 where migrating brings it, 0 where nothing tells it."""
    sdk = sdk_of(resolver.tree, resolver.app)
    return 4 if sdk is None else sdk.major or 0
