"""Routes that hand their work on behind a check, as routes that do it themselves.

``if (!allowed(request)) return …; return run(request);`` becomes the check and what ``run`` does, in each
method that ends so, where every name means the same in both places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, METHODS, arguments, exports
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    bound_in,
    declared_function,
    names_in,
)
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode


def with_work_in_place(text: str, root: SgNode) -> str | None:
    """Return a module's text whose methods do the work that they ended with; ``None`` without any."""
    splices = [splice for node in _methods(root) for splice in _splices(root, text, node)]
    return spliced(text, splices) if splices else None


def _methods(root: SgNode) -> Iterator[RouteFunction]:
    """Yield the functions with a block that answer a method, as they stand in the module."""
    for method, exported in exports(root).items():
        node = exported.node
        body = node.field("body") if node is not None and node.kind() in FUNCTIONS else None
        if method in METHODS and node is not None and body is not None:
            yield RouteFunction(root, method, node, body, None, ())


def _splices(root: SgNode, text: str, function: RouteFunction) -> Iterator[Splice]:
    """Yield the work of another function in place of a last statement that only calls it."""
    *checks, last = function.statements or [function.body]
    call = _returned_call(last)
    called = call.field("function") if call is not None else None
    if not checks or call is None or called is None or called.kind() != "identifier":
        return
    work = declared_function(root, called.text())
    body = work.field("body") if work is not None and work.kind() in FUNCTIONS else None
    if work is None or body is None or body.kind() != "statement_block":
        return
    if _is_plain(work, function) and _mean_the_same(work, call, function):
        start, end = span_of(body)
        yield Splice(*span_of(last), text[start + 1 : end - 1].strip())


def _returned_call(statement: SgNode) -> SgNode | None:
    value = next((child for child in statement.children() if child.is_named()), None)
    if statement.kind() != "return_statement" or value is None:
        return None
    value = value.child(1) if value.kind() == "await_expression" else value
    return value if value is not None and value.kind() == "call_expression" else None


def _is_plain(work: SgNode, function: RouteFunction) -> bool:
    """Return whether a function waits for nothing that the other could not wait for."""
    is_async = [node.text().startswith("async") for node in (work, function.node)]
    return not work.kind().startswith("generator") and is_async[0] <= is_async[1]


def _mean_the_same(work: SgNode, call: SgNode, function: RouteFunction) -> bool:
    """Return whether a function's names mean in another what they mean in it."""
    body = work.field("body")
    passed = [argument.text() for argument in arguments(call)]
    taken = RouteFunction(function.root, "", work, body or work, None, ()).parameters
    names = [(parameter.field("pattern") or parameter).text() for parameter in taken]
    changed = {
        node.text().partition("=")[0].strip()
        for node in work.find_all(kind="assignment_expression")
    }
    is_generic = work.field("type_parameters") is not None
    has_defaults = any(parameter.field("value") for parameter in taken)
    if names != passed[: len(names)] or changed & {*names} or is_generic or has_defaults:
        return False
    outer, inner = (
        {each.text() for each in names_in(node)} - {*names} for node in (function.body, work)
    )
    return not (outer & bound_in(work) or inner & bound_in(function.node))
