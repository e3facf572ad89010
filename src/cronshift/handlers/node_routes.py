"""Routes that Node apps declare: Hono, Express, Fastify, Koa, Elysia, H3, Nest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import MOST_ROUTES, CodeRoute, Trail, joined
from cronshift.handlers.javascript import FUNCTIONS, arguments, exports, imports, line_of
from cronshift.handlers.literals import UNKNOWN, literal, pairs, text_of
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

FRAMEWORKS = (
    "hono", "express", "fastify", "koa", "@koa/router", "koa-router", "elysia", "h3",
    "@nestjs/core", "@nestjs/common",
)  # fmt: skip
_FOLDERS = ("", "src/")
_ENTRIES = tuple(
    f"{folder}{name}.{suffix}"
    for name in ("app", "index", "server")
    for folder in _FOLDERS
    for suffix in ("js", "cjs", "mjs", "ts", "cts", "mts")
) + tuple(
    f"{folder}main.{suffix}"
    for folder in _FOLDERS
    for suffix in ("js", "cjs", "mjs", "ts", "cts", "mts")
)
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "all"}
_MOUNTING = {"route", "use", "mount", "register", "group"}
_NEST = {
    "Get": "GET",
    "Post": "POST",
    "Put": "PUT",
    "Patch": "PATCH",
    "Delete": "DELETE",
    "All": "",
}


@dataclass(slots=True)
class _Module:
    """What one file says, by the variable that routes hang on."""

    bases: dict[str, str] = field(default_factory=dict)
    routes: list[tuple[str, CodeRoute]] = field(default_factory=list)
    mounts: list[tuple[str, str, SgNode]] = field(default_factory=list)


class NodeRoutes:
    """The route tables of a project's Node apps.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, _Module] = {}

    def entry(self) -> str | None:
        """Return the file of the one app that answers every path, if there is one."""
        candidates = list(_ENTRIES)
        main = self._tree.data("package.json").get("main")
        if isinstance(main, str):
            candidates.append(main.removeprefix("./"))
        return next(
            (
                name
                for name in candidates
                if name in self._tree.files and self.imports_framework(name)
            ),
            None,
        )

    def imports_framework(self, file: str) -> bool:
        """Return whether a file imports one of the frameworks."""
        text = self._tree.read(file)
        return any(f'"{name}' in text or f"'{name}" in text for name in FRAMEWORKS)

    def of(self, file: str) -> list[CodeRoute]:
        """Return the routes of the app in a file: its own, or of the app that it passes on."""
        found: list[CodeRoute] = []
        for name in self._apps(file):
            for route in self._routes(file, name, Trail()):
                found.append(route)
                if len(found) >= MOST_ROUTES:
                    return found
        return found + list(self._nest())

    def _apps(self, file: str) -> list[str]:
        """Return the variables of a file that may be its app; imported ones where it has none."""
        root = self._tree.parsed(file)
        if root is None:
            return []
        module = self._module(file)
        mounted = {text_of(node) for _, _, node in module.mounts}
        owners = [owner for owner, _ in module.routes] + [owner for owner, _, _ in module.mounts]
        own = dict.fromkeys([*module.bases, *owners])
        top = [name for name in own if name not in mounted and self._has_routes(file, name)]
        return top or [name for name in imports(root) if self._has_routes(file, name)]

    def _has_routes(self, file: str, name: str) -> bool:
        return next(self._routes(file, name, Trail()), None) is not None

    def _routes(self, file: str, name: str, trail: Trail) -> Iterator[CodeRoute]:
        root, behind = self._tree.parsed(file), trail.through(file, name)
        if behind is None or root is None:
            return
        module = self._module(file)
        owners = {*module.bases, *(one[0] for one in (*module.routes, *module.mounts))}
        if name not in owners:
            source = imports(root).get(name)
            target = self._tree.imported(file, source[0]) if source else None
            if source and target:
                yield from self._exported(target, source[1], behind)
            return
        own = behind.at(module.bases.get(name, ""))
        for owner, route in module.routes:
            if owner == name:
                path = joined(own.prefix, route.path)
                yield CodeRoute(path, route.methods, route.place, route.export)
        for owner, at, node in module.mounts:
            if owner == name:
                yield from self._mounted(file, node, own.at(at))

    def _exported(self, file: str, name: str, trail: Trail) -> Iterator[CodeRoute]:
        root, behind = self._tree.parsed(file), trail.through(file, f"export {name}")
        export = exports(root).get(name) if root is not None else None
        if export is None or behind is None:
            return
        if export.source is not None:
            target = self._tree.imported(file, export.source)
            if target:
                yield from self._exported(target, export.imported or name, behind)
        elif export.node is None:
            yield from self._routes(file, export.imported or name, behind)
        elif export.node.kind() in {"identifier", *FUNCTIONS}:
            yield from self._mounted(file, export.node, behind)
        else:
            yield from self._routes(file, name, behind)  # const app = new Hono().get(...)
            for argument in arguments(export.node):  # handle(app)
                if argument.kind() == "identifier":
                    yield from self._routes(file, argument.text(), behind)

    def _mounted(self, file: str, node: SgNode, trail: Trail) -> Iterator[CodeRoute]:
        """Yield the routes of what a router is given: a name, a plugin, ``require(...)``."""
        kind = node.kind()
        if kind == "identifier":
            yield from self._routes(file, node.text(), trail)
        elif kind in FUNCTIONS:
            parameter = _first_parameter(node)
            if parameter:
                yield from self._routes(file, parameter, trail)
        elif kind == "call_expression":
            called, given = node.field("function"), arguments(node)
            if called is not None and called.text() in {"require", "import"} and given:
                target = self._tree.imported(file, text_of(given[0]))
                if target:
                    yield from self._exported(target, "default", trail)

    def _module(self, file: str) -> _Module:
        if file not in self._modules:
            module = _Module()
            root = self._tree.parsed(file)
            if root is not None:
                for call in root.find_all(kind="call_expression"):
                    _declared(module, file, call)
            self._modules[file] = module
        return self._modules[file]

    def _nest(self) -> Iterator[CodeRoute]:
        """Yield the routes of Nest's controllers."""
        if "@nestjs/core" not in self._tree.dependencies:
            return
        prefix = self._nest_prefix()
        for file in self._tree.under("src"):
            root = self._tree.parsed(file) if "@Controller(" in self._tree.read(file) else None
            for decorator in root.find_all(kind="decorator") if root is not None else ():
                name, path = _decorator(decorator)
                if name in _NEST:
                    whole = joined(joined(prefix, _controller(decorator)), path)
                    methods = frozenset({_NEST[name]}) if _NEST[name] else None
                    yield CodeRoute(whole, methods, Location(file, line_of(decorator)))

    def _nest_prefix(self) -> str:
        for file in ("src/main.ts", "main.ts"):
            root = self._tree.parsed(file) if file in self._tree.files else None
            call = root.find(pattern="$APP.setGlobalPrefix($PREFIX)") if root is not None else None
            given = call.get_match("PREFIX") if call else None
            if given is not None:
                return "/" + text_of(given).strip("/")
        return ""


def _controller(decorator: SgNode) -> str:
    """Return the path of the controller around a method's decorator."""
    for outer in decorator.ancestors():
        for one in (*outer.children(), *outer.prev_all()):
            if one.kind() == "decorator" and _decorator(one)[0] == "Controller":
                return _decorator(one)[1]
    return ""


def _decorator(node: SgNode) -> tuple[str, str]:
    call = node.child(1)
    if call is None or call.kind() != "call_expression":
        return "", ""
    called, given = call.field("function"), arguments(call)
    path = literal(given[0]) if given else ""
    return called.text() if called else "", path if isinstance(path, str) else ""


def _declared(module: _Module, file: str, call: SgNode) -> None:
    called = call.field("function")
    verb_node = called.field("property") if called is not None else None
    target = called.field("object") if called is not None else None
    verb = verb_node.text() if verb_node is not None else ""
    if target is None or verb not in _VERBS | _MOUNTING | {"basePath", "on"}:
        return
    owner, given = _owner(call, target), arguments(call)
    if owner is None:
        return
    path = literal(given[0]) if given else UNKNOWN
    place = Location(file, line_of(verb_node) if verb_node is not None else line_of(call))
    if verb == "basePath" and isinstance(path, str):
        module.bases[owner] = path
    elif verb in _VERBS and isinstance(path, str) and (len(given) > 1):
        methods = None if verb == "all" else frozenset({verb.upper()})
        module.bases.setdefault(owner, "")
        module.routes.append((owner, CodeRoute(path, methods, place)))
    elif verb == "on" and len(given) > 2:  # noqa: PLR2004 - methods, path, handler
        names = path if isinstance(path, list) else [path]
        where = literal(given[1])
        if isinstance(where, str):
            methods = frozenset(name.upper() for name in names if isinstance(name, str))
            module.bases.setdefault(owner, "")
            module.routes.append((owner, CodeRoute(where, methods, place)))
    elif verb == "route" and given and given[0].kind() == "object":
        _fastify(module, owner, given[0], place)
    elif verb in _MOUNTING:
        _mount(module, owner, given, path)


def _fastify(module: _Module, owner: str, options: SgNode, place: Location) -> None:
    values = {key: literal(value) for key, value in pairs(options)}
    methods, url = values.get("method"), values.get("url")
    listed = methods if isinstance(methods, list) else [methods]
    if isinstance(url, str):
        names = frozenset(name.upper() for name in listed if isinstance(name, str))
        module.routes.append((owner, CodeRoute(url, names or None, place)))


def _mount(module: _Module, owner: str, given: list[SgNode], path: object) -> None:
    at = path if isinstance(path, str) else ""
    for node in given:
        if node.kind() == "object":
            prefix = dict(pairs(node)).get("prefix")
            value = literal(prefix)
            at = value if isinstance(value, str) else at
    for node in given:
        kinds = {"identifier", "call_expression"} | FUNCTIONS
        if node.kind() in kinds:
            module.mounts.append((owner, at, node))


def _owner(call: SgNode, target: SgNode) -> str | None:
    """Return the variable that a chain of calls belongs to: its root, or what it is assigned to."""
    root: SgNode | None = target
    while root is not None and root.kind() == "call_expression":
        called = root.field("function")
        root = (
            called.field("object")
            if called is not None and called.kind() == "member_expression"
            else None
        )
    if root is not None and root.kind() == "identifier":
        return root.text()
    for outer in call.ancestors():
        kind = outer.kind()
        if kind == "variable_declarator":
            name = outer.field("name")
            return name.text() if name else None
        if kind == "export_statement":
            return "default"
        if kind not in {
            "call_expression",
            "member_expression",
            "await_expression",
            "parenthesized_expression",
        }:
            return None
    return None


def _first_parameter(node: SgNode) -> str | None:
    parameters = node.field("parameters") or node.field("parameter")
    if parameters is None:
        return None
    if parameters.kind() == "identifier":
        return parameters.text()
    first = next((child for child in parameters.children() if child.is_named()), None)
    name = first.field("pattern") or first if first is not None else None
    return name.text() if name is not None else None
