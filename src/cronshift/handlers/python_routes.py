"""Routes that Python apps declare: FastAPI, Starlette, Flask, Django, followed through imports.

A registration that cannot be followed (a path that is computed, a router that a package makes, an
app that is handed to code outside the project) is told as :class:`UnreadRegistration`, so that no path is
called dead on the strength of the others.
"""

from __future__ import annotations

import ast
import re
from itertools import islice, product
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import CodeRoute, Declared, Trail, UnreadRegistration, joined
from cronshift.handlers.python_names import PythonNames, Values
from cronshift.handlers.python_registrations import (
    Passing,
    PythonRegistration,
    methods_of,
)
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_GET = frozenset({"GET", "HEAD"})
_FILES = lazy_pattern(r"\b(?:StaticFiles|TemplateResponse)\b")
_LISTS = lazy_pattern(r"\b(?:Route|APIRoute|Mount|Host|WebSocketRoute)\(")
_REGISTERS = lazy_pattern(
    r"regist|mount|route|setup|includ|load|admin|swagger|oauth|dashboard|toolbar|socketio|(?:^|\.)Api$",
    re.IGNORECASE,
)
"""Names of functions and classes of packages that may add routes to an app which they are given."""
_MOST_ROUNDS = 500  # of a loop that registers

Declaration = CodeRoute | UnreadRegistration


class PythonRoutes:
    """The route tables of a project's Python apps.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._names = PythonNames(tree)

    def of(self, file: str, name: str) -> Declared:
        """Return the routes of the app that ``name`` is in ``file``."""
        return Declared.of(self._routes(file, name, Trail()))

    def _routes(
        self, file: str, name: str, trail: Trail, *, prefixed: bool = False
    ) -> Iterator[Declaration]:
        """Yield the routes of a router; ``prefixed`` where its own prefix does not count."""
        behind = trail.through(file, name)
        if behind is None:
            return
        if self._tree.is_unparsed(file):
            yield UnreadRegistration(trail.prefix, Location(file, 1))
            return
        module = self._names.module(file)
        if name not in module.prefixes and name not in module.values:
            target = self._names.imported(file, name)
            if target is not None:
                yield from self._routes(*target, behind, prefixed=prefixed)
                return
        prefix = module.prefixes.get(name) if not prefixed else None
        base = self._names.text(file, prefix) if prefix is not None else ""
        if prefix is not None and base is None:
            yield UnreadRegistration(trail.prefix, Location(file, prefix.lineno))
            return
        here = behind.at(base or "")
        moved = _root_path(module.values.get(name))
        if moved is not None:
            yield UnreadRegistration(trail.prefix, Location(file, moved.lineno))
            if isinstance(moved, ast.Constant):
                return
        yield from self._local_routes(file, name, here)
        yield from self._made(file, module.values.get(name), here)
        yield from self._from_elsewhere(file, name, here)

    def _local_routes(self, file: str, name: str, here: Trail) -> Iterator[Declaration]:
        """Yield the routes that a module registers on a name."""
        module = self._names.module(file)
        for registration in module.registrations:
            if registration.owner == name:
                yield from self._registered(file, registration, here)
        for owner, line in module.unread:
            if owner == name:
                yield UnreadRegistration(here.prefix, Location(file, line))
        for passing in module.passings:
            if passing.name == name:
                yield from self._passed(file, passing, here)

    def _made(self, file: str, value: ast.expr | None, trail: Trail) -> Iterator[Declaration]:
        """Yield the routes that an app gets from its maker: a list, an app, a function."""
        match value:
            case ast.List() | ast.Tuple() if _LISTS.search(ast.unparse(value)):
                yield from self._listed(file, value, trail)
            case ast.Name(id=name):
                yield from self._routes(file, name, trail)
            case ast.Call(func=function, args=args, keywords=keywords):
                target = self._target(file, value) if self._names.function(file, function) else None
                if target is not None:
                    yield from self._routes(*target, trail)
                for argument in args:
                    if isinstance(argument, ast.Name) and self._names.defined(file, argument.id):
                        yield from self._routes(file, argument.id, trail)
                for keyword in keywords:
                    if keyword.arg == "routes":
                        yield from self._listed(file, keyword.value, trail)

    def _registered(
        self, file: str, registration: PythonRegistration, trail: Trail
    ) -> Iterator[Declaration]:
        """Yield the routes of a registration, for each round of the loops around it."""
        place = Location(file, registration.line)
        rounds = self._rounds(file, registration)
        if rounds is None:
            yield UnreadRegistration(trail.prefix, place)
            return
        for values in rounds:
            path = (
                self._names.text(file, registration.path, values)
                if registration.path is not None
                else ""
            )
            if path is None:
                yield UnreadRegistration(trail.prefix, place)
            elif registration.target is not None:
                yield from self._mounted(file, registration, trail.at(path), values)
            else:
                whole = joined(trail.prefix, path)
                yield CodeRoute(whole, registration.methods or _GET, place, registration.export)

    def _rounds(
        self, file: str, registration: PythonRegistration
    ) -> list[dict[str, ast.expr]] | None:
        """Return the values of the loops' variables in each round; ``None`` where not known."""
        used = {
            node.id
            for part in (registration.path, registration.target)
            if part is not None
            for node in ast.walk(part)
            if isinstance(node, ast.Name)
        }
        each: list[list[dict[str, ast.expr]]] = []
        for loop in registration.loops:
            names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
            if names & used:
                rounds = self._loop(file, loop)
                if rounds is None:
                    return None
                each.append(rounds)
        return [
            {name: value for part in parts for name, value in part.items()}
            for parts in islice(product(*each), _MOST_ROUNDS)
        ]

    def _loop(self, file: str, loop: ast.For) -> list[dict[str, ast.expr]] | None:
        items = self._items(file, loop.iter)
        if items is None:
            return None
        rounds = []
        for item in items:
            match loop.target, item:
                case ast.Name(id=name), _:
                    rounds.append({name: item})
                case ast.Tuple(elts=names), ast.Tuple(elts=parts) if len(names) == len(parts):
                    pairs = zip(names, parts, strict=True)
                    rounds.append({n.id: part for n, part in pairs if isinstance(n, ast.Name)})
                case _:
                    return None
        return rounds

    def _items(self, file: str, node: ast.expr) -> list[ast.expr] | None:
        """Return the items of a loop, where they are written out; in the file's own words."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return None if any(isinstance(element, ast.Starred) for element in items) else items
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="items")):
                table = self._names.module(file).values.get(name)
                if isinstance(table, ast.Dict) and None not in table.keys:
                    pairs = zip(table.keys, table.values, strict=True)
                    return [ast.Tuple([key, value]) for key, value in pairs if key is not None]
            case ast.Name(id=name) if name in self._names.module(file).values:
                value = self._names.module(file).values[name]
                return None if isinstance(value, ast.Name) else self._items(file, value)
        return None

    def _mounted(
        self, file: str, registration: PythonRegistration, trail: Trail, values: Values
    ) -> Iterator[Declaration]:
        """Yield the routes of the router that a registration mounts."""
        node = registration.target
        match node:
            case ast.Name(id=name) if name in values:
                node = values[name]
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in values:
                node = ast.Attribute(values[name], attribute)
        if node is None or _FILES.search(ast.unparse(node)):
            return
        target = self._target(file, node)
        if target is None:
            yield UnreadRegistration(trail.prefix, Location(file, registration.line))
        else:
            yield from self._routes(*target, trail, prefixed=registration.replaces)

    def _target(self, file: str, node: ast.expr) -> tuple[str, str] | None:
        """Return the file and the name of a router that an expression means, as far as it is here."""
        match node:
            case ast.Name(id=name):
                return self._names.defined(file, name)
            case ast.Attribute(value=ast.Name(id=base), attr=attribute):
                source = self._names.module(file).imports.get(base)
                inner = self._names.submodule(file, *source) if source else None
                return self._names.defined(inner, attribute) if inner else None
            case ast.Attribute(attr=attribute):
                inner = self._names.file_of(file, ast.unparse(node).rpartition(".")[0])
                return self._names.defined(inner, attribute) if inner else None
            case ast.Call(func=function):
                maker = self._names.function(file, function)
                return self._names.returned(*maker) if maker else None
        return None

    def _passed(self, file: str, passing: Passing, trail: Trail) -> Iterator[Declaration]:
        """Yield the routes that a function registers on an app that it is given."""
        function_seen = self._names.function(file, passing.called)
        if function_seen is None:
            called = ast.unparse(passing.called)
            if called.rpartition(".")[2] == "Mount":
                return  # read where its list is
            root = called.partition(".")[0].partition("(")[0]
            is_ours, maker = self._names.maker(file, root)
            if is_ours or _REGISTERS.search(called.rpartition(".")[2]) or _REGISTERS.search(maker):
                yield UnreadRegistration(trail.prefix, Location(file, passing.line))
            return
        target, function = function_seen
        names = [argument.arg for argument in function.args.args]
        position = passing.position
        name = position if isinstance(position, str) else dict(enumerate(names)).get(position)
        if name is None:
            yield UnreadRegistration(trail.prefix, Location(file, passing.line))
        else:
            yield from self._routes(target, name, trail)

    def _from_elsewhere(self, file: str, name: str, trail: Trail) -> Iterator[Declaration]:
        """Yield the routes that other modules register on an app that they import from here."""
        if trail.prefix or any(passed != name for _, passed in trail.seen):
            return
        stem = file.rpartition("/")[2].removesuffix(".py")
        stem = file.split("/")[-2] if stem == "__init__" and "/" in file else stem
        here = {self._names.file_of(file, source) for source in self._names.module(file).loaded}
        for other in sorted(self._tree.files):
            if not other.endswith(".py") or other == file or stem not in self._tree.read(other):
                continue
            module = self._names.module(other)
            for alias, (source, attribute) in module.imports.items():
                if attribute != name or alias not in module.owners - module.prefixes.keys():
                    continue
                if self._names.file_of(other, source) != file:
                    continue
                for registration in module.registrations:
                    if registration.owner == alias and other in here:
                        yield from self._registered(other, registration, trail)
                    elif registration.owner == alias:
                        yield UnreadRegistration("", Location(other, registration.line))

    def _listed(self, file: str, node: ast.expr, trail: Trail) -> Iterator[Declaration]:
        """Yield the routes of ``[Route(...), Mount(...)]``, or of the list that a name stands for."""
        if isinstance(node, ast.Name):
            target = self._names.defined(file, node.id)
            behind = trail.through(file, node.id)
            value = self._names.module(target[0]).values.get(target[1]) if target else None
            if target and behind is not None and value is not None:
                yield from self._listed(target[0], value, behind)
            elif behind is not None:
                yield UnreadRegistration(trail.prefix, Location(file, node.lineno))
            return
        match node:
            case ast.List() | ast.Tuple():
                for element in node.elts:
                    yield from self._element(file, element, trail)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from self._listed(file, left, trail)
                yield from self._listed(file, right, trail)
            case ast.Attribute(attr="routes"):
                mounted = PythonRegistration("", node.lineno, None, node.value)
                yield from self._mounted(file, mounted, trail, {})
            case _:
                yield UnreadRegistration(trail.prefix, Location(file, node.lineno))

    def _element(self, file: str, node: ast.expr, trail: Trail) -> Iterator[Declaration]:
        """Yield the routes of one element of a list of them."""
        match node:
            case ast.Starred(value=value):
                yield from self._listed(file, value, trail)
            case ast.Name(id=name):
                meant = self._names.module(file).values.get(name)
                if isinstance(meant, ast.Call):
                    yield from self._element(file, meant, trail)
                else:
                    yield UnreadRegistration(trail.prefix, Location(file, node.lineno))
            case ast.Call():
                yield from self._starlette_route(file, node, trail)
            case _:
                yield UnreadRegistration(trail.prefix, Location(file, node.lineno))

    def _starlette_route(self, file: str, call: ast.Call, trail: Trail) -> Iterator[Declaration]:
        kind, place = ast.unparse(call.func).rpartition(".")[2], Location(file, call.lineno)
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        at = call.args[0] if call.args else options.get("path")
        path = self._names.text(file, at) if at is not None else None
        if kind == "WebSocketRoute":
            return
        if path is None or kind not in {"Route", "APIRoute", "Mount"}:
            yield UnreadRegistration(trail.prefix, place)
            return
        second = call.args[1] if len(call.args) > 1 else None
        if kind != "Mount":
            endpoint = second or options.get("endpoint")
            export = ast.unparse(endpoint) if endpoint is not None else ""
            whole = joined(trail.prefix, path)
            yield CodeRoute(whole, methods_of(call) or _GET, place, export)
            return
        routes, app = options.get("routes"), second or options.get("app")
        if routes is not None:
            yield from self._listed(file, routes, trail.at(path))
        if app is not None:
            mounted = PythonRegistration("", call.lineno, None, app)
            yield from self._mounted(file, mounted, trail.at(path), {})


def _root_path(value: ast.expr | None) -> ast.expr | None:
    """Return the ``root_path`` that an app is made with, unless it is empty.

    Starlette takes it off the paths that begin with it, since its version 0.33: which paths are answered
    then hangs on what is installed.
    """
    keywords = value.keywords if isinstance(value, ast.Call) else []
    root = next((word.value for word in keywords if word.arg == "root_path"), None)
    return None if isinstance(root, ast.Constant) and not root.value else root
