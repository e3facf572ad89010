"""The ``maxDuration`` that a file or its framework's configuration declares, followed to a number.

Sources: vercel.com/docs, "Configuring Maximum Duration"; nextjs.org/docs, Route Segment Config; the adapters of
Astro and SvelteKit for Vercel, and Nitro's preset, whose configurations say it for all routes.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from cronshift.handlers.behaviour import LONGEST_DURATION
from cronshift.handlers.javascript import exports
from cronshift.handlers.literals import text_of
from cronshift.handlers.site_config import config_of
from cronshift.handlers.values import MODULE, Expression, follow, members, value
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Location

_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_DEEPEST = 8
_CONFIGURED = {
    HandlerKind.ASTRO: ("astro",),
    HandlerKind.SVELTEKIT: ("svelte",),
    HandlerKind.NITRO: ("nuxt", "nitro"),
    HandlerKind.SOLIDSTART: ("app",),
}
"""The configurations in which a framework has the duration of all its routes."""
_IN_FILE_TOO = {HandlerKind.SVELTEKIT}


def handler_duration(tree: SourceTree, handler: Handler) -> int | Location | None:
    """Return the seconds that a handler may run, as its file says, or its framework's configuration."""
    names = _CONFIGURED.get(handler.kind, ())
    in_file = not names or handler.kind in _IN_FILE_TOO
    duration = duration_of(tree, handler.file) if in_file else None
    if duration is not None:
        return duration
    for file in filter(None, (config_of(tree, handler.file, name) for name in names)):
        root = tree.parsed(file)
        for pair in root.find_all(kind="pair") if root is not None else ():
            key, written = pair.field("key"), pair.field("value")
            if key is not None and written is not None and text_of(key) == "maxDuration":
                return _seconds(tree, Expression(file, written))
    return None


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
