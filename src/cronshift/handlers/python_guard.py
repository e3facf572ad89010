"""The guard of a Python app: looked for in its source, through factories and modules."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import (
    imported_names,
    module_file,
    returned_by,
    statements,
)
from cronshift.model import HandlerKind, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

GUARD_MODULE = "cronshift_guard"
_EXPORTS = ("app", "application", "handler")
_FRONTS = {"asgi", "wsgi", "handler"}
_DEEPEST = 8  # modules and factories behind each other


class Stands(Struct, frozen=True):
    """The guard is asked first."""

    place: Location


class Absent(Struct, frozen=True):
    """The app never hears of the guard; ``place`` is where the app is made."""

    place: Location


class UnreadGuard(Struct, frozen=True):
    """Only running the code would tell; ``why`` reads on from the place."""

    place: Location
    why: str


Sight = Stands | Absent | UnreadGuard


class PythonGuards:
    """The search for the guard in a project's Python sources.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree

    def before(self, handler: Handler) -> Sight:
        """Return whether the guard stands before a handler: an app, or a class.

        One whose kind is not told may only pass on what another module makes.
        """
        if handler.kind is not HandlerKind.FUNCTION:
            return self._module(handler.file, handler.export, _DEEPEST)
        sights = [self._module(handler.file, name, _DEEPEST) for name in _EXPORTS]
        start = Location(handler.file, 1)
        seen = (sight for sight in sights if sight != Absent(start))
        return next(seen, UnreadGuard(start, "shows no app that could be guarded"))

    def _module(self, file: str, name: str, depth: int) -> Sight:
        start = Location(file, 1)
        try:
            module = ast.parse(self._tree.read(file))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UnreadGuard(start, "does not parse")
        if depth == 0:
            return UnreadGuard(start, "is behind too many modules")
        return self._scope(_Scope(file, module, module.body, name), depth)

    def _scope(self, scope: _Scope, depth: int) -> Sight:
        """Return the sight of the guard in the statements of a module, or of a function."""
        made = Location(scope.file, 1)
        doubt: Sight | None = None
        for node, is_sure in statements(scope.body):
            place = Location(scope.file, node.lineno)
            if scope.mentions_guard(node):
                if is_sure:
                    return Stands(place)
                doubt = UnreadGuard(place, "puts the guard there only in some cases")
            elif isinstance(node, ast.Import | ast.ImportFrom):
                doubt = self._imported(scope, node, depth) or doubt
            elif scope.is_about(node):
                made = place if scope.makes(node) else made
                for call in scope.handed_on(node):
                    doubt = self._called(scope, call, depth) or doubt
                other = scope.renamed(node)
                if other is not None:
                    doubt = self._scope(scope.called(other), depth - 1) if depth else doubt
            if isinstance(doubt, Stands):
                return (
                    doubt
                    if is_sure
                    else UnreadGuard(doubt.place, "stands there only in some cases")
                )
        if isinstance(doubt, Absent):
            return doubt
        return doubt or Absent(made)

    def _imported(
        self, scope: _Scope, node: ast.Import | ast.ImportFrom, depth: int
    ) -> Sight | None:
        source = imported_names(node).get(scope.name)
        if source is None or source[1] is None:
            return None
        target = module_file(self._tree, scope.file, source[0])
        if target is None:
            return UnreadGuard(Location(scope.file, node.lineno), f"takes it from {source[0]}")
        return self._module(target, source[1], depth - 1)

    def _called(self, scope: _Scope, call: ast.Call, depth: int) -> Sight | None:
        """Return the sight of the guard in a function that makes the app or is given it."""
        function_seen = self._function(scope.file, scope.module, call.func, depth)
        if function_seen is None or depth == 0:
            return None
        file, module, function = function_seen
        arguments = [ast.unparse(argument) for argument in call.args]
        if scope.name in arguments:
            names = [parameter.arg for parameter in function.args.args]
            at = arguments.index(scope.name)
            name = names[at] if at < len(names) else scope.name
        else:
            returned = list(returned_by(function))
            name = ast.unparse(returned[-1]) if returned else ""
            if returned and _Scope(file, module, function.body, name).is_guarded(returned[-1]):
                return Stands(Location(file, returned[-1].lineno))
        sight = self._scope(_Scope(file, module, function.body, name), depth - 1)
        return None if isinstance(sight, Absent) and scope.name in arguments else sight

    def _function(
        self, file: str, module: ast.Module, called: ast.expr, depth: int
    ) -> tuple[str, ast.Module, ast.FunctionDef] | None:
        name = ast.unparse(called)
        for node, _ in statements(module.body):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return file, module, node
            if not isinstance(node, ast.Import | ast.ImportFrom) or depth == 0:
                continue
            base, _, rest = name.partition(".")
            source = imported_names(node).get(base)
            target = module_file(self._tree, file, source[0]) if source else None
            if source is None or target is None:
                continue
            inner = source[1] or rest
            if rest and source[1]:  # `from . import factory` and then `factory.create_app()`
                target = module_file(self._tree, file, f"{source[0]}.{source[1]}") or target
                inner = rest
            try:
                parsed = ast.parse(self._tree.read(target))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
            return self._function(target, parsed, ast.Name(inner), depth - 1)
        return None


class _Scope(Struct, frozen=True):
    """Statements, and the app's name among them."""

    file: str
    module: ast.Module
    body: list[ast.stmt]
    name: str

    def called(self, name: str) -> _Scope:
        """Return the same statements, where the app has another name."""
        return _Scope(self.file, self.module, self.body, name)

    def mentions_guard(self, node: ast.stmt) -> bool:
        """Return whether a statement puts the guard before the app."""
        match node:
            case ast.ClassDef(name=name, decorator_list=decorators):
                return name == self.name and any(map(self.is_guarded, decorators))
            case ast.Assign(targets=targets, value=value):
                return any(map(self._is_app, targets)) and self.is_guarded(value)
            case ast.AnnAssign(target=target, value=value):
                return self._is_app(target) and value is not None and self.is_guarded(value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner)) as call):
                return self._is_app(owner) and self.is_guarded(call)
        return False

    def is_about(self, node: ast.stmt) -> bool:
        """Return whether a statement makes the app, names it anew or hands it on."""
        match node:
            case ast.Assign(targets=targets):
                return any(map(self._is_app, targets))
            case ast.AnnAssign(target=target):
                return self._is_app(target)
            case ast.Expr(value=ast.Call(args=arguments)):
                return any(map(self._is_app, arguments))
            case ast.ClassDef(name=name):
                return name == self.name
        return False

    def makes(self, node: ast.stmt) -> bool:
        """Return whether a statement is where the app comes from."""
        return isinstance(node, ast.Assign | ast.AnnAssign | ast.ClassDef)

    def handed_on(self, node: ast.stmt) -> Iterator[ast.Call]:
        """Yield the calls that make the app, or are given it."""
        match node:
            case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
                yield call
            case ast.Expr(value=ast.Call() as call):
                yield call

    def renamed(self, node: ast.stmt) -> str | None:
        """Return the other name that a statement takes the app from."""
        match node:
            case ast.Assign(value=ast.Name(id=name)) | ast.AnnAssign(value=ast.Name(id=name)):
                return name if name != self.name else None
            case ast.ClassDef(bases=[ast.Name(id=name)], body=body):
                methods = {
                    statement.name for statement in body if isinstance(statement, ast.FunctionDef)
                }
                return name if "do_GET" not in methods else None
        return None

    def is_guarded(self, node: ast.expr) -> bool:
        """Return whether an expression hands something to the guard, or the guard to something."""
        fronts = {
            ast.unparse(inner.value)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Attribute) and inner.attr in _FRONTS
        }
        if fronts & self._guards():
            return True
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} - {self.name}
        lists = {
            target.id: statement.value
            for statement, _ in statements(self.module.body)
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        return any(self.is_guarded(lists[name]) for name in names & lists.keys())

    def _guards(self) -> set[str]:
        """Return the names of the guard here."""
        names = set()
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name, (source, attribute) in imported_names(node).items():
                    if source.rpartition(".")[2] == GUARD_MODULE and attribute is not None:
                        names.add(name)
                    elif GUARD_MODULE in {source.rpartition(".")[2], attribute}:
                        names.add(f"{name}.guard")
            elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Guard("):
                names |= {ast.unparse(target) for target in node.targets}
        return names

    def _is_app(self, node: ast.expr) -> bool:
        return ast.unparse(node) in {self.name, f"{self.name}.wsgi_app"}
