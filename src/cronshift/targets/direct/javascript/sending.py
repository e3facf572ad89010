"""A route that others call too, as one that has the job done by an event: its check stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import line_of
from cronshift.handlers.tree import span_of
from cronshift.model import Location
from cronshift.targets.direct.conversion import Kept, NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.about import about, declared, is_logging
from cronshift.targets.direct.javascript.beside import refuse_beside
from cronshift.targets.direct.javascript.checks import checks_of, turns_away
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    every,
    route_function,
    statements_of,
)
from cronshift.targets.direct.javascript.subjects import (
    DECLARATIONS,
    METHOD,
    REQUEST,
    ScriptScope,
    is_told,
)
from cronshift.targets.direct.javascript.unused import used_names, without_unused
from cronshift.targets.direct.javascript.wrappers import refuse_wrapper

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_ANSWER = "return Response.json({ queued: true }, { status: 202 });"
_ANSWERS = {
    "loader": "return new Response(JSON.stringify({ queued: true }), { status: 202 });",
}
"""The same where Remix 2 fills in the web's classes, without their newer functions."""


def sending_route(tree: SourceTree, file: str, export: str, client: str, event: str) -> str | Kept:
    """Return a route's module that sends an event instead of doing the work, or why it cannot.

    Args:
        tree: the project's files.
        file: a route's module.
        export: what answers: ``GET``, or ``default`` in the pages router.
        client: the statement that imports Inngest's client, as ``inngest``.
        event: its name, as a literal.
    """
    root = tree.parsed(file)
    if root is None:
        return Kept(Location(file, 1), "does not parse without errors")
    try:
        function = route_function(root, export)
        refuse_beside(function)
        request = function.parameter(0)
        names = {request: frozenset({REQUEST})} if request else {}
        scope = ScriptScope(tree, file, root, names)
        refuse_wrapper(function, scope)
        edits = Edits(tree.read(file))
        answer = _ANSWERS.get(export, _ANSWER)
        if export == "default":
            answer = _page_answer(function, edits)
        _write_body(function, scope, edits, (f"await inngest.send({{ name: {event} }});", answer))
    except NotCertainError as error:
        return Kept(Location(file, error.line), error.why)
    imports = [node for node in root.children() if node.kind() == "import_statement"]
    at = span_of(imports[-1])[1] if imports else 0
    edits.replace(at, at, f"\n{client}" if imports else f"{client}\n\n")
    return without_unused(edits.result(), tree, file, used_names(root))


def _page_answer(function: RouteFunction, edits: Edits) -> str:
    """Return the statement by which a page answers, whatever type its answers had."""
    response = function.parameter(1)
    if response is None:
        raise NotCertainError(line_of(function.node), "answers in a way that is not read")
    for node in every(function.parameters[1]):
        if node.kind() == "type_arguments":
            edits.replace(*span_of(node), "")
    return f"{response}.status(202).json({{ queued: true }});"


def _tells_methods_apart(statement: SgNode, scope: ScriptScope) -> bool:
    """Return whether a statement only turns a method away."""
    branch = statement.field("consequence")
    if statement.kind() != "if_statement" or statement.field("alternative") or branch is None:
        return False
    subjects = about(statement.field("condition"), scope)
    return subjects == {METHOD} and turns_away(statements_of(branch), scope)


def _write_body(
    function: RouteFunction, scope: ScriptScope, edits: Edits, sending: tuple[str, str]
) -> None:
    """Keep what a function's body checks, and have it send the event behind that, and answer."""
    written = f"\n  {sending[0]}\n  {sending[1]}\n}}"
    start, end = span_of(function.body)
    if function.body.kind() != "statement_block":
        edits.replace(start, end, f"{{{written}")
        return
    checks = checks_of(function, scope)
    scope = scope.within(checks.names)
    spans = {span_of(statement) for statement in checks.statements}
    spans |= {span_of(each) for each in function.statements if _tells_methods_apart(each, scope)}
    last = start + 1
    for number, statement in enumerate(function.statements):
        if span_of(statement) not in spans:
            continue
        for other in function.statements[:number]:
            is_pure = other.kind() in DECLARATIONS and all(
                is_told(subjects) for subjects in declared(other, scope).values()
            )
            if span_of(other) not in spans and not is_pure and not is_logging(other):
                raise NotCertainError(line_of(other), "does work before it checks the caller")
        last = span_of(statement)[1]
    inside = {span for span in spans if span not in {span_of(each) for each in function.statements}}
    if inside:
        raise NotCertainError(line_of(function.node), "checks the caller inside a try")
    edits.replace(last, end, written)
