"""Parts of a web framework that work reaches: in its own function, and in those of the project that it calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.wire import RETRIED_STATUSES
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import status_of
from cronshift.targets.direct.python.called import ModuleScope, locals_of
from cronshift.targets.direct.python.catching import is_any_caught
from cronshift.targets.direct.python.methods import methods_of
from cronshift.targets.direct.python.source import function_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.targets.direct.python.source import Function, PythonSource

_FRAMEWORKS = frozenset(
    {"django", "fastapi", "flask", "quart", "rest_framework", "starlette", "werkzeug"}
)
_MAKING = lazy_pattern(r"\w*Response|jsonify|make_response|redirect|abort|render|send_file")
"""What a framework gives to make answers of."""
_ASKING = frozenset({"request", "session", "after_this_request", "flash"})
"""What it gives of the request that is being answered."""
_RAISING = lazy_pattern(
    r"HTTPException|StarletteHTTPException|Http404|get_(?:object|list)_or_404|PermissionDenied|SuspiciousOperation"
)
"""What it gives to end a request with an error of the caller's."""
_SPOKEN = lazy_pattern(
    r"\w*Response|jsonify|make_response|redirect|abort|render|send_file|request|session|after_this_request|flash"
    r"|HTTPException|StarletteHTTPException|Http404|get_(?:object|list)_or_404|PermissionDenied"
)
_OF_CALLERS = frozenset(
    {"werkzeug.exceptions", "rest_framework.exceptions", "rest_framework.generics"}
)
_FIRST_FAULT = 500
_DEEPEST = 3


def framework_names(place: ModuleScope, depth: int = 0) -> dict[str, tuple[str, str]]:
    """Return the names that a module has of a framework, wherever it imports them: each one's module and name there."""
    names: dict[str, tuple[str, str]] = {}
    for node in ast.walk(place.module):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for bound, (source, name) in imported_names(node).items():
            if source.partition(".")[0] in _FRAMEWORKS:
                names[bound] = source, name or ""
            elif name is not None and depth < _DEEPEST and _SPOKEN.fullmatch(name):
                file = module_file(place.tree, place.file, source)  # one that hands it on
                if file is not None and file != place.file:
                    there = ModuleScope(place.tree, file, place.tree.python(file))
                    handed = framework_names(there, depth + 1)
                    names |= {bound: handed[name]} if name in handed else {}
    return names


def refuse_raised(source: PythonSource, function: Function) -> None:
    """Refuse a function that makes an answer under another name, or raises one in a way that is not read.

    Raises:
        NotCertainError: with its line.
    """
    names, local = _names_of(source), locals_of(function)
    for node in _inside(function):
        if not isinstance(node, ast.Name | ast.Attribute) or source.is_gone(node):
            continue
        what = _named(node, names, local)
        if what is not None and (_MAKING.fullmatch(what[1]) or what[1] in _ASKING or _raises(what)):
            raise NotCertainError(node.lineno, f"still speaks of {ast.unparse(node)}")
        if isinstance(node, ast.Name) and _is_error(node.id, source.place):
            raise NotCertainError(node.lineno, f"still speaks of {node.id}")


def _names_of(source: PythonSource) -> dict[str, tuple[str, str]]:
    return framework_names(source.place) if source.place is not None else {}


@dataclass
class _Looked:
    """Nodes that were looked at, by their identity.

    Attributes:
        is_caught: whether the work catches whatever is raised there.
    """

    seen: set[int]
    is_caught: bool = False


def refuse_answers_elsewhere(place: ModuleScope, function: Function, text: str) -> None:
    """Refuse work with a function or a class of the project that makes answers, or asks who is answered.

    Args:
        place: the module as it was.
        function: in it.
        text: the module as it is written now.

    Raises:
        NotCertainError: with the line where it is used.
    """
    work = function_of(ast.parse(text), function.name)
    nodes, local = list(_inside(work)), locals_of(work)
    caught, uncaught = _Looked({id(function)}, is_caught=True), _Looked({id(function)})
    attributes = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
    for node in nodes:
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = ast.unparse(node)
        if name.partition(".")[0] in local:
            continue
        looked = caught if is_any_caught(work, node) else uncaught
        why = _of_name(place, name, attributes, looked)
        if why is not None:
            lines = [
                each.lineno
                for each in ast.walk(function)
                if isinstance(each, ast.Name | ast.Attribute) and ast.unparse(each) == name
            ]
            raise NotCertainError(
                max(lines, default=function.lineno), f"works with {name}, which {why}"
            )


def _inside(function: Function) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _of_name(place: ModuleScope, name: str, attributes: set[str], looked: _Looked) -> str | None:
    """Return the reason why a name of a module may not be worked with; ``None`` for none."""
    place = ModuleScope(place.tree, place.file, place.module)
    match place.definition(name):
        case (ast.FunctionDef() | ast.AsyncFunctionDef() as function, there):
            return _of_function(function, there, looked)
        case (ast.ClassDef() as node, there):
            return _of_class(node, there, attributes, looked)
    constant = place.constant(name)
    if constant is None:
        return _of_module(place, name)
    value, there = constant
    why = _of_nodes([value], there, set(), looked)
    for inner in ast.walk(value) if why is None else ():
        if isinstance(inner, ast.Name) and inner.id != name and id(inner) not in looked.seen:
            looked.seen.add(id(inner))
            why = why or _of_name(there, inner.id, attributes, looked)
    return why


def _of_module(place: ModuleScope, name: str) -> str | None:
    """Return the reason why a name may not that is not found in the module of the project which it comes from."""
    for statement in place.module.body:
        if isinstance(statement, ast.ImportFrom) and name in imported_names(statement):
            module, inner = imported_names(statement)[name]
            whole = f"{module}{'' if module.endswith('.') else '.'}{inner}"
            if module_file(place.tree, place.file, whole) is not None:
                return None  # a module: what it holds is looked at by its own name
            file = module_file(place.tree, place.file, module)
            if file is not None and _is_defined(place.tree.python(file), inner or ""):
                return None  # a value
            there = place.tree.python(file) if file is not None else None
            if (
                file is not None
                and there is not None
                and _makes(ModuleScope(place.tree, file, there))
            ):
                return "may make an answer"
    return None


def _is_defined(module: ast.Module, name: str) -> bool:
    """Return whether a module itself gives a name a value."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for statement in module.body
        for node in ast.walk(statement)
    )


def _makes(place: ModuleScope) -> bool:
    """Return whether a module names what a framework makes answers of."""
    return any(_MAKING.fullmatch(name) for _, name in framework_names(place).values())


def _of_function(function: Function, place: ModuleScope, looked: _Looked) -> str | None:
    if id(function) in looked.seen:
        return None
    looked.seen.add(id(function))
    local = locals_of(function)
    why = _of_nodes(list(function.body), place, local, looked)
    if why is not None:
        return why
    nodes = list(_inside(function))
    attributes = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            name = ast.unparse(node)
            if name.partition(".")[0] not in local:
                inner = _of_name(place, name, attributes, looked)
                if inner is not None:
                    return inner
    return None


def _of_class(
    node: ast.ClassDef, place: ModuleScope, attributes: set[str], looked: _Looked
) -> str | None:
    """Return the reason why a class may not: of the methods that code calls, and those that these call."""
    methods, called = (
        methods_of(node),
        {*attributes, "__init__", "__call__", "__enter__", "__aenter__"},
    )
    for _ in methods:
        called |= {
            each.attr
            for name in called & methods.keys()
            for each in ast.walk(methods[name])
            if isinstance(each, ast.Attribute)
        }
    outcomes = (
        _of_function(methods[name], place, looked) for name in sorted(called & methods.keys())
    )
    return next((why for why in outcomes if why is not None), None)


def _of_nodes(
    nodes: list[ast.stmt] | list[ast.expr], place: ModuleScope, local: set[str], looked: _Looked
) -> str | None:
    """Return the reason, with its place, why code itself may not, for what it does with a framework."""
    names = framework_names(place)
    raised = {id(call.func): call for node in nodes for call in _raised(node)}
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        what = _named(node, names, local)
        if what is None:
            continue
        where = f"({place.file}:{node.lineno})"
        if _MAKING.fullmatch(what[1]):
            return f"may make an answer {where}"
        if what[1] in _ASKING:
            return f"asks for a request {where}"
        is_raised = not looked.is_caught and _raises(what) and id(node) in raised
        if is_raised and not _is_retried(raised[id(node)]):
            return f"may raise an answer that is final {where}"
    return None


def _raised(node: ast.AST) -> Iterator[ast.Call]:
    for each in ast.walk(node):
        match each:
            case ast.Raise(exc=ast.Call() as call):
                yield call
            case ast.Call(func=ast.Name(id="get_object_or_404" | "get_list_or_404")):
                yield each


def _named(
    node: ast.Name | ast.Attribute, names: Mapping[str, tuple[str, str]], local: set[str]
) -> tuple[str, str] | None:
    """Return the module and the name that a framework has for what is named, by whatever name it is."""
    match node:
        case ast.Name(id=name) if name in names and name not in local and names[name][1]:
            return names[name]
        case ast.Attribute(value=ast.Name(id=holder), attr=name) if (
            holder in names and holder not in local
        ):
            module, inner = names[holder]
            return (f"{module}.{inner}" if inner else module), name
    return None


def _raises(what: tuple[str, str]) -> bool:
    module, name = what
    return _RAISING.fullmatch(name) is not None or (module in _OF_CALLERS and name[:1].isupper())


def _is_retried(call: ast.Call) -> bool:
    """Return whether an answer that is raised is a fault: it is tried again, as any error is."""
    named = [word.value for word in call.keywords if word.arg == "status_code"]
    try:
        status = status_of([*named, *call.args][0])
    except (NotCertainError, IndexError):
        return False
    return status >= _FIRST_FAULT or status in RETRIED_STATUSES


def _is_error(name: str, place: ModuleScope | None) -> bool:
    """Return whether a name is a class of the project's own that is an answer which is raised."""
    defined = place.class_of(name) if place is not None else None
    if defined is None:
        return False
    node, there = defined
    names = framework_names(there)
    return any(
        isinstance(base, ast.Name | ast.Attribute)
        and (what := _named(base, names, set())) is not None
        and _raises(what)
        for base in node.bases
    )
