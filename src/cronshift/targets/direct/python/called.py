"""Functions of the project that code calls by name, and what they leave behind in their process."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.python.source import Function, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.handlers.tree import SourceTree

_DEEPEST = 4
_CONTAINERS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
_READING = frozenset({"len", "str", "sum", "any", "all", "min", "max", "sorted", "list", "dict", "enumerate",
                      "zip", "json.dumps", "print", "bool", "isinstance", "repr", "tuple", "set"})  # fmt: skip
_READING_METHODS = frozenset({"get", "items", "keys", "values", "copy", "index", "count"})
_SENDING = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})
_CLIENTS = lazy_pattern(r"httpx\.(?:Async)?Client\(|requests\.[Ss]ession\(")
_PREPARING = lazy_pattern(
    r"init|setup|set_up|configure|connect|install|load_dotenv|login|register|bootstrap"
)
"""What is called to have something ready in this process."""
_SENT = frozenset({"json", "params", "data", "headers"})


class ModuleScope(Struct, frozen=True):
    """A module of the project, as what is defined in it is looked up.

    Attributes:
        module: its syntax tree, which may differ from what is on disk.
    """

    tree: SourceTree
    file: str
    module: ast.Module
    depth: int = 0

    def function(self, name: str) -> tuple[Function, ModuleScope] | None:
        """Return the function that a name, or ``module.name``, is bound to, and where it stands."""
        match self.definition(name):
            case (ast.FunctionDef() | ast.AsyncFunctionDef() as function, place):
                return function, place
        return None

    def class_of(self, name: str) -> tuple[ast.ClassDef, ModuleScope] | None:
        """Return the class that a name, or ``module.name``, is bound to, and where it stands."""
        match self.definition(name):
            case (ast.ClassDef() as node, place):
                return node, place
        return None

    def definition(self, name: str) -> tuple[Function | ast.ClassDef, ModuleScope] | None:
        """Return the function or class that a name is bound to, and where it stands."""
        holder, _, last = name.rpartition(".")
        for statement in self.module.body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if statement.name == name:
                        return statement, self
                case ast.Import() | ast.ImportFrom():
                    bound = imported_names(statement).get(holder or name)
                    if bound is None:
                        continue
                    module, inner = bound
                    names = (module, inner) if not holder else (_below(module, inner), last)
                    return self._elsewhere(*names)
        return None

    def _elsewhere(
        self, module: str, name: str | None
    ) -> tuple[Function | ast.ClassDef, ModuleScope] | None:
        file = module_file(self.tree, self.file, module)
        if file is None or name is None or self.depth >= _DEEPEST:
            return None
        return ModuleScope(self.tree, file, self.tree.python(file), self.depth + 1).definition(name)

    def constant(self, name: str) -> tuple[ast.expr, ModuleScope] | None:
        """Return the only value that a module gives a name in the open."""
        values = [value for bound, value in _assignments(self.module) if bound == name]
        if len(values) == 1 and values[0] is not None:
            return values[0], self
        for statement in self.module.body:
            if isinstance(statement, ast.ImportFrom) and not values:
                module, inner = imported_names(statement).get(name, ("", None))
                file = module_file(self.tree, self.file, module) if inner else None
                if file is not None and inner is not None and self.depth < _DEEPEST:
                    there = self.tree.python(file)
                    return ModuleScope(self.tree, file, there, self.depth + 1).constant(inner)
        return None


def _below(module: str, inner: str | None) -> str:
    """Return the module that an import binds: of ``from a import b`` it is ``a.b``."""
    if inner is None:
        return module
    return f"{module}{inner}" if module.endswith(".") else f"{module}.{inner}"


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if node in module.body:
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if node in module.body:
                yield name, value
            case ast.Global(names=names):
                yield from ((name, None) for name in names)
            case ast.AugAssign(target=ast.Name(id=name)) if node in module.body:
                yield name, None


def leaves_nothing(function: Function, place: ModuleScope) -> bool:
    """Return whether a function, and what it calls of the project, keeps nothing in its process."""
    local = locals_of(function)
    for node in ast.walk(function):
        match node:
            case ast.Global() | ast.Nonlocal() | ast.Yield() | ast.YieldFrom():
                return False
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                root = root_of(node)
                if root is None or root not in local:
                    return False
            case ast.Call(func=called) if place.depth < _DEEPEST:
                inner = place.function(ast.unparse(called))
                if inner is not None and inner[0] is not function:
                    deeper = ModuleScope(
                        inner[1].tree, inner[1].file, inner[1].module, place.depth + 1
                    )
                    if not leaves_nothing(inner[0], deeper):
                        return False
                if inner is None and (
                    _changes_global(called, local, place)
                    or _PREPARING.match(ast.unparse(called).rpartition(".")[2])
                ):
                    return False
    return True


def _changes_global(called: ast.expr, local: set[str], place: ModuleScope) -> bool:
    """Return whether a call may change a value that the module keeps: a list, a dictionary."""
    match called:
        case ast.Attribute(value=ast.Name(id=name)) if name not in local:
            elsewhere = place.constant(name)
            values = [value for bound, value in _assignments(place.module) if bound == name]
            values += [elsewhere[0]] if elsewhere is not None else []
            return any(isinstance(value, _CONTAINERS) for value in values)
    return False


def locals_of(function: Function) -> set[str]:
    """Return the names that a function binds."""
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    bound = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return {*(argument.arg for argument in taken), *bound}


def root_of(node: ast.expr) -> str | None:
    """Return the name that a chain of members begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def leaves_alone(call: ast.Call, name: str, place: ModuleScope) -> bool:
    """Return whether a call surely changes nothing of a value that it is handed as ``name``."""
    called = ast.unparse(call.func)
    if called in _READING or is_sending(call, place, name):
        return True
    target = place.function(called)
    if target is None:
        return False
    function, module = target
    taken = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    received = {
        taken[at]
        for at, value in enumerate(call.args)
        if _speaks_of(value, name, place) and at < len(taken)
    }
    received |= {
        word.arg
        for word in call.keywords
        if word.arg is not None and _speaks_of(word.value, name, place)
    }
    return bool(received) and all(_only_reads(function, each, module) for each in received)


def is_sending(call: ast.Call, place: ModuleScope, name: str | None = None) -> bool:
    """Return whether a call is a request of an HTTP library, which only sends what it is given."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=holder), attr=verb) if verb in _SENDING:
            client = place.constant(holder)
            is_client = client is not None and _CLIENTS.match(ast.unparse(client[0])) is not None
            if not is_client and holder not in {"httpx", "requests"}:
                return False
            positional = name is not None and any(
                _speaks_of(value, name, place) for value in call.args
            )
            return not positional and all(word.arg in {*_SENT, "timeout"} for word in call.keywords)
    return False


def _speaks_of(node: ast.AST, name: str, place: ModuleScope) -> bool:
    """Return whether an expression may give a value on: what only compares or prints it does not."""
    match node:
        case ast.Name(id=name_there):
            return name_there == name
        case ast.Compare() | ast.JoinedStr():
            return False
        case ast.IfExp(body=body, orelse=orelse):
            return _speaks_of(body, name, place) or _speaks_of(orelse, name, place)
        case ast.Call(func=ast.Name(id="len" | "str" | "int" | "bool")):
            return False
        case ast.Call() if is_sending(node, place):
            return False
    return any(_speaks_of(child, name, place) for child in ast.iter_child_nodes(node))


def _only_reads(function: Function, name: str, place: ModuleScope) -> bool:
    """Return whether a function changes neither a parameter nor what it takes out of it."""
    if place.depth >= _DEEPEST:
        return False
    deeper = ModuleScope(place.tree, place.file, place.module, place.depth + 1)
    names = _aliases(function, name, place)
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for node in own_nodes(function):
        match node:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store()):
                if root_of(node) in names:
                    return False
            case ast.AugAssign(target=ast.Name(id=target)) if target in names:
                return False
            case ast.Call(func=ast.Attribute(attr=method, value=value)) if root_of(value) in names:
                if method not in _READING_METHODS:
                    return False
            case ast.Call():
                handed = [each for each in names if _is_handed(node, each, parents)]
                if not all(leaves_alone(node, each, deeper) for each in handed):
                    return False
    return True


def _is_handed(call: ast.Call, name: str, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Return whether a call itself, and none inside of it, is handed a name."""
    for value in [*call.args, *(word.value for word in call.keywords)]:
        for node in ast.walk(value):
            if isinstance(node, ast.Name) and node.id == name:
                above = parents.get(node)
                while above is not None and not isinstance(above, ast.Call | ast.JoinedStr):
                    above = parents.get(above)
                if above is call:
                    return True
    return False


def _aliases(function: Function, name: str, place: ModuleScope) -> set[str]:
    """Return the names that hold a value, or a part of it."""
    names = {name}
    for _ in range(_DEEPEST):
        for node in ast.walk(function):
            target: ast.expr | None = None
            match node:
                case (
                    ast.Assign(targets=[target], value=value)
                    | ast.For(target=target, iter=value)
                    | ast.comprehension(target=target, iter=value)
                    | ast.NamedExpr(target=target, value=value)
                ):
                    if any(_speaks_of(value, each, place) for each in names):
                        names |= {
                            each.id for each in ast.walk(target) if isinstance(each, ast.Name)
                        }
    return names
