"""Routes that hand their work on behind a check, as routes that do it themselves.

``if (!allowed(request)) return …; return run(request);`` becomes the check and what ``run`` does, in each
method that ends so, where every name means the same in both places; and so does the work that is awaited at the end of a
``try``, and that of ``return recorded("name", () => run(request));``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, METHODS, arguments, exports, own_nodes
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.built_answer import lead_of
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    bound_in,
    declared_function,
    every,
    names_in,
    statements_of,
)
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode


def with_work_in_place(text: str, root: SgNode) -> str | None:
    """Return a module's text whose methods do the work that they ended with; ``None`` without any."""
    splices = [splice for node in _methods(root) for splice in _splices(root, node)]
    return spliced(text, splices) if splices else None


def _methods(root: SgNode) -> Iterator[RouteFunction]:
    """Yield the functions with a block that answer a method, as they stand in the module."""
    for method, exported in exports(root).items():
        node = exported.node
        body = node.field("body") if node is not None and node.kind() in FUNCTIONS else None
        if method in METHODS and node is not None and body is not None:
            yield RouteFunction(root, method, node, body, None, ())


def handed_block(function: RouteFunction) -> SgNode | None:
    """Return the block of the work that a route's last statement hands to another function, which calls it with nothing."""
    call = _returned_call(function.statements[-1]) if function.statements else None
    node = _handed(call) if call is not None else None
    body = node.field("body") if node is not None else None
    return body if body is not None and body.kind() == "statement_block" else None


def nodes_of_work(function: RouteFunction) -> Iterator[SgNode]:
    """Yield the nodes of a route's function, and those of the work that it hands to another."""
    handed = handed_block(function)
    yield from function.own_nodes()
    if handed is not None:
        yield from own_nodes(handed)


def _handed(call: SgNode) -> SgNode | None:
    """Return the only function that a call is functions, where that takes nothing."""
    functions = [each for each in arguments(call) if each.kind() in FUNCTIONS]
    taken = functions[0].field("parameters") if len(functions) == 1 else None
    is_bare = taken is not None and not any(each.is_named() for each in taken.children())
    return functions[0] if is_bare and not functions[0].kind().startswith("generator") else None


def _splices(root: SgNode, function: RouteFunction) -> Iterator[Splice]:
    """Yield the work of another function in place of a last statement that only calls it, or hands it on."""
    *checks, last = function.statements or [function.body]
    tried = last.field("body") if last.kind() == "try_statement" else None
    statements = statements_of(tried) if tried is not None else [last]
    call = _returned_call(statements[-1]) if statements else None
    if call is None:
        return
    handed = _handed(call)
    inner = handed.field("body") if handed is not None else None
    if handed is not None and inner is not None and inner.kind() == "call_expression":
        body = _body_of(root, inner, function, is_async=True)
        if body is not None:
            starts = [each.text().startswith("async") for each in (handed, body.parent() or body)]
            word = "async " if starts == [False, True] else ""
            yield Splice(span_of(handed)[0], span_of(handed)[0], word)
            yield Splice(*span_of(inner), _laid_out(body, lead_of(last)))
        return
    is_awaited = call.parent() != statements[-1]
    if (checks or tried is not None) and (is_awaited or tried is None):
        is_async = function.node.text().startswith("async")
        body = _body_of(root, call, function, is_async=is_async)
        if body is not None:
            inside = _laid_out(body, lead_of(tried or function.body))[1:-1]
            yield Splice(*span_of(statements[-1]), inside.strip())


def _laid_out(block: SgNode, lead: str) -> str:
    """Return a block's text as it stands at another depth, unless a text of several lines would change with it."""
    kinds = {"template_string", "string"}
    is_fixed = any("\n" in node.text() for node in every(block) if node.kind() in kinds)
    was = re.compile(rf"\n{lead_of(block)}(?=[^\r\n])")
    return block.text() if is_fixed else was.sub(f"\n{lead}", block.text())


def _body_of(
    root: SgNode, call: SgNode, function: RouteFunction, *, is_async: bool
) -> SgNode | None:
    """Return the block of the module's function that is called, where it may stand in the call's place."""
    called = call.field("function")
    is_name = called is not None and called.kind() == "identifier"
    work = declared_function(root, called.text()) if called is not None and is_name else None
    body = work.field("body") if work is not None and work.kind() in FUNCTIONS else None
    if work is None or body is None or body.kind() != "statement_block":
        return None
    is_plain = not work.kind().startswith("generator")
    waits = work.text().startswith("async") and not is_async
    return body if is_plain and not waits and _mean_the_same(work, call, function) else None


def _returned_call(statement: SgNode) -> SgNode | None:
    value = next((child for child in statement.children() if child.is_named()), None)
    if statement.kind() != "return_statement" or value is None:
        return None
    value = value.child(1) if value.kind() == "await_expression" else value
    return value if value is not None and value.kind() == "call_expression" else None


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
