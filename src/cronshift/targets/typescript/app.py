"""The app that the target generates for: its framework, its routers, its code style, its Inngest side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.model import ClaimsPlace, Library
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.conventions.code import AppCode
from cronshift.project.settings import ValidateSettings
from cronshift.targets.direct.javascript.module_kinds import commonjs
from cronshift.targets.typescript.untyped import untyped

if TYPE_CHECKING:
    from datetime import timedelta

    from cronshift.model import Plan
    from cronshift.targets.target import Placement
    from cronshift.targets.typescript.framework import AppFramework
    from cronshift.targets.typescript.mounting import MountSite


class Routers(Struct, frozen=True):
    """The routers of an app, and the names that its routes have.

    Attributes:
        app: the folder of the routes; of Next.js, that of the app router; ``None`` without one.
        pages: the folder of Next.js' pages router.
        base_path: what begins every path of the app.
        suffix: what the names of its routes end with, ``ts`` or, in an app of JavaScript, ``js``.
        allows_javascript: whether its TypeScript may import JavaScript.
        mount: where the app takes the endpoint in, of a framework without routes in files.
    """

    app: str | None = None
    pages: str | None = None
    base_path: str = ""
    suffix: str = "ts"
    allows_javascript: bool = False
    mount: MountSite | None = None

    @property
    def language(self) -> str:
        """The language of the app's modules, which is their suffix too: ``ts`` or ``js``."""
        return self.suffix.rpartition(".")[2][:2]

    def in_language(self, text: str) -> str:
        """Return a generated module, which is TypeScript, in the app's own language."""
        if self.language != "js":
            return text
        is_commonjs = self.mount is not None and self.mount.is_commonjs
        return commonjs(untyped(text)) if is_commonjs else untyped(text)

    @property
    def takes_javascript(self) -> bool:
        """True when a generated module can import one in JavaScript."""
        return self.allows_javascript or self.language == "js"

    def in_app(self, path: str) -> str:
        """Return a path as the framework shows it to a route: without what begins every path."""
        base = self.base_path
        return path.removeprefix(base) if path.startswith(f"{base}/") else path


class TypescriptApp(Struct, frozen=True):
    """The data of this target in a plan.

    Attributes:
        framework: what its routes are written for.
        endpoint_file: the route that serves the functions; ``None`` where no router can have one.
        sdk_major: of the TypeScript SDK.
        code: how the app is written, and what of Inngest it has.
        sessions: whether it has the session flow, whose functions are served too.
        folder: where it lies in the project; empty for the root.
        compile_timeout: how long its compiler may take.
        manager: the program that installs its packages.
        library: where its functions have from what they share.
        reads_environment: whether variables may say whose a tick is; where there are sessions, they may.
        has_ledger: whether its guard and functions tell the ledger of ticks; where a job has a dry
            run they do.
        names_files: whether its modules import files by their whole names, as Node wants it.
        claims: the module and the export of its client of PostgreSQL, where ticks are claimed;
            ``environment`` where they are at an address.
        lacks_json_modules: whether its tsconfig.json has the ownership file, which is JSON, not imported.
        endpoint_path: where the network finds its endpoint: below the base path, with the slash at its
            end that the app asks for.
    """

    framework: AppFramework
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
    names_files: bool = False
    claims: str | None = None
    lacks_json_modules: bool = False

    @property
    def imports_files(self) -> bool:
        """True when import paths end as a file's name does: as Node wants it, or as the app has it."""
        mount = self.routers.mount
        return self.names_files or (mount is not None and bool(mount.extension))

    @property
    def claims_afar(self) -> bool:
        """True where ticks are claimed at the address that a variable names."""
        return self.claims == ClaimsPlace.ENVIRONMENT


def app_of(plan: Plan) -> TypescriptApp:
    """Return the app in a plan of this target."""
    return _app(plan.data)


def data_of(placement: Placement) -> TypescriptApp:
    """Return the app in a placement of this target."""
    return _app(placement.data)


def _app(data: object) -> TypescriptApp:
    if not isinstance(data, TypescriptApp):
        raise TypeError("a plan of another target has no app in TypeScript")
    return data
