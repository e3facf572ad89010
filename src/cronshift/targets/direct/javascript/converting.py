"""A route's module in TypeScript or JavaScript, as a module whose function does the work."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.javascript import exports, imports, line_of
from cronshift.handlers.tree import SourceTree, is_broken, language, parse, span_of
from cronshift.model import Location
from cronshift.targets.direct.conversion import Conversion, Converted, Entry, Kept, NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.about import (
    DECLARATIONS,
    REQUEST,
    ScriptScope,
    declared,
    is_told,
    names_of,
)
from cronshift.targets.direct.javascript.answers import NON_RETRIABLE
from cronshift.targets.direct.javascript.checks import checks_of, refuse_wrapper
from cronshift.targets.direct.javascript.h3_handlers import MODULES as H3_MODULES
from cronshift.targets.direct.javascript.handler import (
    SEGMENT,
    RouteFunction,
    every,
    names_declared,
    names_in,
    route_function,
    whole_statement,
    with_comment,
)
from cronshift.targets.direct.javascript.requests import RequestEdits
from cronshift.targets.direct.javascript.results import result_edits
from cronshift.targets.direct.javascript.routes import unmarked
from cronshift.targets.direct.javascript.spellings import in_place, spellings
from cronshift.targets.direct.javascript.steps import with_steps
from cronshift.targets.direct.javascript.unused import used_names, without_unused

if TYPE_CHECKING:
    from collections.abc import Collection

    from ast_grep_py import SgNode

    from cronshift.targets.direct.javascript.routes import HandlerShape

_NAMES = ("work", "doWork", "workOfJob")
_SURROUNDINGS = {
    *("next/headers", "next/navigation"),
    *("@sveltejs/kit", "astro", "react-router", "@vercel/node"),
    *("@remix-run/node", "@remix-run/server-runtime", "@vercel/remix"),
    *("@tanstack/react-start", "@tanstack/react-router", "hono", "koa", "express", "fastify"),
    *H3_MODULES,
}
_LATER = {"after", "waitUntil", "unstable_after", "userAgent", "connection"}
_CHECKING = re.compile(r"auth|secret|verif|caller|protect|bearer|allowed", re.IGNORECASE)
"""What a comment speaks of that goes with a check."""
_RESPONSES = {"NextResponse", "NextRequest", "NextApiRequest", "NextApiResponse", "createError"}


def convert(  # noqa: PLR0913 - each is a wish of its own
    tree: SourceTree,
    file: str,
    export: str,
    entry: Entry,
    *,
    steps: bool = False,
    event: HandlerShape | None = None,
) -> Conversion:
    """Return a route's module without HTTP, or why it stays as it is.

    Args:
        tree: the project's files.
        file: the route's module.
        export: what answers: ``GET``, or ``default`` in the pages router.
        entry: the cron entry whose work it does.
        steps: whether its work becomes the durable steps that the code shows.
        event: what it takes in place of a request, in another framework.
    """
    root = tree.parsed(file)
    if root is None or is_broken(root):
        return Kept(Location(file, 1), "does not parse without errors")
    before = used_names(root)
    try:
        if event is not None:
            tree, export = event.as_route(tree, file, root, export)
            root = tree.parsed(file) or root
        converted = _converted_first(tree, file, root, export, entry, before)
    except NotCertainError as error:
        return Kept(Location(file, error.line), error.why)
    return _in_steps(tree, converted, file) if steps else converted


def _converted_first(  # noqa: PLR0913, PLR0917 - the parts of a route
    tree: SourceTree,
    file: str,
    root: SgNode,
    export: str,
    entry: Entry,
    before: Collection[str],
) -> Converted:
    """Return a route's module without HTTP, from the first of its spellings that is certain.

    Raises:
        NotCertainError: where none is, of the one that says most.
    """
    reasons: list[NotCertainError] = []
    for there in spellings(tree, file, root, export):
        parsed = there.parsed(file)
        if parsed is not None:
            try:
                return _converted(there, file, parsed, export, entry, before)
            except NotCertainError as error:
                reasons += in_place(error, there.read(file), tree.read(file))
    raise reasons[0]


def _in_steps(tree: SourceTree, converted: Converted, file: str) -> Converted:
    """Return a module whose work is made of steps, or why it is one."""
    if converted.parameter is not None:
        return replace(converted, unoffered="each value has a step already")
    try:
        made = with_steps(tree, converted.text, file, converted.function)
    except NotCertainError as error:
        line = converted.text.splitlines()[error.line - 1].strip()
        return replace(converted, unoffered=f"it {error.why}: {line}")
    text = made.text
    if language(file) != "javascript":
        text = with_import(text, file, "type GetStepTools")
    return replace(converted, text=text, steps=made.ids)


def _converted(  # noqa: PLR0913, PLR0917 - the parts of a route
    tree: SourceTree,
    file: str,
    root: SgNode,
    export: str,
    entry: Entry,
    before: Collection[str] = (),
) -> Converted:
    """Return a module whose function does the work; ``before`` are names that it used once.

    Raises:
        NotCertainError: where its meaning would not be kept for certain.
    """
    text, is_typed = tree.read(file), language(file) in {"typescript", "tsx"}
    function = route_function(root, export)
    _refuse_others(root, function, export)
    in_pages = export == "default"
    request, second = function.parameter(0), function.parameter(1)
    names = {request: frozenset({REQUEST})} if request else {}
    scope = ScriptScope(tree, file, root, names)
    refuse_wrapper(function, scope)
    edits = Edits(text)
    for statement in checks_of(function, scope).statements:
        edits.remove_lines(*with_comment(statement, _CHECKING))
    used = used_names(root) | frozenset(before)
    result_edits(function, edits, second if in_pages else None)
    _remove_unasked(edits, function, scope, used)
    reads = RequestEdits(function, edits, entry, typed=is_typed, in_pages=in_pages)
    reads.apply(request)
    if second is not None:
        why = "answers in a way that is not read" if in_pages else "needs its path's parameters"
        _refuse_uses(function, edits, second, why)
    name = next(name for name in _NAMES if name not in {node.text() for node in names_in(root)})
    _declare(function, edits, name, entry.parameter, typed=is_typed)
    _take_exports(root, function, edits)
    written = unmarked(edits.result())
    if reads.needs_query:
        written = _with_query(written, file, entry)
    written = without_unused(written, tree, file, used)
    if f"new {NON_RETRIABLE}(" in written and NON_RETRIABLE not in used:
        written = with_import(written, file)
    _refuse_leftovers(written, file, root)
    return Converted(
        written,
        name,
        parameter=entry.parameter,
    )


def _remove_unasked(
    edits: Edits, function: RouteFunction, scope: ScriptScope, used: frozenset[str]
) -> None:
    """Remove the declarations that only the checks used, the last first: they read credentials."""
    nodes = [
        node
        for node in function.own_nodes()
        if node.kind() in DECLARATIONS and not edits.covers(*span_of(node))
    ]
    scope = scope.within(names_of(nodes, scope))
    for node in reversed(nodes):
        bound = declared(node, scope)
        is_pure = bool(bound) and all(is_told(subjects) for subjects in bound.values())
        if not is_pure or REQUEST in frozenset().union(*bound.values()):
            continue
        if all(name in used and not _uses(function, edits, name, node) for name in bound):
            edits.remove_lines(*with_comment(node, _CHECKING))


def _uses(function: RouteFunction, edits: Edits, name: str, declaration: SgNode) -> bool:
    start, end = span_of(declaration)
    return any(
        node.text() == name
        and not (start <= span_of(node)[0] and span_of(node)[1] <= end)
        and not _is_gone(node, edits)
        for node in names_in(function.body)
    )


def _is_gone(node: SgNode, edits: Edits) -> bool:
    return edits.covers(*span_of(node)) or any(
        edits.covers(*span_of(ancestor)) for ancestor in node.ancestors()
    )


def _refuse_others(root: SgNode, function: RouteFunction, export: str) -> None:
    """Refuse a module that other modules may take something of, or that asks where it stands."""
    allowed = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "default", *SEGMENT}
    for name, exported in exports(root).items():
        if name not in allowed and name != export:
            raise NotCertainError(exported.line, f"exports {name} too, for other modules")
    spans = {span_of(function.node), *(span_of(alias) for alias in function.aliases)}
    for node in names_in(root):
        if node.text() != function.name:
            continue
        outside = not any(
            start <= span_of(node)[0] and span_of(node)[1] <= end for start, end in spans
        )
        parent = node.parent()
        declares = parent is not None and parent.kind() in {
            "variable_declarator",
            "function_declaration",
        }
        if outside and not declares:
            raise NotCertainError(line_of(node), f"calls {function.name} once more")


def _refuse_uses(function: RouteFunction, edits: Edits, name: str, why: str) -> None:
    for node in names_in(function.body):
        if node.text() == name and not _is_gone(node, edits):
            raise NotCertainError(line_of(node), why)


def _refuse_leftovers(text: str, file: str, before: SgNode) -> None:
    """Refuse a result that still speaks of requests or responses, with the line of before."""
    root = parse(text, language(file))
    if root is None or is_broken(root):
        raise NotCertainError(1, "would not parse without errors")
    imported = imports(root)
    for node in names_in(root):
        source, name = imported.get(node.text(), ("", ""))
        is_import = any(above.kind() == "import_statement" for above in node.ancestors())
        if is_import:
            continue
        if source in _SURROUNDINGS or source.startswith("hono/"):
            raise NotCertainError(
                _line_before(before, node), f"needs {name} of {source}, which a request gives"
            )
        if name in _LATER or node.text() == "waitUntil":
            raise NotCertainError(
                _line_before(before, node), f"leaves work behind its answer ({name})"
            )
        if node.text() in _RESPONSES or _is_response(node):
            raise NotCertainError(_line_before(before, node), f"still speaks of {node.text()}")


def _is_response(node: SgNode) -> bool:
    """Return whether a name is the global ``Response``, made or spoken to."""
    parent = node.parent()
    if node.text() != "Response" or parent is None:
        return False
    return parent.kind() == "new_expression" or (
        parent.kind() == "member_expression" and parent.field("object") is not None
    )


def _line_before(before: SgNode, node: SgNode) -> int:
    """Return a line of the module as it was that says the same name, the nearest to its end."""
    lines = [
        line_of(each)
        for each in names_in(before)
        if each.text() == node.text()
        and not any(above.kind() == "import_statement" for above in each.ancestors())
    ]
    return lines[-1] if lines else 1


def _declare(
    function: RouteFunction, edits: Edits, name: str, parameter: str | None, *, typed: bool
) -> None:
    """Give the function its new name and its parameters, and take the wrapper away."""
    node = function.node
    taken = f"({parameter}{': string' if typed else ''})" if parameter is not None else "()"
    if parameter is not None and not parameter.isidentifier():
        raise NotCertainError(line_of(node), f"is given {parameter}, which is no name")
    if parameter in imports(function.root) or parameter in names_declared(function.root):
        raise NotCertainError(
            line_of(node), f"is given {parameter}, which its module calls otherwise"
        )
    parameters = node.field("parameters") or node.field("parameter")
    if parameters is not None:
        edits.replace(*span_of(parameters), taken)
    returned = node.field("return_type")
    if returned is not None:
        edits.replace(*span_of(returned), "")
    statement = whole_statement(node)
    declaration = statement.field("declaration") or statement.field("value") or statement
    if node.kind() == "function_declaration":
        bound = node.field("name")
        if bound is None:  # export default async function (…)
            start = span_of(parameters)[0] if parameters is not None else span_of(node)[0]
            edits.replace(start, start, f" {name}")
        else:
            edits.replace(*span_of(bound), name)
        edits.replace(span_of(statement)[0], span_of(node)[0], "")
        return
    outer = function.wrapper or node
    declarator = next(
        (each for each in node.ancestors() if each.kind() == "variable_declarator"), None
    )
    if declarator is None:  # export default async () => …
        edits.replace(span_of(statement)[0], span_of(node)[0], f"const {name} = ")
    else:
        bound = declarator.field("name")
        if (
            bound is None
            or len([p for p in declaration.children() if p.kind() == "variable_declarator"]) != 1
        ):
            raise NotCertainError(line_of(node), "is declared beside others")
        edits.replace(span_of(statement)[0], span_of(declaration)[0], "")
        edits.replace(span_of(bound)[0], span_of(declarator.field("type") or bound)[1], name)
        edits.replace(span_of(declarator.field("type") or bound)[1], span_of(node)[0], " = ")
        if span_of(outer)[1] != span_of(node)[1]:
            edits.replace(span_of(node)[1], span_of(outer)[1], "")


def _take_exports(root: SgNode, function: RouteFunction, edits: Edits) -> None:
    """Remove what only Next reads: other methods that do the same, the segment's configuration."""
    for alias in function.aliases:
        edits.remove_lines(*with_comment(alias))
    for statement in root.children():
        if statement.kind() != "export_statement":
            continue
        declaration = statement.field("declaration")
        bound = [
            name.text()
            for part in (declaration.children() if declaration is not None else [])
            if part.kind() == "variable_declarator" and (name := part.field("name")) is not None
        ]
        if bound and set(bound) <= SEGMENT:
            edits.remove_lines(*with_comment(statement))


def with_import(text: str, file: str, name: str = NON_RETRIABLE) -> str:
    """Return a module that imports a name of the Inngest SDK, before what it imports."""
    there = f'import {{ {NON_RETRIABLE} }} from "inngest";'
    if there in text and name != NON_RETRIABLE:
        return text.replace(there, f'import {{ {name}, {NON_RETRIABLE} }} from "inngest";', 1)
    root = parse(text, language(file))
    line = f'import {{ {name} }} from "inngest";\n'
    first = next(
        (node for node in (root.children() if root else []) if node.kind() == "import_statement"),
        None,
    )
    at = span_of(first)[0] if first is not None else 0
    return f"{text[:at]}{line}{text[at:]}" if first is not None else f"{line}\n{text}"


def _with_query(text: str, file: str, entry: Entry) -> str:
    """Return a module with the constant that stands for its query, behind the imports."""
    root = parse(text, language(file))
    if root is None:
        return text
    ends = [span_of(node)[1] for node in root.children() if node.kind() == "import_statement"]
    if any(node.text() == "query" and _declares(node) for node in every(root)):
        raise NotCertainError(1, "has a name `query` already")
    at = text.find("\n", max(ends, default=0)) + 1 if ends else 0
    constant = f"const query = new URLSearchParams({json.dumps(entry.search[1:])});\n"
    return f"{text[:at]}\n{constant}{text[at:]}" if at else f"{constant}\n{text}"


def _declares(node: SgNode) -> bool:
    parent = node.parent()
    bound = (
        parent.field("name")
        if parent is not None and parent.kind() == "variable_declarator"
        else None
    )
    return bound is not None and span_of(bound) == span_of(node)
