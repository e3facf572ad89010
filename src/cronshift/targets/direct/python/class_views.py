"""Views that are classes, of Django, REST framework and Flask: what answers becomes a function, and so does what it calls."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.methods import (
    HTTP_METHODS,
    bound_names,
    commented,
    function_text,
    members_of_self,
    methods_of,
)
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    is_docstring,
    only_calls,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_VIEWS = {"View", "APIView", "MethodView", "ViewSet", "GenericAPIView", "GenericViewSet"}
_CALLING = {
    "authentication_classes", "http_method_names", "init_every_request", "methods", "permission_classes",
    "schema", "swagger_schema", "throttle_classes", "throttle_scope",
}  # fmt: skip
"""Attributes that only say who may call a view, and how."""
_HARMLESS = {
    "action", "api_view", "authentication_classes", "csrf_exempt", "extend_schema", "extend_schema_view", "never_cache",
    "non_atomic_requests", "permission_classes", "require_GET", "require_http_methods", "require_safe", "swagger_auto_schema", "throttle_classes",
}  # fmt: skip
_FRAMEWORK = re.compile(
    r"dispatch|setup|initial|initialize_request|finalize_response|handle_exception|permission_denied|throttled"
    r"|http_method_not_allowed|as_view|dispatch_request|(?:get|check|perform)_\w+|__\w+__"
)
"""Methods that a framework calls by itself."""
_SUFFIX = re.compile(r"(?:API)?View(?:Set)?$")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class ViewFunctions(Struct, frozen=True):
    """A module whose class is functions: the one that answers, and of each line the one where it stood."""

    text: str
    name: str
    lines: tuple[int, ...]


def as_functions(
    source: PythonSource,
    node: ast.ClassDef,
    answering: str = "get",
    *,
    view: ast.expr | None = None,
    request: str = "request",
) -> ViewFunctions:
    """Return the module with a view's class as functions, the first of which does the work.

    Args:
        source: the module.
        node: the class.
        answering: the method that answers a GET.
        view: what this module registers, in whose place it names the function.
        request: the parameter that such a function has for its request; empty for none.

    Raises:
        NotCertainError: where the class does more than that method and what it calls.
    """
    methods = methods_of(node)
    _refuse_more(node)
    work = _work(node, methods, answering)
    called = list(_called(work, methods))
    names = _names(source, node, work, called)
    if view is not None:
        source.replace(view, names[work.name])
    _keep_docstring(source, node, work)
    first, last = source.span(node)
    parts = [source.edits.result(0, first)]
    lines = [*range(1, source.text.count("\n", 0, first) + 1)]
    for function in (work, *called):
        text = function_text(source, function, names, request if function is work else None)
        parts.append(f"{text}\n\n\n")
        start = source.text.rfind("\n", 0, source.span(function)[0]) + 1
        begin = source.text.count("\n", 0, commented(source.text, start)) + 1
        lines += [*range(begin, begin + text.count("\n") + 1), function.lineno, function.lineno]
    rest = source.edits.result(last).lstrip("\n")
    end = source.text.count("\n") - rest.count("\n") + 1
    text = "".join([*parts, rest]) if rest else "".join(parts).rstrip("\n") + "\n"
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise NotCertainError(node.lineno, "would not parse without errors") from error
    return ViewFunctions(text, names[work.name], (*lines, *range(end, end + rest.count("\n") + 2)))


def _names(
    source: PythonSource, node: ast.ClassDef, work: Function, called: list[Function]
) -> dict[str, str]:
    """Return the names that methods have as functions: such as mean nothing else here, in no function either.

    Raises:
        NotCertainError: where there is none.
    """
    stem = "_".join(_WORD.split(_SUFFIX.sub("", node.name) or node.name)).lower()
    methods = {each.name for each in called}
    taken = bound_names(source.module, node)
    names: dict[str, str] = {}
    for function in (work, *called):
        last = function.name.lstrip("_")
        wanted = (function.name, f"{stem}_{last}")
        free = [
            name
            for name in ((stem, f"{stem}_view", f"{stem}_work") if function is work else wanted)
            if name not in taken and (function is not work or name not in methods)
        ]
        if not free:
            raise NotCertainError(node.lineno, f"has a name `{wanted[-1]}` already")
        names[function.name] = free[0]
        taken.add(free[0])
    return names


def is_harmless(decorator: ast.expr) -> bool:
    """Return whether a decorator of a view only says who may call it, how, and what of it is documented."""
    match decorator:
        case ast.Call(func=ast.Name(id="method_decorator"), args=[inner, *_]):
            return is_harmless(inner)
        case ast.Call(func=called):
            return is_harmless(called)
    return ast.unparse(decorator).rpartition(".")[2] in _HARMLESS


def _refuse_more(node: ast.ClassDef) -> None:
    """Refuse a class that builds on others than a framework's, or keeps something."""
    for base in node.bases:
        if ast.unparse(base).rpartition(".")[2] not in _VIEWS:
            raise NotCertainError(node.lineno, f"builds on {ast.unparse(base)}")
    for decorator in node.decorator_list:
        if not is_harmless(decorator):
            raise NotCertainError(node.lineno, "has other decorators beside its route")
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if _FRAMEWORK.fullmatch(name):
                    raise NotCertainError(statement.lineno, f"has a {name} of its own")
            case ast.Assign(targets=[ast.Name(id=name)]) if name in _CALLING:
                pass
            case _ if is_docstring(statement) or isinstance(statement, ast.Pass):
                pass
            case _:
                what = ast.unparse(statement).partition("=")[0].strip()
                raise NotCertainError(statement.lineno, f"keeps {what} in its class")


def _work(node: ast.ClassDef, methods: dict[str, Function], answering: str) -> Function:
    """Return the method that does the work: what answers, or the one that this only calls."""
    work = methods.get(answering)
    if work is None:
        raise NotCertainError(node.lineno, f"has no {answering}")
    for name in HTTP_METHODS & methods.keys() - {answering}:
        other = methods[name]
        if not only_calls(other, answering) and ast.dump(other.args) + _does(other) != (
            ast.dump(work.args) + _does(work)
        ):
            if not only_calls(work, name):
                raise NotCertainError(other.lineno, f"answers {name.upper()} too, with other work")
            work = other
    inner = next((each for name, each in methods.items() if only_calls(work, name)), None)
    return inner or work


def _called(work: Function, methods: dict[str, Function]) -> Iterator[Function]:
    """Yield the methods that the work calls, and those that these do.

    Raises:
        NotCertainError: for a method that nothing calls here.
    """
    called = {work.name}
    for _ in methods:
        called |= {
            name
            for each in called
            for name in (node.attr for node in members_of_self(methods[each]))
            if name in methods.keys() - HTTP_METHODS
        }
    for name, function in methods.items():
        if function is not work and name in called:
            yield function
        elif name not in {*called, *HTTP_METHODS} and not only_calls(function, work.name):
            raise NotCertainError(
                function.lineno, f"has the method {name}, which its work does not call"
            )


def _does(function: Function) -> str:
    return "\n".join(ast.unparse(each) for each in function.body if not is_docstring(each))


def _keep_docstring(source: PythonSource, node: ast.ClassDef, work: Function) -> None:
    """Have the function say what its class said, where it says nothing itself."""
    docstring, arguments = node.body[0], work.args.args
    signature = source.span(arguments[-1])[1] if arguments else source.span(work)[0]
    header = source.text.find(":\n", signature) + 2
    if is_docstring(docstring) and not is_docstring(work.body[0]) and header > 1:
        indent = source.text_up_to(work.body[0])
        source.edits.replace(header, header, f"{indent}{source.text_of(docstring)}\n")
