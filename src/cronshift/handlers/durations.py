"""The ``maxDuration`` that a file declares, followed to a number where that is known.

Source: vercel.com/docs, "Configuring Maximum Duration", and nextjs.org/docs, Route Segment Config.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from cronshift.handlers.behaviour import LONGEST_DURATION
from cronshift.handlers.javascript import exports
from cronshift.handlers.values import MODULE, Expression, follow, members, value

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Location

_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_DEEPEST = 8


def duration_of(tree: SourceTree, file: str) -> int | Location | None:
    """Return the seconds that a file says it may run; the place of a value that code computes.

    ``None`` where it says nothing. The pages router has it in ``config``.
    """
    root = tree.parsed(file)
    if root is None:
        return None
    exported = exports(root)
    if "maxDuration" in exported:
        named = dict(members(tree, Expression(file, root))).get("maxDuration")
        return _seconds(tree, named) if named is not None else None
    if "config" not in exported or root.kind() != MODULE:
        return None
    config = dict(members(tree, Expression(file, root))).get("config")
    options = follow(tree, config) if config is not None else None
    if options is None or options.kind != "object":
        return None
    duration = dict(members(tree, options)).get("maxDuration")
    return _seconds(tree, duration) if duration is not None else None


def _seconds(tree: SourceTree, expression: Expression) -> int | Location:
    number = _value(tree, expression, _DEEPEST)
    if number == "max":
        return LONGEST_DURATION
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number else expression.location


def _value(tree: SourceTree, expression: Expression, depth: int) -> Any:
    """Return the value of an expression: a literal, a name, or arithmetic of whole numbers."""
    meant = follow(tree, expression)
    if meant.kind != "binary_expression" or depth == 0:
        return value(tree, meant)
    left, sign, right = (meant.node.field(name) for name in ("left", "operator", "right"))
    if left is None or sign is None or right is None or sign.text() not in _ARITHMETIC:
        return None
    sides = [_value(tree, meant.at(side), depth - 1) for side in (left, right)]
    if not all(isinstance(side, int) for side in sides):
        return None
    return _ARITHMETIC[sign.text()](*sides)
