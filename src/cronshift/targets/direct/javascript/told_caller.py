"""The caller told in words: ``isCron ? "vercel-cron" : "manual"`` says what it says of a call of Vercel's.

Only words: what is done by who calls stays a question that only a request answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import arguments
from cronshift.handlers.literals import text_of
from cronshift.handlers.tree import span_of
from cronshift.runtime.wire import SCHEDULE_HEADER, USER_AGENT
from cronshift.targets.direct.javascript.about import about
from cronshift.targets.direct.javascript.chains import operator_of
from cronshift.targets.direct.javascript.handing import nodes_of_work
from cronshift.targets.direct.javascript.handler import every
from cronshift.targets.direct.javascript.subjects import CREDENTIAL, is_told, secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.handler import RouteFunction
    from cronshift.targets.direct.javascript.subjects import ScriptScope

_AROUND = {"as_expression": 0, "non_null_expression": 0, "parenthesized_expression": 1}
_DEEPEST = 4  # names of names


def told_caller_edits(
    function: RouteFunction, scope: ScriptScope, schedule: str, edits: Edits
) -> None:
    """Put the word for a call of Vercel's where one of two tells who calls.

    Args:
        function: the route's, or the work in its wrapper.
        scope: with the names that stand for its request, and those that its declarations declare.
        schedule: that Vercel tells.
        edits: of its module.
    """
    constants = {
        name.text(): value
        for node in nodes_of_work(function)
        if node.kind() == "variable_declarator"
        and (parent := node.parent()) is not None
        and parent.text().startswith("const ")
        and (name := node.field("name")) is not None
        and (value := node.field("value")) is not None
    }
    headers = {
        "user-agent": USER_AGENT,
        "x-vercel-cron": "1",
        SCHEDULE_HEADER.lower(): schedule,
    }
    call = _VercelCall(constants, headers)
    for node in every(function.body):
        arms = (node.field("consequence"), node.field("alternative"))
        condition = node.field("condition") if node.kind() == "ternary_expression" else None
        if condition is None or any(arm is None or arm.kind() != "string" for arm in arms):
            continue
        subjects = about(condition, scope)
        if not is_told(subjects) or secrets(subjects) or CREDENTIAL not in subjects:
            continue
        truth, (first, second) = call.truth(condition), arms
        word = first if truth else second
        if truth is not None and word is not None:
            edits.replace(*span_of(node), word.text())


class _VercelCall(Struct, frozen=True):
    """A call of Vercel's: the headers that it has, and the constants that are made of them."""

    constants: Mapping[str, SgNode]
    headers: Mapping[str, str]

    def truth(self, node: SgNode | None, depth: int = _DEEPEST) -> bool | None:
        """Return whether an expression counts as true; ``None`` where that is not known."""
        if node is None or depth < 0:
            return None
        if node.kind() in _AROUND:
            return self.truth(node.child(_AROUND[node.kind()]), depth)
        if node.kind() == "unary_expression" and node.text().startswith("!"):
            inner = self.truth(node.field("argument"), depth)
            return None if inner is None else not inner
        called = node.field("function") if node.kind() == "call_expression" else None
        if called is not None and called.text() == "Boolean":
            return self.truth(next(iter(arguments(node)), None), depth)
        operator, sides = operator_of(node), (node.field("left"), node.field("right"))
        if operator in {"||", "&&"}:
            deciding = operator == "||"
            truths = {self.truth(side, depth) for side in sides}
            return deciding if deciding in truths else None if None in truths else not deciding
        if operator in {"===", "==", "!==", "!="}:
            return self._equal(sides, depth, is_asked=operator in {"===", "=="})
        if node.kind() == "identifier" and node.text() in self.constants:
            return self.truth(self.constants[node.text()], depth - 1)
        value = self._value(node, depth)
        return bool(value) if value is not None else None

    def _equal(
        self, sides: tuple[SgNode | None, SgNode | None], depth: int, *, is_asked: bool
    ) -> bool | None:
        left, right = sides
        value = self._value(left, depth)
        if value is None or right is None or right.kind() not in {"string", "null", "undefined"}:
            return None
        is_same = right.kind() == "string" and text_of(right) == value
        return is_same is is_asked

    def _value(self, node: SgNode | None, depth: int) -> str | None:
        """Return the text that an expression gives: that of a header."""
        if node is None or depth < 0:
            return None
        if node.kind() == "identifier" and node.text() in self.constants:
            return self._value(self.constants[node.text()], depth - 1)
        if node.kind() in _AROUND:
            return self._value(node.child(_AROUND[node.kind()]), depth)
        called = node.field("function") if node.kind() == "call_expression" else None
        is_read = called is not None and called.text().endswith(("headers.get", "headers?.get"))
        name = next(iter(arguments(node)), None) if is_read else node.field("index")
        if name is None or name.kind() != "string":
            return None
        of = called if called is not None else node.field("object")
        is_header = of is not None and "headers" in of.text()
        return self.headers.get(str(text_of(name)).lower()) if is_header else None
