"""Values that are surely the same behind JSON, which is all that a durable step hands on."""

from __future__ import annotations

import ast
from enum import IntEnum
from typing import TYPE_CHECKING

from cronshift.targets.direct.python.called import ModuleScope, leaves_alone, root_of
from cronshift.targets.direct.python.source import Function, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Certainty(IntEnum):
    """The certainty about a value, from the surest on."""

    SCALAR = 0
    """A text, a number, a truth value or nothing: nobody can change it."""
    JSON = 1
    """Lists and dictionaries of such, or one of those."""
    UNKNOWN = 2


Certainties = dict[str, Certainty]
_DEEPEST = 4
_SCALAR_TYPES = {"str", "int", "float", "bool", "None"}
_SCALAR_CALLS = frozenset({"len", "str", "int", "float", "bool", "any", "all", "repr", "isinstance", "json.dumps",
                           "os.getenv", "os.environ.get", "time.time", "time.monotonic", "time.perf_counter",
                           "time.sleep", "asyncio.sleep"})  # fmt: skip
_PASSING_CALLS = frozenset({"sorted", "list", "dict", "sum", "min", "max", "abs", "round"})
_SCALAR_METHODS = frozenset({"isoformat", "strftime", "hexdigest", "total_seconds", "timestamp"})
_TEXT_METHODS = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "replace", "format", "join",
                           "startswith", "endswith", "removeprefix", "removesuffix", "count", "find"})  # fmt: skip
_TAKING_METHODS = frozenset({"get", "copy", "pop", "index", "count"})
_IDENTIFYING = frozenset({"id", "slug", "key", "name", "email", "url", "symbol", "code"})
"""Members that are texts or numbers, as those that tell one row from another."""
_ADDING_METHODS = frozenset({"append", "extend", "insert", "update", "setdefault"})


def kind_of(node: ast.expr | None, names: Mapping[str, Certainty], place: ModuleScope) -> Certainty:
    """Return the certainty that JSON keeps a value."""
    match node:
        case None | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
            return Certainty.SCALAR
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            return Certainty.SCALAR
        case ast.Constant(value=value):
            is_json = not isinstance(value, bytes | complex) and value is not Ellipsis
            return Certainty.SCALAR if is_json else Certainty.UNKNOWN
        case ast.Compare():
            return _of_comparison(node, names, place)
        case ast.Name(id=name):
            return _of_name(name, names, place)
        case ast.Call():
            return _of_call(node, names, place)
        case ast.List() | ast.Dict() | ast.ListComp() | ast.DictComp():
            return _of_container(node, names, place)
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))) if key in _IDENTIFYING:
            sure = kind_of(value, names, place) < Certainty.UNKNOWN
            return Certainty.SCALAR if sure else Certainty.UNKNOWN
    parts = list(_passed_on(node))
    return _all_of(parts, names, place) if parts else Certainty.UNKNOWN


def _passed_on(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions whose values an expression passes on, or makes its own of."""
    match node:
        case ast.BoolOp(values=values):
            yield from values
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            yield from (left, right)
        case ast.UnaryOp(operand=value) | ast.Await(value=value) | ast.NamedExpr(value=value):
            yield value
        case ast.Starred(value=value) | ast.Subscript(value=value):
            yield value


def _of_comparison(
    node: ast.Compare, names: Mapping[str, Certainty], place: ModuleScope
) -> Certainty:
    if all(isinstance(each, ast.Is | ast.IsNot | ast.In | ast.NotIn) for each in node.ops):
        return Certainty.SCALAR
    sure = _all_of([node.left, *node.comparators], names, place) < Certainty.UNKNOWN
    return Certainty.SCALAR if sure else Certainty.UNKNOWN


def _of_container(node: ast.expr, names: Mapping[str, Certainty], place: ModuleScope) -> Certainty:
    match node:
        case ast.List(elts=values):
            return max(Certainty.JSON, _all_of(values, names, place))
        case ast.Dict(keys=keys, values=values):
            if all(key is None or _is_text(key) for key in keys):
                return max(Certainty.JSON, _all_of(values, names, place))
        case ast.ListComp(elt=made, generators=generators):
            return max(Certainty.JSON, kind_of(made, _bound(generators, names, place), place))
        case ast.DictComp(key=key, value=made, generators=generators):
            if _is_text(key):
                return max(Certainty.JSON, kind_of(made, _bound(generators, names, place), place))
    return Certainty.UNKNOWN


def carries(node: ast.expr, name: str, names: Mapping[str, Certainty], place: ModuleScope) -> bool:
    """Return whether a value has in it what ``name`` holds, or a part of that, which may be changed."""
    match node:
        case ast.Name(id=there):
            return there == name
        case ast.Compare() | ast.JoinedStr() | ast.Lambda():
            return False
        case ast.IfExp(body=body, orelse=orelse):
            return any(carries(each, name, names, place) for each in (body, orelse))
        case (
            ast.ListComp(elt=made, generators=generators)
            | ast.GeneratorExp(elt=made, generators=generators)
            | ast.DictComp(value=made, generators=generators)
        ):
            return kind_of(made, _bound(generators, names, place), place) is not Certainty.SCALAR
    if kind_of(node, names, place) is Certainty.SCALAR:
        return False
    inner = [
        child.value if isinstance(child, ast.keyword) else child
        for child in ast.iter_child_nodes(node)
    ]
    return any(carries(child, name, names, place) for child in inner if isinstance(child, ast.expr))


def _all_of(
    nodes: Iterable[ast.expr], names: Mapping[str, Certainty], place: ModuleScope
) -> Certainty:
    return max((kind_of(node, names, place) for node in nodes), default=Certainty.SCALAR)


def _is_text(key: ast.expr) -> bool:
    match key:
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.Call(func=ast.Name(id="str")):
            return True
    return False


def _of_name(name: str, names: Mapping[str, Certainty], place: ModuleScope) -> Certainty:
    if name in names:
        return names[name]
    value = place.constant(name) if place.depth < _DEEPEST else None
    return kind_of(value[0], {}, _deeper(value[1])) if value is not None else Certainty.UNKNOWN


def _deeper(place: ModuleScope) -> ModuleScope:
    return ModuleScope(place.tree, place.file, place.module, place.depth + 1)


def _of_call(call: ast.Call, names: Mapping[str, Certainty], place: ModuleScope) -> Certainty:
    called = ast.unparse(call.func)
    if called in _SCALAR_CALLS and called.partition(".")[0] not in names:
        return Certainty.SCALAR
    if called == "json.loads":
        return Certainty.JSON
    if called in _PASSING_CALLS:
        passed = [*call.args, *(word.value for word in call.keywords if word.arg != "key")]
        return max(
            Certainty.JSON if called in {"sorted", "list", "dict"} else Certainty.SCALAR,
            _all_of([value for value in passed if not isinstance(value, ast.GeneratorExp)], names, place),
            *(kind_of(value.elt, _bound(value.generators, names, place), place) for value in passed
              if isinstance(value, ast.GeneratorExp)),
        )  # fmt: skip
    if isinstance(call.func, ast.Attribute):
        kind = _of_method(call, call.func, names, place)
        if kind < Certainty.UNKNOWN:
            return kind
    is_shadowed = called.partition(".")[0] in names
    function = place.function(called) if place.depth < _DEEPEST and not is_shadowed else None
    return result_of(*function) if function is not None else Certainty.UNKNOWN


def _of_method(
    call: ast.Call, called: ast.Attribute, names: Mapping[str, Certainty], place: ModuleScope
) -> Certainty:
    if called.attr == "json" and not call.args:
        return Certainty.JSON
    if called.attr in _SCALAR_METHODS:
        return Certainty.SCALAR
    holder = kind_of(called.value, names, place)
    if holder is Certainty.SCALAR and called.attr in _TEXT_METHODS:
        return Certainty.SCALAR
    if holder is Certainty.SCALAR and called.attr in {"split", "splitlines"}:
        return Certainty.JSON
    if holder is Certainty.JSON and called.attr in _TAKING_METHODS:
        return max(Certainty.JSON, _all_of(call.args, names, place))
    return Certainty.UNKNOWN


def _bound(
    generators: Iterable[ast.comprehension], names: Mapping[str, Certainty], place: ModuleScope
) -> Certainties:
    bound = dict(names)
    for each in generators:
        bound |= dict(rows_of(each.target, each.iter, bound, place))
    return bound


def rows_of(
    target: ast.expr, rows: ast.expr, names: Mapping[str, Certainty], place: ModuleScope
) -> Iterator[tuple[str, Certainty]]:
    """Yield the names that a loop binds, and the kind of each."""
    match target, rows:
        case ast.Tuple(elts=[first, second]), ast.Call(
            func=ast.Name(id="enumerate"), args=[inner, *_]
        ):
            yield from _taken(first, Certainty.SCALAR)
            yield from rows_of(second, inner, names, place)
        case ast.Tuple(elts=[first, second]), ast.Call(
            func=ast.Attribute(value=inner, attr="items"), args=[]
        ):
            kind = kind_of(inner, names, place)
            yield from _taken(first, Certainty.SCALAR if kind < Certainty.UNKNOWN else kind)
            yield from _taken(second, kind)
        case _, ast.Call(func=ast.Name(id="range")):
            yield from _taken(target, Certainty.SCALAR)
        case _:
            is_texts = (
                isinstance(rows, ast.Name) and rows.id not in names and is_listed(rows, place)
            )
            yield from _taken(target, Certainty.SCALAR if is_texts else kind_of(rows, names, place))


def is_listed(rows: ast.expr, place: ModuleScope) -> bool:
    """Return whether rows are texts or numbers that a module spells out."""
    if isinstance(rows, ast.Name):
        value = place.constant(rows.id)
        rows = value[0] if value is not None else rows
    match rows:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return all(
                isinstance(each, ast.Constant) and isinstance(each.value, str | int)
                for each in elements
            )
    return False


def _taken(target: ast.expr, kind: Certainty) -> Iterator[tuple[str, Certainty]]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                yield node.id, kind
        elif isinstance(node, ast.Attribute | ast.Subscript):
            root = root_of(node)
            if root is not None and not isinstance(node.ctx, ast.Load):
                is_kept = isinstance(node, ast.Subscript) and _is_text(node.slice)
                yield root, max(Certainty.JSON, kind) if is_kept else Certainty.UNKNOWN


def local_kinds(function: Function, place: ModuleScope) -> Certainties:
    """Return the kinds of a function's names: of all that each is ever given, the least sure."""
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    fixed = {argument.arg: of_annotation(argument.annotation) for argument in taken}
    kinds: Certainties = dict(fixed)
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            kinds.setdefault(node.id, Certainty.SCALAR)
    while True:
        further = dict(kinds)
        for node in own_nodes(function):
            for name, kind in _bindings(node, kinds, place):
                further[name] = max(further.get(name, Certainty.SCALAR), kind)
        if further == kinds:
            return kinds
        kinds = further


def _bindings(
    node: ast.AST, kinds: Certainties, place: ModuleScope
) -> Iterator[tuple[str, Certainty]]:
    """Yield the names that a node binds or changes, each with the kind of what comes to it."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(
            targets
        ) == len(values):
            for target, value in zip(targets, values, strict=True):
                yield from _taken(target, kind_of(value, kinds, place))
        case ast.Assign(targets=targets, value=value):
            kind = _of_gathered(value, kinds, place)
            for target in targets:
                yield from _taken(target, kind)
        case (
            ast.AnnAssign(target=target, value=ast.expr() as value)
            | ast.AugAssign(target=target, value=value)
            | ast.NamedExpr(target=target, value=value)
        ):
            yield from _taken(target, kind_of(value, kinds, place))
        case (
            ast.For(target=target, iter=rows)
            | ast.AsyncFor(target=target, iter=rows)
            | ast.comprehension(target=target, iter=rows)
        ):
            yield from rows_of(target, rows, kinds, place)
        case ast.Call():
            yield from _changed(node, kinds, place)
        case _:
            yield from ((name, Certainty.UNKNOWN) for name in _bound_otherwise(node))


def _bound_otherwise(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds to what no expression shows."""
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from (name for name, _ in _taken(target, Certainty.UNKNOWN))
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name


def _changed(
    call: ast.Call, kinds: Certainties, place: ModuleScope
) -> Iterator[tuple[str, Certainty]]:
    """Yield the names of what a call puts something into, or may."""
    match call.func:
        case ast.Attribute(value=ast.Name(id=name), attr=method) if (
            method in _ADDING_METHODS and name in kinds
        ):
            yield name, _all_of(call.args, kinds, place)
            return
    handed = [value.id for value in call.args if isinstance(value, ast.Name)]
    for name in handed:
        if kinds.get(name) is Certainty.JSON and not leaves_alone(call, name, place):
            yield name, Certainty.UNKNOWN


def _of_gathered(value: ast.expr, kinds: Certainties, place: ModuleScope) -> Certainty:
    """Return the kind of a value; of what is waited for together, that of each."""
    match value:
        case ast.Await(value=ast.Call(func=called, args=args)) if (
            ast.unparse(called) == "asyncio.gather"
        ):
            made = [_each_of(argument) for argument in args]
            bound = dict(kinds)
            for argument in args:
                match argument:
                    case ast.Starred(
                        value=ast.GeneratorExp(generators=generators)
                        | ast.ListComp(generators=generators)
                    ):
                        bound = _bound(generators, bound, place)
            return max(Certainty.JSON, _all_of(made, bound, place))
    return kind_of(value, kinds, place)


def _each_of(argument: ast.expr) -> ast.expr:
    match argument:
        case ast.Starred(value=ast.GeneratorExp(elt=made) | ast.ListComp(elt=made)):
            return made
    return argument


def of_annotation(node: ast.expr | None) -> Certainty:
    """Return the kind that an annotation promises."""
    match node:
        case ast.Constant(value=None):
            return Certainty.SCALAR
        case ast.Constant(value=str(text)):
            try:
                return of_annotation(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return Certainty.UNKNOWN
        case ast.Name(id=name) if name in _SCALAR_TYPES:
            return Certainty.SCALAR
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return max(of_annotation(left), of_annotation(right))
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return of_annotation(inner)
        case ast.Subscript(value=ast.Name(id="list" | "List"), slice=inner):
            return max(Certainty.JSON, of_annotation(inner))
        case ast.Subscript(
            value=ast.Name(id="dict" | "Dict"), slice=ast.Tuple(elts=[ast.Name(id="str"), inner])
        ):
            return max(Certainty.JSON, of_annotation(inner))
    return Certainty.UNKNOWN


def result_of(function: Function, place: ModuleScope) -> Certainty:
    """Return the kind of what a function returns: as it is annotated, or as its code shows."""
    if function.decorator_list:
        return Certainty.UNKNOWN
    promised = of_annotation(function.returns)
    if promised < Certainty.UNKNOWN or place.depth >= _DEEPEST:
        return promised
    nodes = list(own_nodes(function))
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
        return Certainty.UNKNOWN
    inner = _deeper(place)
    kinds = local_kinds(function, inner)
    returned = (node.value for node in nodes if isinstance(node, ast.Return))
    return max((kind_of(value, kinds, inner) for value in returned), default=Certainty.SCALAR)
