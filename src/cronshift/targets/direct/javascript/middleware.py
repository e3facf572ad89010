"""Middleware before a route: what lets calls by and does nothing that the work behind it could need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, callee, imports, line_of, locally
from cronshift.handlers.node_registrations import parameters_of
from cronshift.handlers.tree import IMPORT, language
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.about import about
from cronshift.targets.direct.javascript.chains import member_of
from cronshift.targets.direct.javascript.handler import every
from cronshift.targets.direct.javascript.subjects import REQUEST, ScriptScope, is_told
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_LETTING_BY = ("hono/", "@fastify/", "@koa/")
_PACKAGES = frozenset(
    {"express", "cors", "helmet", "morgan", "compression", "body-parser", "cookie-parser", "hono"}
    | {"koa-bodyparser", "koa-body", "koa-helmet", "koa-logger", "pino-http", "express-rate-limit"}
    | {"serve-static", "koa-static", "koa-compress"}
)
"""Packages whose middleware looks at calls and answers, and at nothing else."""
_STACKING = frozenset({"use", "addHook"})
_ANY_MIDDLEWARE = frozenset({"identifier", "call_expression"}) | FUNCTIONS
_ROUTES = frozenset({"routes", "allowedMethods", "middleware"})
_MAKING = frozenset({"Router", "express", "Hono", "Koa"})
_HARMLESS = frozenset(
    {
        "console",
        "String",
        "Number",
        "Boolean",
        "Date",
        "URL",
        "JSON",
        "Math",
        "performance",
        "Buffer",
    }
    | {"crypto", "process"}
)


def refuse_more(node: SgNode, tree: SourceTree, file: str) -> None:
    """Refuse middleware that does more than to look at a call.

    Raises:
        NotCertainError: where it speaks with something else, or is not read.
    """
    name = node.text() if node.kind() == "identifier" else callee(node)
    root = tree.parsed(file)
    source, _ = (
        imports(root).get(name.partition(".")[0], ("", "")) if root is not None else ("", "")
    )
    if source in _PACKAGES or source.startswith(_LETTING_BY):
        return
    if node.kind() in FUNCTIONS:
        _refuse_work(node, tree, file, line_of(node))
        return
    definition = locally(tree, file, name) if name else None
    function = definition.node if definition is not None else None
    is_made = function is not None and function.kind() == "call_expression"
    if definition is not None and function is not None and is_made and node.kind() == "identifier":
        refuse_more(function, tree, definition.file)  # as of `const limiter = rateLimit()`
        return
    if definition is None or function is None or function.kind() not in FUNCTIONS:
        raise NotCertainError(
            line_of(node), f"stands behind {name or 'middleware'}, which is not read"
        )
    _refuse_work(function, tree, definition.file, line_of(node))


def refuse_stacked(tree: SourceTree, entry: str) -> None:
    """Refuse an app of whose middleware some does more, wherever it stands in what the entry imports.

    Raises:
        NotCertainError: naming its place.
    """
    for file in _modules(tree, entry):
        root = tree.parsed(file)
        for call in root.find_all(kind="call_expression") if root is not None else ():
            called = call.field("function")
            if called is None or called.kind() != "member_expression":
                continue
            if member_of(called) not in _STACKING:
                continue
            for node in arguments(call):
                if node.kind() in _ANY_MIDDLEWARE and not _is_router(node, tree, file):
                    try:
                        refuse_more(node, tree, file)
                    except NotCertainError as error:
                        raise NotCertainError(1, f"{error.why} ({file}:{error.line})") from None


def _modules(tree: SourceTree, entry: str) -> Iterator[str]:
    """Yield a module and all of the project that it imports."""
    wanted, seen = [entry], set[str]()
    while wanted:
        file = wanted.pop()
        if file in seen or language(file) is None:
            continue
        seen.add(file)
        yield file
        if not is_untouched(tree.read(file)):
            targets = (tree.imported(file, match[1]) for match in IMPORT.finditer(tree.read(file)))
            wanted += [target for target in targets if target is not None]


def _is_router(node: SgNode, tree: SourceTree, file: str) -> bool:
    """Return whether a node is routes and no middleware: a router, or what one gives."""
    if node.kind() == "call_expression":
        return callee(node).rpartition(".")[2] in _ROUTES
    definition = locally(tree, file, node.text()) if node.kind() == "identifier" else None
    made = definition.node if definition is not None else None
    if made is None:
        return False
    return made.kind() == "new_expression" or callee(made).rpartition(".")[2] in _MAKING


def _refuse_work(function: SgNode, tree: SourceTree, file: str, line: int) -> None:
    """Refuse a function that calls something beside its parameters and what only tells."""
    root, body = tree.parsed(file), function.field("body")
    if root is None or body is None:
        return
    parameters = parameters_of(function)
    scope = ScriptScope(tree, file, root, dict.fromkeys(parameters, frozenset({REQUEST})))
    ours = {*parameters} | _HARMLESS
    for node in every(body):
        if node.kind() in FUNCTIONS:
            ours |= {*parameters_of(node)}
    for node in every(body):
        if node.kind() not in {"call_expression", "new_expression"}:
            continue
        name = callee(node) if node.kind() == "call_expression" else ""
        made = node.field("constructor")
        name = made.text() if made is not None else name
        first = name.removeprefix("new ").partition(".")[0].partition("(")[0]
        is_ours = first in ours or name.endswith("Exception")
        if not is_ours and not (is_told(about(node, scope)) and arguments(node)):
            why = f"stands behind middleware that calls {name or 'something'}"
            raise NotCertainError(line, why)
