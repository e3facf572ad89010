"""The settings of a JavaScript or TypeScript handler's file, and the modules it loads.

What the handler does is followed in ``flow``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cronshift.handlers.behaviour import Behaviour, SourceSpot
from cronshift.handlers.durations import handler_duration
from cronshift.handlers.javascript import (
    FUNCTIONS,
    Definition,
    callee,
    constant,
    define,
    line_of,
    own_nodes,
    spot_of,
)
from cronshift.handlers.javascript import locally as locally_defined
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_STREAMS = ("new ReadableStream", "new TransformStream")


def _runtime(root: SgNode) -> str | None:
    runtime = _setting(root, "runtime")
    return runtime if isinstance(runtime, str) else None


def _setting(root: SgNode, name: str) -> Any:
    """Return a setting of a file: its export of that name, or in ``config`` as pages have it."""
    value = constant(root, name)
    config = constant(root, "config") if value is None else None
    return config.get(name) if isinstance(config, dict) else value


def behaviour_of(tree: SourceTree, handler: Handler) -> Behaviour:
    """Return the behaviour that a handler's file shows without being followed."""
    root = tree.parsed(handler.file)
    if root is None:
        return Behaviour()
    definition = None if handler.route is not None else define(tree, handler.file, handler.export)
    if definition is not None and definition.node.kind() not in FUNCTIONS:
        definition = None
    duration = handler_duration(tree, handler)
    return Behaviour(
        max_duration=duration if isinstance(duration, int) else None,
        untold_duration=duration if isinstance(duration, Location) else None,
        runtime=_runtime(root),
        streams=_streams(definition) if definition is not None else None,
        side_effects=_side_effects_of(tree, handler, root),
    )


def _streams(definition: Definition) -> SourceSpot | None:
    if not any(word in definition.node.text() for word in _STREAMS):
        return None
    for node in own_nodes(definition.node.field("body") or definition.node):
        if node.kind() == "new_expression" and node.text().startswith(_STREAMS):
            return spot_of(definition.file, node, node.text())
    return None


_SIDE_EFFECTS: WeakKeyDictionary[SourceTree, dict[str, tuple[SourceSpot, ...]]] = (
    WeakKeyDictionary()
)
_LISTENS = lazy_pattern(r"\.listen\(|\bNestFactory\.")


def _side_effects_of(tree: SourceTree, handler: Handler, root: SgNode) -> tuple[SourceSpot, ...]:
    """Return the side effects of a handler's module, looked for once: a module may have many handlers."""
    of_tree = _SIDE_EFFECTS.setdefault(tree, {})
    if handler.file not in of_tree:
        of_tree[handler.file] = tuple(_side_effects(tree, handler, root))
    return of_tree[handler.file]


def _side_effects(tree: SourceTree, handler: Handler, root: SgNode) -> Iterator[SourceSpot]:
    """Yield the side effects of loading a module: once a start of the function, not once a tick."""
    for node in root.children():
        inner = node.child(0) if node.kind() == "expression_statement" else None
        if inner is None:
            continue
        call = inner.child(1) if inner.kind() == "await_expression" else inner
        if call is None or call.kind() != "call_expression":
            continue
        name = callee(call)
        is_ours = "." not in name and _is_async_function(tree, handler.file, name)
        if is_ours and _LISTENS.search(tree.read(handler.file)):
            continue  # the app's own start, of which it is made
        if inner.kind() == "await_expression" or name == "process.exit" or is_ours:
            yield SourceSpot(handler.file, line_of(node), " ".join(inner.text().split())[:60])


def _is_async_function(tree: SourceTree, file: str, name: str) -> bool:
    """Return whether a name is an async function of this project."""
    definition = locally_defined(tree, file, name)
    return definition is not None and is_async(definition.node)


def is_async(node: SgNode) -> bool:
    """Return whether a node is an async function."""
    return node.kind() in FUNCTIONS and any(child.kind() == "async" for child in node.children())
