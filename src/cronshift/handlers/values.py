"""The values of TypeScript names and expressions, as far as the files alone tell.

Names are followed to the ``const`` that holds them, through imports and re-exports; nothing is
executed, and what code computes is :data:`~cronshift.handlers.javascript.UNKNOWN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.handlers.javascript import exports, imports, line_of
from cronshift.handlers.literals import UNKNOWN, literal, text_of
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

MODULE = "program"
"""The kind of the node that stands for a whole module, as ``import * as jobs`` names one."""
_DEEPEST = 16  # names behind names, and values within values
MOST = 50_000
"""Parts of one value that are read: lists that repeat each other would have no end."""
_WRAPPED = {
    "parenthesized_expression": 1,
    "as_expression": 0,
    "satisfies_expression": 0,
    "non_null_expression": 0,
}
_NAMES = {"identifier", "shorthand_property_identifier"}


class Expression(Struct, frozen=True):
    """A piece of a file's syntax tree, with the file, in which its names have their meaning."""

    file: str
    node: SgNode

    @property
    def kind(self) -> str:
        """The kind of the node, in the parser's words."""
        return self.node.kind()

    @property
    def location(self) -> Location:
        """The place where the expression begins."""
        return Location(self.file, line_of(self.node))

    def __str__(self) -> str:
        """Return its text on one line, cut where it is long."""
        text = " ".join(self.node.text().split())
        return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what a line of a report holds

    def at(self, node: SgNode) -> Expression:
        """Return another expression of the same file."""
        return Expression(self.file, node)


def follow(tree: SourceTree, expression: Expression, depth: int = _DEEPEST) -> Expression:
    """Return the meaning of a name, or of a member of a known object or module; else itself."""
    if depth == 0:
        return expression
    node, meant = expression.node, None
    if expression.kind in _WRAPPED:
        inner = node.child(_WRAPPED[expression.kind])
        meant = expression.at(inner) if inner is not None else None
    elif expression.kind in _NAMES:
        meant = _constant_of(tree, expression.file, node.text(), depth)
    elif expression.kind == "member_expression":
        meant = _member(tree, expression, depth)
    return follow(tree, meant, depth - 1) if meant is not None else expression


def members(
    tree: SourceTree,
    expression: Expression,
    depth: int = _DEEPEST,
    steps: Iterator[int] | None = None,
) -> Iterator[tuple[str, Expression]]:
    """Yield the names and values of an object or of a module's exports.

    A spread of what is known yields its members; any other has the name ``...`` and its own text,
    and so has a key that is computed.
    """
    if expression.kind == MODULE:
        for name in exports(expression.node):
            exported = _exported(tree, expression.file, name, _DEEPEST)
            if exported is not None:
                yield name, exported
        return
    steps = iter(range(MOST)) if steps is None else steps
    for child in expression.node.children():
        key, value = child.field("key"), child.field("value")
        if child.kind() == "spread_element":
            spread = child.child(1)
            inner = follow(tree, expression.at(spread)) if spread is not None else None
            is_open = depth > 0 and next(steps, None) is not None
            if inner is not None and inner.kind == "object" and is_open:
                yield from members(tree, inner, depth - 1, steps)
            else:
                yield "...", expression.at(child)
        elif key is not None and value is not None:
            name = "..." if key.kind() == "computed_property_name" else text_of(key)
            yield name, expression.at(value)
        elif child.kind() == "shorthand_property_identifier":
            yield child.text(), expression.at(child)
        elif child.kind() == "method_definition" and (named := child.field("name")) is not None:
            yield text_of(named), expression.at(child)


def items(
    tree: SourceTree,
    array: Expression,
    depth: int = _DEEPEST,
    steps: Iterator[int] | None = None,
) -> Iterator[Expression]:
    """Yield the elements of an array, those of spread arrays too; an unknown spread as it stands."""
    steps = iter(range(MOST)) if steps is None else steps
    for child in array.node.children():
        if not child.is_named() or child.kind() == "comment":
            continue
        spread = child.child(1) if child.kind() == "spread_element" else None
        inner = follow(tree, array.at(spread)) if spread is not None else None
        is_open = depth > 0 and next(steps, None) is not None
        if inner is not None and inner.kind == "array" and is_open:
            yield from items(tree, inner, depth - 1, steps)
        else:
            yield array.at(child)


def value(
    tree: SourceTree,
    expression: Expression,
    depth: int = _DEEPEST,
    steps: Iterator[int] | None = None,
) -> Any:
    """Return the value that an expression spells; ``UNKNOWN`` for it, or inside it, elsewhere."""
    steps = iter(range(MOST)) if steps is None else steps
    if depth == 0 or next(steps, None) is None:
        return UNKNOWN
    meant = follow(tree, expression)
    if meant.kind == "array":
        parts = items(tree, meant, steps=steps)
        return [value(tree, part, depth - 1, steps) for part in parts]
    if meant.kind == "object":
        named = members(tree, meant, steps=steps)
        return {name: value(tree, member, depth - 1, steps) for name, member in named}
    if meant.kind == "template_string":
        return _filled(tree, meant, depth, steps)
    return literal(meant.node)


def _filled(tree: SourceTree, template: Expression, depth: int, steps: Iterator[int]) -> Any:
    """Return the text of a template whose parts are known texts and whole numbers."""
    written = []
    for child in template.node.children():
        inner = child.child(1) if child.kind() == "template_substitution" else None
        part = (
            value(tree, template.at(inner), depth - 1, steps) if inner is not None else child.text()
        )
        if isinstance(part, bool) or not isinstance(part, str | int):
            return UNKNOWN
        written.append(str(part).replace("\\\\", "\\") if inner is None else str(part))
    return "".join(written).removeprefix("`").removesuffix("`")


def is_known(data: Any) -> bool:
    """Return whether no part of a value is ``UNKNOWN``."""
    if isinstance(data, dict):
        return all(map(is_known, data.values()))
    if isinstance(data, list):
        return all(map(is_known, data))
    return data is not UNKNOWN


def _member(tree: SourceTree, expression: Expression, depth: int) -> Expression | None:
    owner, name = expression.node.field("object"), expression.node.field("property")
    if owner is None or name is None:
        return None
    meant = follow(tree, expression.at(owner), depth - 1)
    if meant.kind == MODULE:
        return _exported(tree, meant.file, name.text(), depth - 1)
    return dict(members(tree, meant)).get(name.text()) if meant.kind == "object" else None


def _constant_of(tree: SourceTree, file: str, name: str, depth: int) -> Expression | None:
    """Return the value of a module's name: a constant of its own, or an import."""
    root = tree.parsed(file)
    if root is None or depth <= 0:
        return None
    for statement in root.children():
        declared = statement.field("declaration") or statement
        if declared.kind() != "lexical_declaration" or not declared.text().startswith("const"):
            continue
        for declarator in declared.children():
            bound, content = declarator.field("name"), declarator.field("value")
            if bound is not None and content is not None and bound.text() == name:
                return Expression(file, content)
    imported = imports(root).get(name)
    target = tree.imported(file, imported[0]) if imported else None
    if imported is None or target is None:
        return None
    if imported[1] == "*":
        module = tree.parsed(target)
        return Expression(target, module) if module is not None else None
    return _exported(tree, target, imported[1], depth - 1)


def _exported(tree: SourceTree, file: str, name: str, depth: int) -> Expression | None:
    """Return the value that a module exports under a name, through re-exports."""
    root = tree.parsed(file)
    if root is None or depth <= 0:
        return None
    by_name = exports(root)
    export = by_name.get(name)
    if export is None:
        star = by_name.get("*")
        target = tree.imported(file, star.source) if star and star.source else None
        return _exported(tree, target, name, depth - 1) if target else None
    if export.source is not None:
        target = tree.imported(file, export.source)
        return _exported(tree, target, export.imported or name, depth - 1) if target else None
    if export.node is None:
        return _constant_of(tree, file, export.imported or name, depth - 1)
    return Expression(file, export.node)
