"""Handlers that answer with data: what is returned becomes an answer that is spelled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, callee, line_of, locally, own_nodes
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import NOTHINGS, TEXTS, answer_at
from cronshift.targets.direct.javascript.endings import ends
from cronshift.targets.direct.javascript.handler import every, statements_of
from cronshift.targets.direct.javascript.routes import gone

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.handler import RouteFunction

_JSON = frozenset({"object", "array", "number", "true", "false"})
_AROUND = {"await_expression": 1, "parenthesized_expression": 1, "as_expression": 0}
"""What may stand around a value, and which child that is."""
_LISTS = frozenset({"Promise.all", "Promise.allSettled", "Object.keys", "Object.entries"})
_NO_CONTENT = 204
_UNCAUGHT = frozenset({"$fetch", "ofetch", "axios"})
"""Calls whose errors carry the status of an upstream."""


class Answering:
    """The answers of a handler that returns data, with the status that a statement before says.

    Args:
        tree: the project's files.
        file: the handler's module.
        function: the handler.
        edits: of its module.
    """

    def __init__(self, tree: SourceTree, file: str, function: RouteFunction, edits: Edits) -> None:
        self._tree, self._file = tree, file
        self._function, self._edits = function, edits
        self._statuses: dict[tuple[int, int], str] = {}

    def takes_status(self, telling: SgNode, status: SgNode | None) -> bool:
        """Take the status that an expression says for the answer right behind its statement."""
        statement = telling.parent()
        block = statement.parent() if statement is not None else None
        if status is None or statement is None or block is None:
            return False
        siblings = [span_of(each) for each in statements_of(block)]
        following = dict(zip(siblings, statements_of(block)[1:], strict=False))
        answer = following.get(span_of(statement))
        if statement.kind() != "expression_statement" or answer is None:
            return False
        if answer.kind() != "return_statement":
            return False
        self._statuses[span_of(answer)] = status.text()
        gone(statement, self._edits)
        return True

    def spell(self, *, may_end: bool = False) -> None:
        """Spell every answer; one that is not certain to be data stays as it is.

        Args:
            may_end: whether a handler that ends without one answers that there is nothing.
        """
        body = self._function.body
        if body.kind() != "statement_block":
            self._spell(body, None)
            return
        for node in self._function.own_nodes():
            if node.kind() != "return_statement" or self._edits.covers(*span_of(node)):
                continue
            value = next((child for child in node.children() if child.is_named()), None)
            status = self._statuses.get(span_of(node))
            if value is not None and value.kind() not in NOTHINGS:
                self._spell(value, status)
            elif value is not None or may_end:
                self._edits.replace(*span_of(node), f"return {_empty(status)};")
        if may_end and not ends(self._function.statements):
            _, end = span_of(body)
            self._edits.replace(end - 1, end - 1, f"  return {_empty(None)};\n")

    def _spell(self, value: SgNode, status: str | None) -> None:
        """Spell a value that is returned, unless it is spelled already."""
        if self._edits.covers(*span_of(value)):
            return
        if value.kind() == "ternary_expression":
            for field in ("consequence", "alternative"):
                arm = value.field(field)
                if arm is not None:
                    self._spell(arm, status)
            return
        if answer_at(value):
            if status is not None:
                raise NotCertainError(line_of(value), "says the status of its answer twice")
            return
        start, end = span_of(value)
        options = f", {{ status: {status} }}" if status is not None else ""
        if value.kind() in TEXTS:
            self._edits.replace(start, start, "new Response(")
            self._edits.replace(end, end, f"{options})")
        elif self.is_data(value):
            self._edits.replace(start, start, "Response.json(")
            self._edits.replace(end, end, f"{options})")

    def is_data(self, value: SgNode | None) -> bool:
        """Return whether a value is surely an object, an array, a number or a truth."""
        while value is not None and value.kind() in _AROUND:
            value = value.child(_AROUND[value.kind()])
        if value is None:
            return False
        if value.kind() in _JSON:
            return True
        if value.kind() == "call_expression":
            return callee(value) in _LISTS or _gives_data(self._tree, self._file, callee(value))
        return value.kind() == "identifier" and self._is_bound_to_data(value.text())

    def _is_bound_to_data(self, name: str) -> bool:
        """Return whether a name is declared once in the function, as a constant that is data."""
        declared = [
            node
            for node in every(self._function.body)
            if node.kind() == "variable_declarator"
            and (bound := node.field("name")) is not None
            and bound.text() == name
        ]
        if len(declared) != 1:
            return False
        statement, value = declared[0].parent(), declared[0].field("value")
        is_constant = statement is not None and statement.text().startswith("const ")
        return is_constant and self.is_data(value)


def _empty(status: str | None) -> str:
    return f"new Response(null, {{ status: {status or _NO_CONTENT} }})"


def _gives_data(tree: SourceTree, file: str, name: str) -> bool:
    """Return whether a function of the project returns objects and arrays alone."""
    definition = locally(tree, file, name) if name.isidentifier() else None
    body = definition.node.field("body") if definition is not None else None
    if definition is None or body is None or definition.node.kind() not in FUNCTIONS:
        return False
    if body.kind() != "statement_block":
        inner = body.child(1) if body.kind() == "parenthesized_expression" else body
        return inner is not None and inner.kind() in {"object", "array"}
    returned = [
        [child.kind() for child in node.children() if child.is_named()]
        for node in own_nodes(body)
        if node.kind() == "return_statement"
    ]
    return bool(returned) and all(kinds and kinds[0] in {"object", "array"} for kinds in returned)


def is_caught(node: SgNode) -> bool:
    """Return whether what a node throws is caught by a ``try`` around it, in its function."""
    inner = node
    for above in node.ancestors():
        if above.kind() in FUNCTIONS:
            return False
        body = above.field("body") if above.kind() == "try_statement" else None
        if body is not None and above.field("handler") is not None and body == inner:
            return True
        inner = above
    return False


def refuse_uncaught(function: RouteFunction) -> None:
    """Refuse calls whose errors a framework answers with, as they carry an upstream's status.

    Raises:
        NotCertainError: with the call.
    """
    for call in function.body.find_all(kind="call_expression"):
        name = callee(call).partition(".")[0]
        if name in _UNCAUGHT and not is_caught(call):
            raise NotCertainError(line_of(call), f"answers with the status that {name} fails with")
