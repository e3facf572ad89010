"""The routes and routers that one Python module registers, by the name that they hang on.

Expressions are kept as they are written; what they mean is worked out by
:mod:`~cronshift.handlers.python_routes`, which knows the other modules too.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERBS = {"get", "post", "put", "patch", "delete", "head", "options"}
_EVERY = {"route", "api_route", "add_api_route", "add_url_rule", "add_route"}
_MOUNTING = {"include_router", "register_blueprint", "blueprint", "mount", "include", "register"}
_PREFIXES = {"prefix", "url_prefix"}
_PATHS = {"path", "rule"}
_INNER = {"router", "routes", "url_map"}  # what an app keeps its routes in
_PASSING_ON = lazy_pattern(r"\b(?:ProxyFix|WhiteNoise|Profiler\w*|Sentry\w*|DebuggedApplication)\(")
"""What wraps an app of WSGI and hands every request on to it."""

Loops = tuple[ast.For, ...]
"""The loops around a statement, the outermost first."""


class PythonRegistration(Struct, frozen=True):
    """A route, or a router that is mounted.

    Attributes:
        owner: the name that it hangs on.
        path: its path or its prefix; ``None`` where there is none.
        target: the router that is mounted; ``None`` for a route.
        methods: a route's; ``None`` for those that are the default.
        replaces: whether its prefix stands in the place of the router's own, as a blueprint's does.
    """

    owner: str
    line: int
    path: ast.expr | None
    target: ast.expr | None = None
    methods: frozenset[str] | None = None
    export: str = ""
    loops: Loops = ()
    replaces: bool = False


class Passing(Struct, frozen=True):
    """A call that is given something by name, which it may register routes on."""

    name: str
    line: int
    called: ast.expr
    position: int | str


@dataclass(slots=True)
class PythonModule:
    """The registrations of one Python file, and the names that they use.

    Attributes:
        prefixes: of the routers that are made here.
        values: what is assigned to names, at any depth.
        unread: lines that register something on a name in a way that is not followed.
        imports: the module and the name in it that a name stands for.
        stars: modules whose every name is imported.
        loaded: the modules that are imported at all.
    """

    prefixes: dict[str, ast.expr | None] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    registrations: list[PythonRegistration] = field(default_factory=list)
    passings: list[Passing] = field(default_factory=list)
    unread: list[tuple[str, int]] = field(default_factory=list)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    @property
    def owners(self) -> set[str]:
        """The names that routes hang on here."""
        registered = {registration.owner for registration in self.registrations} | {
            name for name, _ in self.unread
        }
        return registered | self.prefixes.keys()


def read_module(tree: ast.Module) -> PythonModule:
    """Return the registrations in a module, whatever function or branch they stand in."""
    module = PythonModule()
    for node, loops in _walk(tree):
        match node:
            case ast.ImportFrom() | ast.Import():
                _import(module, node)
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                _assign(module, target, value)
            case ast.AnnAssign(target=ast.Name(id=target), value=value) if value is not None:
                _assign(module, target, value)
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id=owner), attr="wsgi_app")], value=value
            ):
                if _PASSING_ON.search(ast.unparse(value)) is None:
                    module.unread.append((owner, node.lineno))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.functions[node.name] = node
                _decorate(module, node, loops)
            case ast.ClassDef():
                module.classes[node.name] = node
                _decorate(module, node, loops)
            case ast.Call():
                _call(module, node, loops)
    return module


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, Loops]]:
    """Yield every node with the loops around it; decorators are left to their function."""
    waiting: list[tuple[ast.AST, Loops]] = [(tree, ())]
    while waiting:
        node, loops = waiting.pop()
        if node is not tree:
            yield node, loops
        inner = (*loops, node) if isinstance(node, ast.For) else loops
        decorators = getattr(node, "decorator_list", [])
        children = [child for child in ast.iter_child_nodes(node) if child not in decorators]
        waiting += [(child, inner) for child in reversed(children)]


def _import(module: PythonModule, node: ast.ImportFrom | ast.Import) -> None:
    if isinstance(node, ast.ImportFrom):
        source = "." * node.level + (node.module or "")
        dot = "." if node.module else ""
        module.loaded += [source, *(f"{source}{dot}{name.name}" for name in node.names)]
        for name in node.names:
            if name.name == "*":
                module.stars.append(source)
            else:
                module.imports[name.asname or name.name] = (source, name.name)
        return
    module.loaded += [name.name for name in node.names]
    for name in node.names:
        first = name.name.partition(".")[0]
        module.imports[name.asname or first] = (name.name if name.asname else first, None)


def _assign(module: PythonModule, target: str, value: ast.expr) -> None:
    module.values[target] = value
    if isinstance(value, ast.Call):
        module.prefixes[target] = next(
            (keyword.value for keyword in value.keywords if keyword.arg in _PREFIXES), None
        )


def _decorate(
    module: PythonModule,
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    loops: Loops,
) -> None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            _register(module, decorator, node.name, loops)


def _call(module: PythonModule, call: ast.Call, loops: Loops) -> None:
    """Take in a call that registers, or that hands something on which may be registered on."""
    is_given = isinstance(call.func, ast.Attribute) and call.func.attr == "register"
    if _register(module, call, None, loops) and not is_given:
        return
    match call.func:
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=owner), *_]):
            module.unread.append((owner, call.lineno))
        case ast.Attribute(value=ast.Attribute() as inner) if _kept_in(inner):
            module.unread.append((_kept_in(inner), call.lineno))
    for number, argument in enumerate(call.args):
        if isinstance(argument, ast.Name):
            module.passings.append(Passing(argument.id, call.lineno, call.func, number))
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name) and keyword.arg is not None:
            passed = Passing(keyword.value.id, call.lineno, call.func, keyword.arg)
            module.passings.append(passed)


def _kept_in(node: ast.expr) -> str:
    """Return the name whose own list of routes an expression reaches into; else nothing."""
    is_inner = False
    while isinstance(node, ast.Attribute):
        is_inner, node = node.attr in _INNER, node.value
    return node.id if is_inner and isinstance(node, ast.Name) else ""


def _register(module: PythonModule, call: ast.Call, function: str | None, loops: Loops) -> bool:
    """Take in ``owner.get("/x")``, ``owner.include_router(other, prefix="/x")`` and their like."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner), attr=verb):
            pass
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=owner), attr="router"), attr=verb):
            pass
        case _:
            return False
    first = call.args[0] if call.args else None
    path = first or _keyword(call, _PATHS)
    if verb in _VERBS and function and path is not None:
        methods = frozenset({verb.upper()})
        made = PythonRegistration(owner, call.lineno, path, None, methods, function, loops)
    elif verb in _EVERY and path is not None:
        made = PythonRegistration(
            owner, call.lineno, path, None, methods_of(call), function or "", loops
        )
    elif verb in _MOUNTING and (first is not None or call.keywords):
        target, at = first or _keyword(call, {"router", "blueprint"}), _keyword(call, _PREFIXES)
        if verb == "mount" and (len(call.args) > 1 or _keyword(call, {"app"}) is not None):
            at, target = path, call.args[1] if len(call.args) > 1 else _keyword(call, {"app"})
        if target is None:
            return False
        replaces = verb == "register_blueprint" and at is not None
        made = PythonRegistration(owner, call.lineno, at, target, None, "", loops, replaces)
    else:
        return False
    module.registrations.append(made)
    return True


def _keyword(call: ast.Call, names: set[str]) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg in names), None)


def methods_of(call: ast.Call) -> frozenset[str] | None:
    """Return the methods that a call names by ``methods=``."""
    listed = _keyword(call, {"methods"})
    if not isinstance(listed, ast.List | ast.Tuple | ast.Set):
        return None
    return frozenset(
        element.value.upper()
        for element in listed.elts
        if isinstance(element, ast.Constant) and isinstance(element.value, str)
    )
