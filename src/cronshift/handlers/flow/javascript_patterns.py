"""Names, keys and patterns of JavaScript and TypeScript as the nodes of ``code``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    UNDEFINED,
    CodePlace,
    Constant,
    Expression,
    ListPattern,
    NamePattern,
    Pattern,
    RecordPattern,
)
from cronshift.handlers.literals import literal

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_LONGEST = 60  # characters of what a finding quotes


class JavaScriptPatterns(ABC):
    """Lowers names, keys and patterns of one file.

    Args:
        file: its path in the project.
    """

    def __init__(self, file: str) -> None:
        self._file = file

    @abstractmethod
    def expression(self, node: SgNode | None) -> Expression:
        """Return the node of an expression."""

    def place(self, node: SgNode, *, quoted: bool = False) -> CodePlace:
        """Return the place of a node."""
        start = node.range().start
        text = " ".join(node.text().split())[:_LONGEST] if quoted else ""
        return CodePlace(self._file, start.line + 1, start.column + 1, text)

    def key(self, node: SgNode | None) -> Expression:
        """Return the key that a name, a string or ``[computed]`` stands for."""
        if node is None:
            return Constant(UNDEFINED)
        if node.kind() == "computed_property_name":
            return self.expression(next(iter(named_children(node)), None))
        if node.kind() in {"string", "number"}:
            return self.literal(node)
        return Constant(node.text())

    def literal(self, node: SgNode) -> Expression:
        """Return the node of a literal."""
        value = literal(node)
        return Constant(value if isinstance(value, str | int | float | bool) else None)

    def _spread(self, node: SgNode) -> Expression:
        return self.expression(node.child(1) if node.kind() == "spread_element" else node)

    def pattern(self, node: SgNode | None) -> Pattern:
        """Return the pattern that takes a value: a name, or one that takes the value apart."""
        if node is None:
            return NamePattern("")
        if node.kind() in {"object_pattern", "object"}:
            return self._record_pattern(node)
        if node.kind() in {"array_pattern", "array"}:
            return self._list_pattern(node)
        return NamePattern(node.text())

    def _record_pattern(self, node: SgNode) -> Pattern:
        entries: list[tuple[Expression, Pattern, Expression | None]] = []
        rest = None
        for child in named_children(node):
            kind = child.kind()
            if kind in {"rest_pattern", "spread_element"}:
                inner = child.child(1)
                rest = inner.text() if inner else None
            elif kind in {"pair_pattern", "pair"}:
                target, default = self._defaulted(child.field("value"))
                entries.append((self.key(child.field("key")), target, default))
            elif kind in {"object_assignment_pattern", "shorthand_property_identifier_pattern"}:
                left = child.field("left") or child
                right = child.field("right")
                default = self.expression(right) if right is not None else None
                entries.append((Constant(left.text()), NamePattern(left.text()), default))
            else:
                entries.append((Constant(child.text()), NamePattern(child.text()), None))
        return RecordPattern(tuple(entries), rest)

    def _defaulted(self, node: SgNode | None) -> tuple[Pattern, Expression | None]:
        if node is not None and node.kind() == "assignment_pattern":
            return self.pattern(node.field("left")), self.expression(node.field("right"))
        return self.pattern(node), None

    def _list_pattern(self, node: SgNode) -> Pattern:
        entries: list[tuple[Pattern | None, Expression | None]] = []
        rest, is_hole = None, True
        for child in node.children():
            if child.text() == "," and not child.is_named():
                if is_hole:
                    entries.append((None, None))
                is_hole = True
            elif child.kind() in {"rest_pattern", "spread_element"}:
                rest = self.pattern(child.child(1))
            elif child.is_named() and child.kind() != "comment":
                entries.append(self._defaulted(child))
                is_hole = False
        return ListPattern(tuple(entries), rest)


def named_children(node: SgNode) -> list[SgNode]:
    """Return the nodes inside a node, without marks and comments."""
    return [child for child in node.children() if child.is_named() and child.kind() != "comment"]
