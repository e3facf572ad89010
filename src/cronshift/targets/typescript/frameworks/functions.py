"""Vercel's own functions: a file below ``api/``, in the shape of Node or of the web."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.model import HandlerKind
from cronshift.targets.typescript.app import Routers
from cronshift.targets.typescript.calling import callee
from cronshift.targets.typescript.framework import (
    NO_MANIFEST,
    SENDING,
    UNTYPED,
    Callee,
    WayOn,
    Wrapper,
)
from cronshift.targets.typescript.frameworks.web import FORWARDING, Behind, WebFramework
from cronshift.targets.typescript.source import data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Job, Plan
    from cronshift.project import Project
    from cronshift.targets.typescript.app import TypescriptApp
    from cronshift.targets.typescript.dispatching import Dispatcher

_LANGUAGES = frozenset({"typescript", "javascript"})
_FOREIGN = frozenset({"go", "ruby", "php", "rust"})


class Functions(WebFramework):
    """Plain functions; what is generated has the shape of the web."""

    name = "functions"
    title = "Vercel functions"
    adapter = "inngest/edge"
    kind = HandlerKind.NODE_FUNCTION
    peers = {}  # noqa: RUF012 - read only
    dev_server = None
    runs_on_node = True
    called = "`(req, res)`; of the web's shape, `GET` or `fetch` with a `Request`"
    folder = "api"
    out = "lib/inngest"
    module = "pages"
    telling = "export const OPTIONS = tell;"
    own_telling = ('export { tell as OPTIONS } from "OWNERSHIP";',)
    duration = "config"

    def present(self, resolver: Resolver) -> bool:
        """Return whether functions in TypeScript or JavaScript answer all of the entries that are answered.

        Others in Go, Ruby, PHP or Rust may be among them, and are all where a package.json stands beside
        them and nothing of Python. Where none is answered, because all have moved, whether there are
        such functions.
        """
        if resolver.next.present or resolver.router is not None or resolver.app:
            return False
        handlers = [resolver.resolve(path).handler for path in resolver.paths]
        answered = [handler for handler in handlers if handler is not None]
        there = [route.handler for route in resolver.functions.table.routes]
        functions = answered or there
        plain = [*filter(_is_plain, functions)]
        if len(plain) == len(functions) or not answered:
            return bool(plain)
        is_npm = "package.json" in resolver.tree.files and not _is_python(resolver)
        return is_npm and all(_is_plain(each) or _is_foreign(each) for each in functions)

    def unsuited(self, project: Project, resolver: Resolver) -> str | None:
        """Return the reason why the functions have no package.json, or what compiles them is not told."""
        is_typescript = (project.root / "tsconfig.json").is_file()
        is_code = bool(_languages(resolver) & _LANGUAGES)
        has_package = "package.json" in resolver.tree.files or not is_code
        if not has_package:
            return NO_MANIFEST
        return UNTYPED if _is_typed(resolver) and not is_typescript else None

    def routers(self, resolver: Resolver) -> Routers:
        """Return the folder of the functions."""
        return Routers("api", suffix="ts" if _is_typed(resolver) else "js")

    def route_file(self, folder: str, parts: Sequence[str], suffix: str) -> str | None:
        """Return the file of the last part; one that begins with ``_`` or ``.`` is no function."""
        is_route = parts[-1] != "index" and not any(part.startswith(("_", ".")) for part in parts)
        return f"{folder}/{'/'.join(parts[1:])}.{suffix}" if is_route else None

    def parts_of(self, file: str) -> list[str]:
        """Return the folders and the name; an index is its folder."""
        *folders, name = f"api/{file}".rpartition(".")[0].split("/")
        return folders if name == "index" else [*folders, name]

    def unreachable(self, routers: Routers, handler: Handler, path: str) -> str | None:
        """Return the reason why a function is not called in process."""
        if handler.route is not None:
            return f"{handler.file} is an app that declares its routes in code"
        if "[" in handler.file and handler.export != "default":
            return "Vercel writes the path's parameters into the query of its request"
        return super().unreachable(routers, handler, path)

    def callee(self, app: TypescriptApp, job: Job) -> Callee:
        """Return the function, which is given a request and a response of Node's where it takes them."""
        called = super().callee(app, job)
        sends = job.handler is not None and "send" in job.handler.answers
        paged = Wrapper("paged", self.module, within=SENDING if sends else None)
        return replace(called, wrapper=paged if called.export == "default" else None)

    def behind(self, plan: Plan, dispatcher: Dispatcher) -> Behind:
        """Return the function itself."""
        called = callee(plan, dispatcher.jobs[0])
        if called.file is None:
            return FORWARDING
        if called.wrapper is None:
            return Behind(WayOn("route"), called=called)
        params = f", {data(called.params)}" if called.params else ""
        way = WayOn(called.wrapper.around("route", params))
        return Behind(way, called.wrapper.imported, called)

    def settings(self, seconds: int) -> list[str]:
        """Return the ``config`` that Vercel reads of a function."""
        return [f"export const config = {{ maxDuration: {seconds} }};"] if seconds else []

    def served(self, serving: str, *, tells: bool) -> str:
        """Return the three methods."""
        methods = ", ".join(f"handler as {method}" for method in ("GET", "POST", "PUT"))
        return f"const handler = {serving};\n\nexport {{ {methods} }};"

    def answered(self, answer: str, path: str) -> str:
        """Return both methods."""
        return f"export const GET = {answer};\nexport const OPTIONS = GET;"


def _is_plain(handler: Handler) -> bool:
    return handler.kind is HandlerKind.NODE_FUNCTION and handler.language in _LANGUAGES


def _is_foreign(handler: Handler) -> bool:
    return handler.kind is HandlerKind.FUNCTION and handler.language in _FOREIGN


def _is_python(resolver: Resolver) -> bool:
    return any(name in resolver.tree.files for name in ("requirements.txt", "pyproject.toml"))


def _is_typed(resolver: Resolver) -> bool:
    """Return whether functions are in TypeScript, or are to be: where none is in JavaScript either."""
    languages = _languages(resolver)
    return "typescript" in languages or (
        "javascript" not in languages and "tsconfig.json" in resolver.tree.files
    )


def _languages(resolver: Resolver) -> set[str]:
    return {route.handler.language for route in resolver.functions.table.routes}


FUNCTIONS = Functions()
