"""Dependencies of a FastAPI route: checks of the caller go, values are made where the work begins."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import imported_names
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import (
    CREDENTIAL,
    REQUEST,
    PythonScope,
    default_of,
    is_told,
    of_function,
)
from cronshift.targets.direct.python.called import ModuleScope, locals_of
from cronshift.targets.direct.python.closing import ends_alike
from cronshift.targets.direct.python.source import Function, names_used, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.targets.direct.python.routes import AppRoute

_DEPENDING = {"Depends", "Security"}
_CACHED = {"cache", "lru_cache"}
Imports = tuple[tuple[str, str], ...]
"""Modules, and names in them."""


class Dependency(Struct, frozen=True):
    """A function that FastAPI calls for a parameter.

    Attributes:
        name: as the module names it.
        beside: the name that it is to be imported beside, where the module has only that.
    """

    name: str
    beside: str | None = None


class Value(Struct, frozen=True):
    """A value that a dependency gives, made by the work itself.

    Attributes:
        head: the line that makes it.
        imports: the modules and the names in them that the line needs.
        is_block: whether the rest of the work stands inside of it.
        tells_errors: whether its end differs where an error leads out of the work.
    """

    name: str
    head: str
    imports: Imports
    is_block: bool
    tells_errors: bool


def dependency_of(
    argument: ast.arg, default: ast.expr | None, place: ModuleScope
) -> Dependency | None:
    """Return the dependency that an argument asks for; ``None`` for any other argument.

    Raises:
        NotCertainError: for one that is not spelled out.
    """
    annotation, beside = argument.annotation, None
    match annotation:
        case ast.Name(id=name) if (alias := place.constant(name)) is not None:
            annotation, beside = alias[0], None if alias[1].module is place.module else name
    parts = [default, annotation]
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        parts += annotation.slice.elts[1:]
    for part in parts:
        match part:
            case ast.Call(func=called, args=[function]) if _last(called) in _DEPENDING and all(
                word.arg == "scopes" for word in part.keywords
            ):
                return Dependency(ast.unparse(function), beside)
    written = " ".join(ast.unparse(part) for part in parts if part is not None)
    if any(word in written for word in _DEPENDING):
        raise NotCertainError(argument.lineno, f"is given {argument.arg} by the app")
    return None


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def is_check(function: Function, place: ModuleScope) -> bool:
    """Return whether a dependency only asks who calls, by what it is given."""
    if not _arguments_of(function):
        return False
    annotations = [each.annotation for each in function.args.args if each.annotation]
    is_asking = "Request" in {ast.unparse(annotation) for annotation in annotations}
    subjects = frozenset({REQUEST if is_asking else CREDENTIAL})
    passed = [subjects] * len(function.args.args)
    return is_told(of_function(function, passed, PythonScope(place, {})))


def refuse_dependencies(route: AppRoute, place: ModuleScope) -> None:
    """Refuse a dependency of the decorator that does more than to ask who calls.

    Raises:
        NotCertainError: with its name.
    """
    for name in _listed(route):
        function, around = _defined(name, route.function, place)
        if not is_check(function, around):
            why = f"depends on {name}, which does more than to check"
            raise NotCertainError(route.function.lineno, why)


def _defined(name: str, route: Function, place: ModuleScope) -> tuple[Function, ModuleScope]:
    defined = place.function(name)
    if defined is None:
        raise NotCertainError(route.lineno, f"depends on {name}, which is not read")
    return defined


def _listed(route: AppRoute) -> Iterator[str]:
    """Yield the dependencies that the decorator names."""
    for keyword in route.decorator.keywords:
        if keyword.arg != "dependencies":
            continue
        for element in getattr(keyword.value, "elts", [keyword.value]):
            if not isinstance(element, ast.Call) or len(element.args) != 1:
                raise NotCertainError(element.lineno, "depends on what is not read")
            yield ast.unparse(element.args[0])


class Dependencies:
    """The dependencies of a function, in the order in which their values are made.

    Attributes:
        checks: the parameters that only a check gives.
        values: those that become a part of the work.

    Raises:
        NotCertainError: for one that does what work without a request may not.
    """

    def __init__(
        self, function: Function, asked: Mapping[str, Dependency], place: ModuleScope
    ) -> None:
        self._function, self._place = function, place
        self._names: dict[str, str] = {}
        self.checks: set[str] = set()
        self.values: list[Value] = []
        self._taken = {*locals_of(function), *names_used(function)}
        for name, dependency in asked.items():
            self._ask(name, dependency)

    def _ask(self, name: str, dependency: Dependency) -> None:
        there = self._place
        imports: Imports = ()
        if dependency.beside is not None:
            alias = self._place.constant(dependency.beside)
            there = alias[1] if alias is not None else there
            imports = self._beside(dependency.name, dependency.beside)
        function, around = _defined(dependency.name, self._function, there)
        if is_check(function, around):
            self.checks.add(name)
        elif dependency.name in self._names:  # FastAPI calls each but once
            head = f"{name} = {self._names[dependency.name]}"
            self.values.append(Value(name, head, (), is_block=False, tells_errors=False))
        else:
            self._make(name, dependency.name, function, around, imports)

    def _make(
        self,
        name: str,
        called: str,
        function: Function,
        place: ModuleScope,
        imports: Imports,
    ) -> None:
        """Note how a value is made, behind those that it is made of."""
        self._refuse(called, function)
        arguments = [self._inner(called, function, each, place) for each in _arguments_of(function)]
        is_async = isinstance(function, ast.AsyncFunctionDef)
        if is_async and not isinstance(self._function, ast.AsyncFunctionDef):
            raise NotCertainError(self._function.lineno, f"is given {name} by what is awaited")
        inner = ", ".join(arguments)
        is_block = any(isinstance(node, ast.Yield) for node in own_nodes(function))
        if is_block:
            manager = "asynccontextmanager" if is_async else "contextmanager"
            keyword = "async with" if is_async else "with"
            head = f"{keyword} {manager}({called})({inner}) as {name}:"
            imports = (*imports, ("contextlib", manager))
        else:
            head = f"{name} = {'await ' if is_async else ''}{called}({inner})"
        tells = is_block and not ends_alike(function.body, place)
        self.values.append(Value(name, head, imports, is_block, tells))
        self._names[called] = name

    def _refuse(self, called: str, function: Function) -> None:
        decorators = {
            _last(each.func if isinstance(each, ast.Call) else each)
            for each in function.decorator_list
        }
        if decorators - _CACHED or "HTTPException" in names_used(function):
            why = f"depends on {called}, which does more than to give a value"
            raise NotCertainError(self._function.lineno, why)

    def _inner(self, called: str, function: Function, argument: ast.arg, place: ModuleScope) -> str:
        """Return the name of the value that a dependency is itself given."""
        dependency = dependency_of(argument, default_of(argument, function), place)
        if dependency is None or dependency.beside is not None:
            why = f"depends on {called}, which is given {argument.arg}"
            raise NotCertainError(self._function.lineno, why)
        holder, _, last = called.rpartition(".")
        name = f"{holder}.{dependency.name}" if holder else dependency.name
        if name in self._names:
            return self._names[name]
        inner, around = _defined(dependency.name, self._function, place)
        if is_check(inner, around) or argument.arg in self._taken:
            why = f"depends on {called}, which is given {argument.arg}"
            raise NotCertainError(self._function.lineno, why)
        imports = () if holder else self._beside(dependency.name, last)
        self._make(argument.arg, name, inner, around, imports)
        return argument.arg

    def _beside(self, name: str, neighbour: str) -> Imports:
        """Return the import of a name from where its neighbour comes from; none where that is here."""
        for statement in self._place.module.body:
            if isinstance(statement, ast.ImportFrom) and neighbour in imported_names(statement):
                names = {alias.asname or alias.name for alias in statement.names}
                module = f"{'.' * statement.level}{statement.module or ''}"
                return () if name in names else ((module, name),)
        return ()


def _arguments_of(function: Function) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
