"""Middleware before a route: what lets calls by and does nothing that the work behind it could need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, arguments, callee, imports, line_of, locally
from cronshift.handlers.node_registrations import parameters_of
from cronshift.handlers.tree import IMPORT, language
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.about import about
from cronshift.targets.direct.javascript.chains import member_of
from cronshift.targets.direct.javascript.handler import bound_in, every
from cronshift.targets.direct.javascript.subjects import (
    LOGGING,
    PURE_METHODS,
    REQUEST,
    ScriptScope,
    is_told,
)
from cronshift.targets.seal import is_untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_LETTING_BY = ("hono/", "@fastify/", "@koa/")
_PACKAGES = frozenset(
    {"express", "cors", "helmet", "morgan", "compression", "body-parser", "cookie-parser", "hono"}
    | {"koa-bodyparser", "koa-body", "koa-helmet", "koa-logger", "pino-http", "express-rate-limit"}
    | {"serve-static", "koa-static", "koa-compress", "swagger-ui-express", "hpp"}
)
"""Packages whose middleware looks at calls and answers, and at nothing else."""
_STACKING = frozenset({"use", "addHook"})
_ANY_MIDDLEWARE = frozenset({"identifier", "call_expression"}) | FUNCTIONS
_ROUTES = frozenset({"routes", "allowedMethods", "middleware"})
_MAKING = frozenset({"Router", "express", "Hono", "Koa"})
_HARMLESS = frozenset(
    {"console", "String", "Number", "Boolean", "Date", "URL", "JSON", "Math", "performance"}
    | {
        "Buffer",
        "TextDecoder",
        "TextEncoder",
        "Uint8Array",
        "URLSearchParams",
        "crypto",
        "process",
        "Object",
        "Array",
        "RegExp",
        "Set",
        "Map",
        "Promise",
    }
    | {"parseInt", "parseFloat", "decodeURIComponent", "encodeURIComponent"}
)
_PURE = {"crypto", "node:crypto"}
_PASSING = {"express-async-handler"}
_DOING = {"new_expression", "assignment_expression", "if_statement", "update_expression"}
_LITERALS = {"array": "Array", "regex": "RegExp", "string": "String", "template_string": "String"}
_AROUND = {"await_expression", "parenthesized_expression"}
_DEEPEST = 4  # functions inside functions


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
    if _is_letting_by(source):
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


def _is_letting_by(source: str) -> bool:
    """Return whether a package's middleware only looks at calls."""
    return source in _PACKAGES or source.startswith(_LETTING_BY)


def passes_errors_on(call: SgNode, tree: SourceTree, file: str) -> bool:
    """Return whether a call makes a handler that does nothing but another, and hands its errors to the app."""
    root, name, passed = tree.parsed(file), callee(call), arguments(call)
    source, _ = imports(root).get(name, ("", "")) if root is not None else ("", "")
    if len(passed) != 1 or passed[0].kind() not in FUNCTIONS | {"identifier"}:
        return False
    if source in _PASSING:
        return True
    definition = locally(tree, file, name) if name.isidentifier() else None
    maker = definition.node if definition is not None and not definition.wrappers else None
    if maker is None or maker.kind() not in FUNCTIONS or len(parameters_of(maker)) != 1:
        return False
    inner = [node for node in every(maker) if node.kind() in FUNCTIONS and node != maker]
    (work,), handed = parameters_of(maker), [each for node in inner for each in parameters_of(node)]
    calls = [node for node in every(maker) if node.kind() == "call_expression"]
    names = {_root_of(node) for node in calls}
    is_plain = not any(node.kind() in _DOING for node in every(maker))
    return is_plain and work in names and names <= {work, "Promise", *handed}


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


def _refuse_work(
    function: SgNode, tree: SourceTree, file: str, line: int, depth: int = _DEEPEST
) -> None:
    """Refuse a function that calls something beside its parameters and what only tells.

    What it declares is made by calls that are looked at too, and so is what the project's functions do that it calls.
    """
    root, body = tree.parsed(file), function.field("body")
    if root is None or body is None:
        return
    scope = ScriptScope(
        tree, file, root, dict.fromkeys(parameters_of(function), frozenset({REQUEST}))
    )
    functions = [function, *(node for node in every(body) if node.kind() in FUNCTIONS)]
    ours = _HARMLESS | {name for each in functions for name in parameters_of(each)}
    declared = bound_in(function)
    sources = {name: source for name, (source, _) in imports(root).items()}
    ours |= {name for name, source in sources.items() if _is_letting_by(source) or source in _PURE}
    for node in every(body):
        if node.kind() not in {"call_expression", "new_expression"}:
            continue
        made = node.field("constructor") or node.field("function")
        name = made.text() if made is not None else ""
        if _root_of(made) in ours or name.endswith("Exception") or LOGGING.fullmatch(name):
            continue
        if is_told(about(node, scope)) or (_root_of(made) in declared and _only_asks(made)):
            continue
        called = locally(tree, file, name) if depth and name.isidentifier() else None
        if called is None or called.wrappers or called.node.kind() not in FUNCTIONS:
            why = f"stands behind middleware that calls {name or 'something'}"
            raise NotCertainError(line, why)
        _refuse_work(called.node, tree, called.file, line, depth - 1)


def _only_asks(called: SgNode | None) -> bool:
    """Return whether what is called of a value that a function has declared only asks it for something."""
    member = called.field("property") if called is not None else None
    return member is None or member.text() in PURE_METHODS


def _root_of(node: SgNode | None) -> str:
    """Return the name that an expression begins with; one of a literal where that stands there."""
    while node is not None and node.kind() not in {"identifier", "this"}:
        if node.kind() in _LITERALS:
            return _LITERALS[node.kind()]
        inside = node.child(1) if node.kind() in _AROUND else node.child(0)
        fields = (node.field(name) for name in ("object", "function", "constructor"))
        node = next((inner for inner in fields if inner is not None), inside)
    return node.text() if node is not None else ""
