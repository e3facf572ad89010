"""RESOLVE: the handler behind a path, looked for in Vercel's order.

Redirects, then files and functions, then rewrites, then functions with brackets and the one app of a
framework preset. Where that cannot be told without running code, the verdict says so; nothing is guessed.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cronshift.handlers.app_folder import apps
from cronshift.handlers.code_routes import answers_get
from cronshift.handlers.coded_apps import CodedApps
from cronshift.handlers.exported_methods import as_far_as_read, by_exports
from cronshift.handlers.filed import BY_FILES, ROUTERS, FileRouter
from cronshift.handlers.folder import Folder
from cronshift.handlers.functions import FunctionFiles
from cronshift.handlers.go_routes import entry_answer
from cronshift.handlers.next import NextRouter
from cronshift.handlers.python import ENTRIES, PythonHandlers
from cronshift.handlers.redirects import by_legacy_route, led_by_rewrites, redirect_of
from cronshift.handlers.repository import RepositoryTree
from cronshift.handlers.routes import RouteTable, nearest
from cronshift.handlers.untold_routes import untold_because
from cronshift.handlers.vercel_rules import rules_of
from cronshift.handlers.vercelignore import deployed
from cronshift.handlers.verdict import Resolution, Verdict
from cronshift.handlers.workspaces import app_that_answers
from cronshift.model import Handler, HandlerKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.standing import Front

_MOST_HOPS = 5
_READ = ("python", "next", "router", "functions", "table", "_coded", "_folder", "_resolved")
_SERVICES = "/_svc/"
_SOURCES = (".py", ".js", ".ts", ".go")
_PYTHON_APPS = {HandlerKind.ASGI, HandlerKind.WSGI}
_PYTHON_PRESETS = ("", "python", "fastapi", "flask", "django")  # "": none is named
_PYTHON_MANIFESTS = ("pyproject.toml", "requirements.txt", "Pipfile")
_LIBRARIES = ("packages/", "libs/")  # what apps of a workspace are made of


class Resolver:
    """The resolver of the paths of one project.

    Args:
        root: the folder that Vercel calls the Root Directory.
        document: vercel.json, as data.
        edited: files as they will be, by path.
        app: the folder below it of the app that Vercel builds; found where it is not given.
    """

    def __init__(
        self,
        root: Path,
        document: Any = None,
        edited: Mapping[str, bytes | None] | None = None,
        app: str | None = None,
    ) -> None:
        self.tree = RepositoryTree(root, edited)
        self.document: dict[str, Any] = document if isinstance(document, dict) else {}
        self._chosen = app
        self._others: dict[str, Resolver] = {}
        self._resolved: dict[str, Resolution] = {}
        self.fronts: dict[tuple[str, str], Front] = {}

    @cached_property
    def app(self) -> str:
        """The folder of the app that Vercel builds, ``""`` for the root itself.

        It is what the configuration names, unless the entries are answered in the root; and where
        nothing is named or answered there, the one app below that answers them and has no
        entries of its own.
        """
        if self._chosen is not None:
            return self._chosen
        folder = app_that_answers(self)
        if folder in self._others:  # what was read to find it is not read again
            read = self._others[folder].__dict__
            self.__dict__ |= {name: read[name] for name in _READ if name in read}
        return folder

    @property
    def paths(self) -> list[str]:
        """The paths of the entries, as vercel.json has them."""
        return [rule["path"] for rule in rules_of(self.document, "crons", needs=("path",))]

    def at(self, app: str) -> Resolver:
        """Return the resolver that takes a folder for the app's."""
        if app not in self._others:
            other = Resolver(self.tree.root, self.document, app=app)
            other.tree = self.tree
            self._others[app] = other
        return self._others[app]

    @cached_property
    def python(self) -> PythonHandlers:
        """The handlers that the project's Python files export."""
        return PythonHandlers(self.tree.root, self.app)

    @cached_property
    def _python_app(self) -> Handler | None:
        """The app that answers all paths where Vercel builds one of Python's frameworks."""
        named = self.document.get("framework", "")
        return self.python.framework_entry if named in _PYTHON_PRESETS else None

    @property
    def _without_preset(self) -> Resolver | None:
        """The resolver that takes Python's files for functions, where no preset is named.

        A project older than the presets, or one whose preset is Other, has them built so.
        """
        if self._python_app is None or self.document.get("framework"):
            return None
        other = Resolver(self.tree.root, {**self.document, "framework": None}, app=self.app)
        other.tree = self.tree
        return other

    @cached_property
    def _coded(self) -> CodedApps:
        return CodedApps(self.tree, self.app)

    @property
    def coded_entry(self) -> str | None:
        """The module of the one Node app that answers every path, if there is one."""
        return self._coded.entry()

    @cached_property
    def _folder(self) -> Folder:
        return Folder(self.tree, self.app)

    @cached_property
    def program(self) -> Program:
        """The project's code, as it is followed."""
        from cronshift.handlers.flow.program import Program

        return Program(self.tree)

    @cached_property
    def next(self) -> NextRouter:
        """The Next.js app, where there is one."""
        other = any(router.present(self._folder) for router in ROUTERS)
        named = self.document.get("framework") == "nextjs"
        return NextRouter(self.tree, named=named, by_files=not other, folder=self.app)

    @cached_property
    def router(self) -> FileRouter | None:
        """The other file router that the project uses."""
        named = self.document.get("framework")
        for router in ROUTERS:
            folder, marks = BY_FILES.get(router.name, ("", ()))
            if router.present(self._folder) or (
                isinstance(named, str) and named.startswith(router.name)
            ):
                return router
            if marks and any(file.endswith(marks) for file in self._folder.under(folder)):
                return router
        return None

    @cached_property
    def functions(self) -> FunctionFiles:
        """The files below ``api/``, which lies in the root."""
        ignored = set()
        if self.router is not None and self.router.ignores_node:
            ignored |= {"typescript", "javascript"}
        if self._python_app is not None and not self.document.get("builds"):
            ignored.add("python")
        return FunctionFiles(self.tree, self.document, self.python, frozenset(ignored), self.app)

    @cached_property
    def table(self) -> RouteTable:
        """Every route that a file makes."""
        if self.next.present:
            routes = list(self.next.table.routes)
        elif self.router is not None:
            routes = list(self.router.routes(self._folder))
        else:
            routes = []
        return RouteTable(routes)

    def resolve(self, path: str) -> Resolution:
        """Return the resolution of a GET to an entry's path."""
        whole = path.partition("#")[0]
        if whole not in self._resolved:
            bare, _, query = whole.partition("?")
            resolved = deployed(self.tree, self._resolve(bare or "/", query))
            self._resolved[whole] = as_far_as_read(resolved)
        return self._resolved[whole]

    def _resolve(self, bare: str, query: str) -> Resolution:
        if bare.startswith(_SERVICES):
            return Resolution(Verdict.UNKNOWN, why="Vercel's own path of a service")
        redirect = self.redirect(bare, query)
        if redirect is not None and redirect.verdict is Verdict.UNKNOWN:
            return replace(redirect, handler=self._behind_redirects(bare, query).handler)
        return redirect or self._behind_redirects(bare, query)

    def _behind_redirects(self, bare: str, query: str) -> Resolution:
        legacy = self._by_legacy_routes(bare, query)
        if legacy is not None:
            return legacy
        answered = self._before_brackets(bare, query) or self._by_files(bare)
        answered = answered or self._rewritten(bare, query) or self._by_app(bare)
        answered = answered or self._nothing(bare)
        other = self._without_preset if answered.verdict is Verdict.DEAD else None
        function = other.resolve(bare) if other is not None else None
        return function if function is not None and function.handler is not None else answered

    def routes(self) -> Iterator[tuple[str, Handler]]:
        """Yield every route that files make, with its path as requests write it."""
        base = self.next.config.base_path if self.next.present else ""
        for route in (*self.table.routes, *self.functions.table.routes):
            yield base + route.path, route.handler

    def kind_named(self, export: str) -> HandlerKind:
        """Return the kind of a handler that was a route of the app, by what its module calls it."""
        if not self.next.present:
            return self.router.kind if self.router is not None else HandlerKind.NODE_FUNCTION
        return HandlerKind.NEXT_PAGES if export == "default" else HandlerKind.NEXT_ROUTE

    def answers_get(self, path: str) -> bool:
        """Return whether a GET to a path reaches code, as far as the files tell."""
        return self.resolve(path).verdict in {Verdict.ANSWERED, Verdict.UNKNOWN}

    def redirect(self, path: str, query: str = "") -> Resolution | None:
        """Return the redirect that answers a path before any code does, or may, if there is one."""
        config = self.next.config if self.next.present else None
        return redirect_of(
            self.document, config, path, query, lambda file: self.functions.at(file) is not None
        )

    def _by_legacy_routes(self, path: str, query: str) -> Resolution | None:
        """Go through ``routes``, which excludes rewrites and redirects."""
        for rule in rules_of(self.document, "routes", needs=()):
            if rule.get("handle") == "filesystem":
                answered = self._by_files(path)
                if answered is not None and self._in_brackets(path) is None:
                    return answered
                continue
            led = by_legacy_route(rule, path, query)
            if isinstance(led, Resolution):
                return led
            if led is not None:
                why = f"the route {rule.get('src')}"
                return self._destination(led, path, why, _MOST_HOPS)
        return None

    def _in_brackets(self, path: str) -> str | None:
        """Return the file of the function that answers a path only by its brackets."""
        is_routed = self.next.present or self.table.answering(path)
        return None if is_routed else self.functions.by_brackets(path)

    def _before_brackets(self, path: str, query: str) -> Resolution | None:
        """Return the resolution by a rewrite, which ``vercel build`` puts before functions with brackets."""
        file = self._in_brackets(path)
        led = self._rewritten(path, query) if file is not None else None
        if led is None or (led.handler is not None and led.handler.file == file):
            return None
        return replace(led, passed=f"{file} comes after it")

    def _rewritten(self, path: str, query: str = "") -> Resolution | None:
        """Return the resolution of a path by rewrites; unknown where conditions may hold or not."""
        rules = rules_of(self.document, "rewrites")
        if self.next.present:
            base, ruled = self.next.config.base_path, self.next.config.rewrites
            rules += [{**rule, "source": base + rule["source"]} for rule in ruled]
        led = led_by_rewrites(rules, path, query)
        return (
            self._destination(led[0], path, led[1], _MOST_HOPS) if isinstance(led, tuple) else led
        )

    def _destination(self, target: str, path: str, why: str, hops: int) -> Resolution:
        """Return the resolution of a rewrite's destination; an app there still sees ``path``."""
        if target.lower().startswith(("http://", "https://")):
            return Resolution(Verdict.EXTERNAL, target=target, why=why)
        bare = "/" + target.partition("?")[0].lstrip("/")
        handler = self.functions.at(bare) or self.functions.file(bare)
        if handler is not None:
            inside = self._inside(handler, path)
            is_told = inside.verdict is Verdict.UNKNOWN and inside.why
            return inside if is_told else replace(inside, why=why)
        answered = self._by_files(bare) or (None if self._is_missing(bare) else self._by_app(path))
        if answered is None and hops and bare != path:
            answered = self._rewritten(bare) if not self.document.get("routes") else None
        if answered is not None:
            return replace(answered, why=why)
        if not self.knows_routes:
            return Resolution(Verdict.UNKNOWN, target=bare, why=why)
        return Resolution(Verdict.DEAD, target=bare, why=why, nearest=self._nearest(bare))

    def _is_missing(self, path: str) -> bool:
        """Return whether a route leads to a source that is not here, where only ``builds`` are built."""
        is_source = path.endswith(_SOURCES) and path.strip("/") not in self.tree.files
        return is_source and bool(self.document.get("builds"))

    def _by_files(self, path: str) -> Resolution | None:
        """Return the resolution of a path by a file router or a function."""
        base = self.next.config.base_path if self.next.present else ""
        if base and path != base and not path.startswith(f"{base}/"):
            return None
        route = self.table.answering(path[len(base) :] or "/")
        if route is not None and not (route.is_pattern and self.functions.has(path)):
            if answers_get(route.methods):
                return self._judged(route.handler, path)
            methods = tuple(route.methods or ())
            return Resolution(Verdict.WRONG_METHOD, route.handler, methods=methods)
        handler = self.functions.at(path)
        if handler is None or (self.next.present and self._next_owns(path)):
            return None
        is_app = handler.kind in _PYTHON_APPS
        return self._inside(handler, path) if is_app else self._judged(handler, path)

    def _next_owns(self, path: str) -> bool:
        """Return whether a path under ``/api`` is the app's own business in a Next project."""
        return path.startswith("/api/") and not self.tree.has_folder("api")

    def _judged(self, handler: Handler, path: str) -> Resolution:
        """Return the verdict on a file that answers, by its exports."""
        resolution = by_exports(self.tree, handler)
        routes = self._coded.imports_framework(handler.file) and self._coded.declares(handler)
        if routes and resolution.verdict is Verdict.ANSWERED and resolution.handler is not None:
            return self._coded.answer(replace(resolution.handler, line=handler.line), path)
        return resolution

    def _inside(self, handler: Handler, path: str) -> Resolution:
        """Return the verdict on an app that sees the whole path."""
        if handler.kind in _PYTHON_APPS:
            return self._coded.answer(handler, path)
        if handler.kind is HandlerKind.NODE_FUNCTION:
            root = self.tree.parsed(handler.file)
            if root is not None and self.tree.read(handler.file).strip():
                inside = self._coded.answer(handler, path)
                is_app = self._coded.imports_framework(handler.file)
                if is_app or inside.verdict is not Verdict.UNKNOWN or inside.handler is None:
                    return inside
                return self._judged(handler, path)
        return entry_answer(self.tree, handler, path)

    def _by_app(self, path: str) -> Resolution | None:
        """Return the resolution of a path by the one app of a framework preset."""
        if self._python_app is not None:
            return self._inside(self._python_app, path)
        if self.next.present or self.router is not None:
            return None
        entry = self._coded.entry()
        if entry is not None:
            typed = PurePosixPath(entry).suffix.endswith("ts")
            handler = Handler(
                entry, HandlerKind.NODE_APP, "default", "typescript" if typed else "javascript"
            )
            return self._coded.answer(handler, path)
        here = self._folder
        likely = next((here.outer(name) for name in ENTRIES if here.has(name)), None)
        has_manifest = any(here.has(name) for name in _PYTHON_MANIFESTS)
        if likely and has_manifest and not here.has("package.json"):
            handler = self.python.in_file(likely) or Handler(
                likely, HandlerKind.FUNCTION, "app", "python"
            )
            if handler.kind in _PYTHON_APPS:
                return self._inside(handler, path)
            if not self.tree.read(likely).strip():
                return Resolution(Verdict.UNKNOWN, handler, why="its routes are declared in code")
        return None

    def _nothing(self, path: str) -> Resolution:
        """Return the verdict on a path that nothing answers: dead, where all is known."""
        if not self.knows_routes:
            if not self._chosen and self._is_dead_below(path):
                return Resolution(Verdict.DEAD)
            return Resolution(Verdict.UNKNOWN, why="no source is here that could answer it")
        untold = untold_because(self.next, self.router, self._folder, path)
        if untold is not None:
            return Resolution(Verdict.UNKNOWN, why=untold)
        passed = self.functions.too_narrow(path)
        return Resolution(Verdict.DEAD, nearest=self._nearest(path), passed=passed)

    def _is_dead_below(self, path: str) -> bool:
        """Return whether every app below is understood, and none of them answers a path."""
        folders = [folder for folder in apps(self.tree) if not folder.startswith(_LIBRARIES)]
        verdicts = {self.at(folder).resolve(path).verdict for folder in folders}
        return verdicts == {Verdict.DEAD}

    @cached_property
    def knows_routes(self) -> bool:
        """True when some router of this project was understood."""
        return bool(self.table.routes or self.functions.table.routes)

    def _nearest(self, path: str) -> tuple[str, ...]:
        pages = {HandlerKind.STATIC, HandlerKind.NEXT_PAGE}
        return nearest(path, [path for path, handler in self.routes() if handler.kind not in pages])
