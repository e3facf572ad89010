"""Routes that Node apps declare: Hono, Express, Fastify, Koa, Elysia, H3, Nest.

A registration that cannot be followed (a path that is computed, a router that a package makes, an
app that is handed to code outside the project) is told as :class:`UnreadRegistration`, so that no path is
called dead on the strength of the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import CodeRoute, Declared, Trail, UnreadRegistration, joined
from cronshift.handlers.javascript import (
    FUNCTIONS,
    arguments,
    exports,
    imports,
    line_of,
    locally,
)
from cronshift.handlers.literals import text_of
from cronshift.handlers.nest_routes import nest_routes
from cronshift.handlers.node_registrations import (
    NodeModule,
    NodeRegistration,
    is_app,
    module_of,
    name_of,
    parameters_of,
    read_node_module,
    returned_function_of,
    returned_of,
)
from cronshift.handlers.values import Expression, value
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

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
_REGISTERS = lazy_pattern(r"regist|mount|route|setup(?!.*error)|load|swagger|admin", re.IGNORECASE)
"""Names of functions of packages that may add routes to an app which they are given."""

_MIDDLEWARE = lazy_pattern(
    r"(?:\w+\.)?(?:cors|logger|morgan|helmet|compression|compress|secureHeaders|prettyJSON|etag|timing|"
    r"requestId|poweredBy|json|urlencoded|raw|text|cookieParser|bodyParser|rateLimit|limiter|timeout|"
    r"bodyLimit|bearerAuth|basicAuth|jwt)"
)
"""Middleware of packages, which answers no path of its own."""

_HANDING = lazy_pattern(
    r"\b(\w+)(?:\.server\.emit\(\s*[\"']request[\"']\s*,|\.(?:handle|routing)\(|\()\s*_?req\w*\s*,\s*_?res\w*\s*\)"
)
"""An app that a function hands its request to: ``app(req, res)``, ``app.server.emit("request", …)``."""

Declaration = CodeRoute | UnreadRegistration


class NodeRoutes:
    """The route tables of a project's Node apps.

    Args:
        tree: the project's files.
        folder: of the app; ``""`` is the project's root.
    """

    def __init__(self, tree: SourceTree, folder: str = "") -> None:
        self._tree = tree
        self._folder = folder
        self._base = f"{folder}/" if folder else ""
        self._modules: dict[str, NodeModule] = {}

    def entry(self) -> str | None:
        """Return the file of the one app that answers every path, if there is one."""
        candidates = list(_ENTRIES)
        main = self._tree.data(f"{self._base}package.json").get("main")
        if isinstance(main, str):
            candidates.append(main.removeprefix("./"))
        names = (f"{self._base}{name}" for name in candidates)
        present = (name for name in names if name in self._tree.files)
        return next((name for name in present if self.imports_framework(name)), None)

    def imports_framework(self, file: str) -> bool:
        """Return whether a file imports one of the frameworks."""
        return is_app(self._tree, file)

    def of(self, file: str) -> Declared:
        """Return the routes of the app in a file: its own, or of the app that it passes on."""
        return Declared.of(self._all(file))

    def _all(self, file: str) -> Iterator[Declaration]:
        names = self._apps(file)
        for name in names:
            yield from self._routes(file, name, Trail())
        routes = list(nest_routes(self._tree, self._folder))
        for declaration in self._handed_on(file) if not names else ():
            is_read = isinstance(declaration, CodeRoute) or not self._is_nests(declaration.place)
            if is_read or not routes:
                yield declaration
        yield from routes

    def _is_nests(self, place: Location) -> bool:
        """Return whether an app that a file makes is Nest's, whose routes are those of controllers."""
        return "NestFactory.create" in self._tree.read(place.file)

    def _handed_on(self, file: str) -> Iterator[Declaration]:
        """Yield the routes of the app that a file exports again, or that it hands requests to."""
        root = self._tree.parsed(file)
        export = exports(root).get("default") if root is not None else None
        if export is not None and export.source is not None:
            yield from self._exported(file, "default", Trail())
        handing = set(_HANDING.findall(self._tree.read(file)))
        for call in root.find_all(kind="call_expression") if handing and root is not None else ():
            if _given_to(call) in handing:
                yield from self._called(file, call, Trail(), "", Location(file, line_of(call)))

    def _apps(self, file: str) -> list[str]:
        """Return the variables of a file that may be its app; imported ones where it has none."""
        root = self._tree.parsed(file)
        if root is None:
            return []
        module = self._module(file)
        mounted = {
            text_of(registration.target.field("function") or registration.target)
            for registration in module.registrations
            if registration.target is not None
        }
        top = [
            name for name in module.owners if name not in mounted and self._has_routes(file, name)
        ]
        if top:
            return top
        imported = [name for name in imports(root) if self._has_routes(file, name)]
        owners = (name for name in module.owners if name not in mounted)
        return [*imported, *(name for name in owners if self._is_unread(file, name))]

    def _has_routes(self, file: str, name: str) -> bool:
        is_based = name in self._module(file).bases
        return is_based or any(
            isinstance(route, CodeRoute) for route in self._routes(file, name, Trail())
        )

    def _is_unread(self, file: str, name: str) -> bool:
        """Return whether an app mounts something that is not followed."""
        routes = self._routes(file, name, Trail())
        return any(isinstance(route, UnreadRegistration) for route in routes)

    def _routes(self, file: str, name: str, trail: Trail) -> Iterator[Declaration]:
        root, behind = self._tree.parsed(file), trail.through(file, name)
        if behind is None or root is None:
            return
        module = self._module(file)
        if name not in module.owners:
            source = imports(root).get(name)
            target = self._tree.imported(file, source[0]) if source else None
            if source and target:
                yield from self._exported(target, source[1], behind)
            return
        base = self._prefix_of(file, name)
        if base is None:
            yield UnreadRegistration(behind.prefix, Location(file, line_of(module.bases[name])))
        else:
            yield from self._registered_on(file, name, behind.at(base))

    def _registered_on(self, file: str, name: str, here: Trail) -> Iterator[Declaration]:
        """Yield the routes that a file's router has, behind the prefix that it is mounted at."""
        module = self._module(file)
        for registration in module.registrations:
            if registration.owner == name:
                yield from self._registered(file, registration, here)
        for owner, line in module.unread:
            if owner == name:
                yield UnreadRegistration(here.prefix, Location(file, line))
        for passed, call, position in module.passings:
            if passed == name:
                there = here.mounted(Location(file, line_of(call)), name)
                yield from self._passed(file, call, position, there)

    def _prefix_of(self, file: str, name: str) -> str | None:
        """Return the prefix of a router; ``None`` where code computes it."""
        module, whole = self._module(file), ""
        for _ in range(len(module.derived) + 1):
            base = module.bases.get(name)
            text = self._text(file, base) if base is not None else ""
            if text is None:
                return None
            whole = joined(text, whole) if whole else text
            if name not in module.derived:
                break
            name = module.derived[name]
        return whole

    def _registered(
        self, file: str, registration: NodeRegistration, trail: Trail
    ) -> Iterator[Declaration]:
        place = Location(file, registration.line)
        path = self._text(file, registration.path) if registration.path is not None else ""
        behind = trail.mounted(place, registration.owner)
        if path is None:
            yield UnreadRegistration(trail.prefix, place)
        elif registration.target is None:
            whole = joined(trail.prefix, path)
            yield CodeRoute(whole, registration.methods, place, way=behind.way)
        else:
            yield from self._mounted(file, registration.target, behind.at(path), path, place)

    def _text(self, file: str, node: SgNode) -> str | None:
        """Return the text that an expression spells, through constants and templates."""
        text = value(self._tree, Expression(file, node))
        return text if isinstance(text, str) else None

    def _exported(self, file: str, name: str, trail: Trail) -> Iterator[Declaration]:
        root, behind = self._tree.parsed(file), trail.through(file, f"export {name}")
        export = exports(root).get(name) if root is not None else None
        if behind is None:
            return
        place = Location(file, 1)
        if export is None:
            yield UnreadRegistration(trail.prefix, place)
        elif export.source is not None:
            target = self._tree.imported(file, export.source)
            if target:
                yield from self._exported(target, export.imported or name, behind)
        elif export.node is None:
            yield from self._mounted(file, None, behind, "", place, export.imported or name)
        elif export.node.kind() in {"identifier", *FUNCTIONS}:
            yield from self._mounted(file, export.node, behind, "", place)
        else:
            yield from self._routes(file, name, behind)  # const app = new Hono().get(...)
            for argument in arguments(export.node):  # handle(app)
                if argument.kind() == "identifier":
                    yield from self._routes(file, argument.text(), behind)

    def _mounted(  # noqa: PLR0913, PLR0917 - the way here, and what stands at its end
        self,
        file: str,
        node: SgNode | None,
        trail: Trail,
        at: str,
        place: Location,
        name: str | None = None,
    ) -> Iterator[Declaration]:
        """Yield the routes of a router's argument: a name, a plugin, a call that makes one."""
        node = module_of(node) if node is not None else None
        kind = node.kind() if node is not None else "identifier"
        if kind == "identifier":
            name = name or (node.text() if node is not None else "")
            yield from self._named(file, name, trail, at, place)
        elif node is not None and kind in FUNCTIONS:
            yield from self._function(file, node, trail, at, place)
        elif node is not None and kind == "call_expression":
            yield from self._called(file, node, trail, at, place)
        elif node is not None and at:
            owner = node.field("object")  # hono.fetch
            if owner is not None and owner.text() in self._module(file).owners:
                yield from self._routes(file, owner.text(), trail)
            else:
                yield UnreadRegistration(trail.prefix, place)

    def _named(
        self, file: str, name: str, trail: Trail, at: str, place: Location
    ) -> Iterator[Declaration]:
        root = self._tree.parsed(file)
        if name in self._module(file).owners or root is None:
            yield from self._routes(file, name, trail)
            return
        source = imports(root).get(name)
        target = self._tree.imported(file, source[0]) if source else None
        definition = locally(self._tree, file, name)
        if source and target:
            yield from self._exported(target, source[1], trail)
        elif source is None and definition is not None and definition.node.kind() in FUNCTIONS:
            yield from self._function(definition.file, definition.node, trail, at, place)
        elif (
            source is None
            and definition is not None
            and (whole := module_of(definition.node)).kind() in {"call_expression", "identifier"}
            and whole.text() != name
        ):
            yield from self._mounted(definition.file, whole, trail, at, place)
        elif at or source is None or _REGISTERS.search(name):
            yield UnreadRegistration(trail.prefix, place)

    def _function(
        self, file: str, node: SgNode, trail: Trail, at: str, place: Location
    ) -> Iterator[Declaration]:
        """Yield the routes of a plugin on its first parameter, or of a function that answers."""
        names = parameters_of(node)
        if names and names[0] in self._module(file).owners:
            yield from self._routes(file, names[0], trail)
        elif at and "next" not in names:
            yield CodeRoute(joined(trail.prefix, "*"), None, place, way=trail.way)

    def _called(
        self, file: str, node: SgNode, trail: Trail, at: str, place: Location
    ) -> Iterator[Declaration]:
        """Yield the routes of a call's result: ``require(...)``, ``router.routes()``, a maker's."""
        called, passed = node.field("function"), arguments(node)
        text = called.text() if called is not None else ""
        if text in {"require", "import"} and passed:
            target = self._tree.imported(file, text_of(passed[0]))
            if target:
                yield from self._exported(target, "default", trail)
            elif at:
                yield UnreadRegistration(trail.prefix, place)
            return
        owner = called.field("object") if called is not None else None
        if owner is not None and owner.text() in self._module(file).owners:
            yield from self._routes(file, owner.text(), trail)
            return
        maker = locally(self._tree, file, text)
        made = returned_of(maker.node) if maker and maker.node.kind() in FUNCTIONS else None
        function = (
            returned_function_of(maker.node) if maker and maker.node.kind() in FUNCTIONS else None
        )
        named = name_of(maker.node) if maker and maker.node.kind() in FUNCTIONS else None
        if maker is not None and made is not None and made in self._module(maker.file).owners:
            yield from self._routes(maker.file, made, trail)
        elif maker is not None and named is not None and named in self._module(maker.file).owners:
            yield from self._routes(maker.file, named, trail)
        elif function is not None and maker is not None:
            yield from self._function(maker.file, function, trail, at, place)
        elif _MIDDLEWARE.fullmatch(text):
            return
        elif (
            at
            or (maker is not None and made is not None)
            or _REGISTERS.search(text)
            or any(self._is_routed(file, argument, trail) for argument in passed)
        ):
            yield UnreadRegistration(trail.prefix, place)

    def _is_routed(self, file: str, node: SgNode, trail: Trail) -> bool:
        """Return whether an argument is a router of this project's, as in ``vhost("x", router)``."""
        routes = self._routes(file, node.text(), trail) if node.kind() == "identifier" else ()
        return any(isinstance(route, CodeRoute) for route in routes)

    def _passed(
        self, file: str, call: SgNode, position: int, trail: Trail
    ) -> Iterator[Declaration]:
        """Yield the routes that a function registers on an app that it is given."""
        called = call.field("function")
        place = Location(file, line_of(call))
        if called is None or called.kind() == "member_expression":
            name = called.field("property") if called is not None else None
            root = called.field("object") if called is not None else None
            is_own = root is not None and root.text() in self._module(file).owners
            if name is not None and not is_own and _REGISTERS.search(name.text()):
                yield UnreadRegistration(trail.prefix, place)
            return
        if called.kind() == "call_expression":  # require("./routes")(app)
            passed = arguments(called)
            target = self._tree.imported(file, text_of(passed[0])) if passed else None
            if target:
                yield from self._exported(target, "default", trail)
            return
        maker = locally(self._tree, file, called.text())
        if maker is not None and maker.node.kind() in FUNCTIONS:
            names = parameters_of(maker.node)
            name_there = names[position] if position < len(names) else ""
            if name_there in self._module(maker.file).owners:
                yield from self._routes(maker.file, name_there, trail)
            elif name_there in {
                passed_name for passed_name, _, _ in self._module(maker.file).passings
            }:
                yield UnreadRegistration(trail.prefix, place)
        elif _REGISTERS.search(called.text()):
            yield UnreadRegistration(trail.prefix, place)

    def _module(self, file: str) -> NodeModule:
        if file not in self._modules:
            self._modules[file] = read_node_module(self._tree.parsed(file))
        return self._modules[file]


def _given_to(call: SgNode) -> str:
    """Return the name that a call's result is put into, ``app = await build()``."""
    outer = call.parent()
    if outer is not None and outer.kind() == "await_expression":
        outer = outer.parent()
    name = outer.field("left") or outer.field("name") if outer is not None else None
    return name.text() if name is not None else ""
