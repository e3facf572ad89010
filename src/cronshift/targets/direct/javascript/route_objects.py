"""Routes that are made of an object with their methods, as TanStack Start has them, rewritten as modules that export one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, METHODS, arguments, callee, line_of
from cronshift.handlers.literals import text_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.handler import every, statements_of, whole_statement
from cronshift.targets.direct.javascript.routes import GONE, ROUTE, as_module

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.javascript.events import EventShape

_MAKER = "createFileRoute"
_ANY = "ANY"


class ObjectShape(Struct, frozen=True):
    """The routes of a framework that are made of an object.

    Attributes:
        event: that their methods take.
    """

    event: EventShape

    @property
    def responds(self) -> bool:
        """True where its methods return answers alone."""
        return self.event.responds

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with the route as a module that exports its method, which takes a request.

        Raises:
            NotCertainError: where the object has more than that method, or its meaning would not be kept.
        """
        method = self._method(_object(root))
        del export  # the object tells
        exported = as_module(tree, file, alone(tree.read(file), method))
        there = exported.parsed(file)
        return self.event.as_route(exported, file, there, ROUTE) if there else (exported, ROUTE)

    def _method(self, route: SgNode) -> SgNode:
        """Return the method that answers GET, the only one of its route."""
        server = _only(route, "server", "shows a page too")
        title = self.event.title
        handlers = _only(server, "handlers", f"needs its middleware, which only {title} runs")
        if handlers.kind() in FUNCTIONS:
            handlers = _created(handlers)
        members = _members(handlers)
        name = ROUTE if ROUTE in members else _ANY
        others = sorted(members.keys() & set(METHODS) - {name})
        if name not in members:
            raise NotCertainError(line_of(handlers), f"has its {ROUTE} elsewhere")
        if others:
            place = line_of(members[others[0]])
            raise NotCertainError(place, f"answers {others[0]} too, with other work")
        method = members[name]
        if method.kind() == "object":
            raise NotCertainError(line_of(method), f"needs its middleware, which only {title} runs")
        return method


def _object(root: SgNode) -> SgNode:
    """Return the object that a module's route is made of."""
    for call in root.find_all(kind="call_expression"):
        made = call.field("function")
        passed = arguments(call)
        if made is None or made.kind() != "call_expression" or callee(made) != _MAKER:
            continue
        if len(passed) == 1 and passed[0].kind() == "object":
            return passed[0]
    raise NotCertainError(1, "is made by a call that is not read")


def _only(node: SgNode, name: str, why: str) -> SgNode:
    """Return the value of a member that must be an object's only one."""
    members = _members(node)
    for other, value in members.items():
        if other != name:
            raise NotCertainError(line_of(value), why)
    if name not in members:
        raise NotCertainError(line_of(node), "is made by a call that is not read")
    return members[name]


def _members(node: SgNode) -> dict[str, SgNode]:
    """Return the members of an object; a method is its own value."""
    members = {}
    for part in node.children() if node.kind() == "object" else ():
        if not part.is_named() or part.kind() == "comment":
            continue
        key = part.field("key") or part.field("name") or part
        if part.kind() not in {"pair", "method_definition", "shorthand_property_identifier"}:
            raise NotCertainError(line_of(part), "has members that are not read")
        members[text_of(key) or ""] = part.field("value") or part
    return members


def _created(node: SgNode) -> SgNode:
    """Return the object that ``({ createHandlers }) => createHandlers({ … })`` gives."""
    body = node.field("body")
    statements = statements_of(body) if body is not None else []
    value = statements[0] if len(statements) == 1 else None
    if value is not None and value.kind() == "return_statement":
        value = next((child for child in value.children() if child.is_named()), None)
    passed = arguments(value) if value is not None and value.kind() == "call_expression" else []
    if value is None or callee(value) != "createHandlers" or len(passed) != 1:
        raise NotCertainError(line_of(node), "has members that are not read")
    return passed[0]


def alone(text: str, method: SgNode) -> str:
    """Return a module whose statement with a function in it exports that alone, on the same lines."""
    statement = whole_statement(method)
    (start, end), (first, last) = span_of(statement), span_of(method)
    function = _dedented(text, method)
    name = method.field("name") if method.kind() == "method_definition" else None
    opening = f"export const {ROUTE} = "
    if name is not None:
        before = text[first : span_of(name)[0]]
        if before.strip() not in {"", "async"}:
            raise NotCertainError(line_of(method), "is made by a call that is not read")
        opening = f"export {before}function {ROUTE}"
        function = function[span_of(name)[1] - first :]
    lead = f"{GONE}\n" * text.count("\n", start, first)
    trail = f"\n{GONE}" * text.count("\n", last, end)
    mark = "" if name is not None else ";"
    return f"{text[:start]}{lead}{opening}{function}{mark}{trail}{text[end:]}"


def _dedented(text: str, function: SgNode) -> str:
    """Return a function's text as it would stand at the beginning of a line; long texts stay as they are."""
    first, last = span_of(function)
    ending = text[text.rfind("\n", 0, last) + 1 : last]
    lead = ending[: len(ending) - len(ending.lstrip(" \t"))]
    within = [span_of(node) for node in every(function) if node.kind() == "template_string"]
    lines, at = [], first
    for line in text[first:last].splitlines(keepends=True):
        is_text = any(start < at <= end for start, end in within)
        lines.append(line if is_text or at == first else line.removeprefix(lead))
        at += len(line)
    return "".join(lines)
