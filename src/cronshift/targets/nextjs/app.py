"""The Next.js app that the target generates for: its routers, its code style, its Inngest side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.model import Library, OwnershipSource
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.conventions import code_of
from cronshift.project.conventions.code import AppCode
from cronshift.project.inngest_sdk import sdk_of
from cronshift.project.locks import package_manager
from cronshift.project.settings import ValidateSettings
from cronshift.targets.target import DoesNotFit, Fits, Placement
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from cronshift.handlers import Resolver
    from cronshift.handlers.next import NextRouter
    from cronshift.model import Plan
    from cronshift.project import Project
    from cronshift.targets.target import Fit

_ROUTERS = ("app", "pages")
_VARIABLE = "CRONSHIFT_OWNERSHIP_URL"


class Routers(Struct, frozen=True):
    """The routers of an app, and the names that its routes have.

    Attributes:
        app: the folder of the app router; ``None`` without one.
        pages: the folder of the pages router.
        base_path: what begins every path of the app.
        suffix: what the names of its routes end with, ``ts`` or, in an app of JavaScript, ``js``.
        allows_javascript: whether its TypeScript may import JavaScript.
    """

    app: str | None = None
    pages: str | None = None
    base_path: str = ""
    suffix: str = "ts"
    allows_javascript: bool = False

    @property
    def language(self) -> str:
        """The language of the app's modules, which is their suffix too: ``ts`` or ``js``."""
        return self.suffix.rpartition(".")[2][:2]

    @property
    def takes_javascript(self) -> bool:
        """True when a generated module can import one in JavaScript."""
        return self.allows_javascript or self.language == "js"

    def in_app(self, path: str) -> str:
        """Return a path as Next shows it to a route: without what begins every path."""
        base = self.base_path
        return path.removeprefix(base) if path.startswith(f"{base}/") else path


class NextApp(Struct, frozen=True):
    """The data of this target in a plan.

    Attributes:
        endpoint_file: the route that serves the functions; ``None`` where no router can have one.
        sdk_major: of the TypeScript SDK.
        code: how the app is written, and what of Inngest it has.
        sessions: whether it has the session flow, whose functions are served too.
        folder: where it lies in the project; empty for the root.
        compile_timeout: how long its compiler may take.
        manager: the program that installs its packages.
        library: where its functions have from what they share.
        reads_environment: whether variables may say whose a tick is; where there are sessions, they may.
        has_ledger: whether its guard and functions tell the ledger of ticks.
        endpoint_path: where the network finds its endpoint: below the base path, with the slash at its
            end that the app asks for.
    """

    endpoint_file: str | None = None
    sdk_major: int = 4
    routers: Routers = field(default_factory=Routers)
    code: AppCode = field(default_factory=AppCode)
    sessions: bool = False
    folder: str = ""
    compile_timeout: timedelta = ValidateSettings().compile_timeout
    manager: str = "npm"
    library: Library = Library.FILES
    reads_environment: bool = False
    endpoint_path: str = ENDPOINT
    has_ledger: bool = False


def app_of(plan: Plan) -> NextApp:
    """Return the app in a plan of this target."""
    return _app(plan.data)


def data_of(placement: Placement) -> NextApp:
    """Return the app in a placement of this target."""
    return _app(placement.data)


def _app(data: object) -> NextApp:
    if not isinstance(data, NextApp):
        raise TypeError("a plan of another target has no Next.js app")
    return data


def fit(project: Project, resolver: Resolver) -> Fit:
    """Return whether the project is a Next.js app; this target is for one in one language.

    TypeScript without a tsconfig.json is neither: nothing tells how it is compiled.
    """
    named = resolver.document.get("framework")
    is_other = isinstance(named, str) and named != "nextjs"
    if is_other or not resolver.next.present:
        other = resolver.router.name if resolver.router else project.framework
        what = f"this is an app of {other}" if other else "nothing here uses Next.js"
        return DoesNotFit(f"{what}, and its functions would be routes of a Next.js app.")
    has_routers = resolver.next.app_folder or resolver.next.pages_folder
    is_typescript = (project.root / resolver.app / "tsconfig.json").is_file()
    is_below = project.framework is None and bool(resolver.app)  # what the root is tells nothing
    is_named = is_below or (project.framework or "").startswith("nextjs")
    is_whole = is_typescript or not _has_typescript(resolver)
    return Fits(suits=bool(has_routers and is_whole and is_named))


def _has_typescript(resolver: Resolver) -> bool:
    folders = tuple(
        f"{folder}/" for folder in (resolver.next.app_folder, resolver.next.pages_folder) if folder
    )
    return any(
        file.startswith(folders) and file.endswith((".ts", ".tsx", ".mts"))
        for file in resolver.tree.files
    )


def place(project: Project, resolver: Resolver) -> Placement:
    """Return the placement of the files in an app."""
    router, folder = resolver.next, resolver.app
    out = project.settings.out or f"{folder}/{usual_out(project.root / folder)}".lstrip("/")
    code = code_of(resolver.tree, out)
    if folder:  # the alias is that of the root's tsconfig.json, which an app below does not share
        code = replace(code, alias=None)
    if code.client is not None and code.client.app_id is None:  # only running the app tells it
        code = replace(code, client=replace(code.client, app_id=project.settings.app_id))
    app = NextApp(
        endpoint_file=_endpoint_file(router),
        sdk_major=_major(resolver),
        routers=Routers(
            router.app_folder,
            router.pages_folder,
            router.config.base_path,
            router.suffix,
            _allows_javascript(resolver),
        ),
        code=code,
        sessions=f"{out}/sessions/index.ts" in resolver.tree.files,
        folder=folder,
        compile_timeout=project.settings.validate.compile_timeout,
        manager=package_manager(project.root / folder),
        library=project.settings.library,
        reads_environment=_reads_environment(project, resolver, out),
        endpoint_path=endpoint_path(router),
        has_ledger=project.settings.ledger,
    )
    return Placement(
        out, (ENDPOINT, MOUNT), app_id=code.client.app_id if code.client else None, data=app
    )


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


def endpoint_path(router: NextRouter) -> str:
    """Return the path at which Inngest finds the endpoint of an app, and where Next sends nobody on."""
    config = router.config
    slash = config.trailing_slash and not config.skips_slash_redirect
    return f"{config.base_path}{ENDPOINT}{'/' if slash else ''}"


def usual_out(root: Path) -> str:
    """Return the folder of the generated files where the user names none.

    Where the usual one holds functions of the app's own, another beside it.
    """
    at_root = any((root / name).is_dir() for name in _ROUTERS)
    in_source = any((root / "src" / name).is_dir() for name in _ROUTERS)
    library = "src/lib" if in_source and not at_root else "lib"
    usual = root / library / "inngest"
    taken = any((usual / name).exists() for name in ("functions", "functions.ts", "functions.js"))
    ours = ("ownership.ts", "ownership.js", "cronshift.ts", "cronshift.js")
    is_ours = any((usual / name).is_file() for name in ours)
    return f"{library}/{'cronshift' if taken and not is_ours else 'inngest'}"


def _major(resolver: Resolver) -> int:
    """Return the SDK's major: 4 where migrating brings it, 0 where nothing tells it."""
    sdk = sdk_of(resolver.tree, resolver.app)
    return 4 if sdk is None else sdk.major or 0


def _endpoint_file(router: NextRouter) -> str | None:
    """Return the route that serves an app's functions, generated where there is none."""
    suffix = router.suffix
    if router.app_folder:
        return f"{router.app_folder}/api/inngest/route.{suffix}"
    return f"{router.pages_folder}/api/inngest.{suffix}" if router.pages_folder else None
