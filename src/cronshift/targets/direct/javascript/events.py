"""Handlers that take a framework's event, rewritten as ones that take a request.

Every line stays where it is, so that what is said of one holds for the module as it was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import arguments, exports, imports, line_of
from cronshift.handlers.literals import literal
from cronshift.handlers.tree import language, parse, span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.data import Answering, is_caught
from cronshift.targets.direct.javascript.handler import RouteFunction, names_in, route_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_REQUEST, _URL, _FETCH = "request", "url", "fetch"
_ASKED = {_REQUEST: "request", _URL: "request.nextUrl"}
"""The members of an event that a call of Vercel's cron tells too, and how Next would have them."""
_PATTERNS = frozenset({"shorthand_property_identifier_pattern", "pair_pattern"})
_REFUSING = frozenset({"expression_statement", "throw_statement"})


class EventShape(Struct, frozen=True):
    """The event that a framework's handlers take.

    Attributes:
        title: of the framework.
        modules: those of the framework that answers are made with.
        has_url: whether the event has the request's URL beside it.
        takes_data: whether what is returned or thrown may be data, or an answer.
    """

    title: str
    modules: frozenset[str]
    has_url: bool = True
    takes_data: bool = False

    @property
    def responds(self) -> bool:
        """True where its handlers return answers alone."""
        return not self.takes_data

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with the handler's module as if it took a request, and its export."""
        return taking_request(tree, file, root, export, self), export


def taking_request(
    tree: SourceTree, file: str, root: SgNode, export: str, shape: EventShape
) -> SourceTree:
    """Return the project with the handler's module as if it took a request.

    Raises:
        NotCertainError: where it needs more of its event, or its meaning would not be kept.
    """
    function = route_function(root, export)
    edits = Edits(tree.read(file))
    if function.parameters:
        _take_parameter(function, edits, shape)
    _make_answers(root, function, edits, shape)
    if shape.takes_data:
        Answering(tree, file, function, edits).spell()
        _return_thrown(function, edits)
    written = edits.result()
    again = parse(written, language(file))
    if again is None or export not in exports(again):
        raise NotCertainError(1, "would not parse without errors")
    return tree.with_text(file, written)


def _take_parameter(function: RouteFunction, edits: Edits, shape: EventShape) -> None:
    """Have the function take the request, in place of an event that has it."""
    parameter = function.parameters[0]
    pattern = parameter.field("pattern") or parameter
    edits.replace(*span_of(parameter), _REQUEST)
    if pattern.kind() == "identifier":
        _spell_members(function, edits, pattern.text(), shape)
        return
    if pattern.kind() != "object_pattern":
        raise NotCertainError(line_of(pattern), "takes its event in a way that is not read")
    for part in pattern.children():
        if not part.is_named() or part.kind() == "comment":
            continue
        if part.kind() not in _PATTERNS:
            raise NotCertainError(line_of(part), "takes its event in a way that is not read")
        key, bound = part.field("key") or part, part.field("value") or part
        _spell_name(function, edits, key.text(), bound, shape)


def _spell_name(
    function: RouteFunction, edits: Edits, member: str, bound: SgNode, shape: EventShape
) -> None:
    """Spell the uses of a name for a member of the event."""
    asked = _ASKED.get(member) if member != _URL or shape.has_url else None
    for node in uses(function, bound.text()):
        parent = node.parent()
        if member == _FETCH and parent is not None and _is_absolute(parent):
            continue  # what the framework adds is for its own paths
        if asked is None:
            raise _needs(node, member, shape)
        _refuse_shorthand(node)
        edits.replace(*span_of(node), asked)


def _spell_members(function: RouteFunction, edits: Edits, name: str, shape: EventShape) -> None:
    """Spell the members that are read of an event."""
    if name != _REQUEST and next(uses(function, _REQUEST), None) is not None:
        raise NotCertainError(line_of(function.node), "has a name `request` beside its event")
    for node in uses(function, name):
        parent = node.parent()
        owner = parent.field("object") if parent is not None else None
        if parent is None or parent.kind() != "member_expression" or owner != node:
            raise NotCertainError(line_of(node), "hands its event on")
        member = parent.field("property")
        read = member.text() if member is not None else ""
        if read not in _ASKED or (read == _URL and not shape.has_url):
            raise _needs(node, read, shape)
        edits.replace(*span_of(parent), _ASKED[read])


def uses(function: RouteFunction, name: str) -> Iterator[SgNode]:
    """Yield the uses of a name in a function's body.

    Raises:
        NotCertainError: where the body declares the same name once more.
    """
    for node in names_in(function.body):
        if node.text() != name:
            continue
        parent = node.parent()
        is_bound = parent is not None and any(
            parent.field(field) == node for field in ("name", "pattern", "parameter")
        )
        if is_bound:
            raise NotCertainError(line_of(node), f"declares {name} once more")
        yield node


def _needs(node: SgNode, member: str, shape: EventShape) -> NotCertainError:
    return NotCertainError(line_of(node), f"needs {member}, which only {shape.title} gives")


def _refuse_shorthand(node: SgNode) -> None:
    if node.kind() == "shorthand_property_identifier":
        raise NotCertainError(line_of(node), f"hands its {node.text()} on")


def _is_absolute(call: SgNode) -> bool:
    """Return whether a call fetches what is written down as another site's."""
    passed = arguments(call) if call.kind() == "call_expression" else []
    return bool(passed) and passed[0].text()[1:].startswith(("https://", "http://"))


def _make_answers(root: SgNode, function: RouteFunction, edits: Edits, shape: EventShape) -> None:
    """Spell the answers that the framework's own functions make as the web's."""
    made = {
        local: name for local, (source, name) in imports(root).items() if source in shape.modules
    }
    for call in function.body.find_all(kind="call_expression"):
        called = call.field("function")
        name = made.get(called.text()) if called is not None else None
        if called is None or name is None:
            continue
        if name == "json":
            edits.replace(*span_of(called), "Response.json")
        elif name == "text":
            edits.replace(*span_of(called), "new Response")
        elif name == "error":
            edits.replace(*span_of(refusal(function, call)), _refused(call))


def _return_thrown(function: RouteFunction, edits: Edits) -> None:
    """Spell an answer that is thrown as one that is returned."""
    for node in function.own_nodes():
        value = next((child for child in node.children() if child.is_named()), None)
        is_answer = value is not None and value.text().startswith("new Response(")
        if node.kind() == "throw_statement" and is_answer and not is_caught(node):
            start, _ = span_of(node)
            edits.replace(start, start + len("throw"), "return")


def refusal(function: RouteFunction, call: SgNode) -> SgNode:
    """Return the statement by which a handler refuses, which ends it: no other function, no ``catch``."""
    statement = call.parent()
    inside = {node.range().start.index for node in function.own_nodes() if node == call}
    if statement is None or statement.kind() not in _REFUSING or not inside or is_caught(call):
        raise NotCertainError(line_of(call), "throws an answer that other code may catch")
    return statement


def _refused(call: SgNode) -> str:
    """Return the statement that answers what ``error(status, body)`` throws."""
    passed = arguments(call)
    status = literal(passed[0]) if passed else None
    if not isinstance(status, int):
        raise NotCertainError(line_of(call), "throws an answer that is not read")
    body = passed[1].text() if len(passed) > 1 else '""'
    return f"return Response.json({{ message: {body} }}, {{ status: {status} }});"
