"""The method of a TanStack Start route: an entry of ``handlers`` in what the file makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.values import Arguments, Closure, Native, ObjectValue, Value
from cronshift.handlers.literals import pairs

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine

_ANY = "ANY"


def tanstack_method(machine: Machine, file: str, method: str) -> Value | None:
    """Return the function that answers a method; ``ANY`` stands for those that are not there."""
    root = machine.program.tree.parsed(file)
    objects = list(root.find_all(kind="object")) if root is not None else []
    entries = [pair for node in objects for pair in pairs(node)]
    for name in (method, _ANY):
        node = next((node for key, node in entries if key == name), None)
        if node is not None:
            value = machine.value(JavaScript(file).expression(node), machine.module(file))
            answering = value.cell.get("handler") if isinstance(value, ObjectValue) else value
            return _behind_middleware(answering, entries)
    return None


def _behind_middleware(answering: Value | None, entries: list[tuple[str, SgNode]]) -> Value | None:
    """Return the answering function behind its route's middleware, which may turn callers away."""
    if not isinstance(answering, Closure) or not any(key == "middleware" for key, _ in entries):
        return answering

    def run(machine: Machine, arguments: Arguments) -> Value:
        machine.path.doubts |= {"runs a middleware of the route, which is not followed"}
        return machine.call(answering, arguments)

    return Native("handler", run)
