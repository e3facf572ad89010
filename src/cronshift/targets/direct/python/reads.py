"""Reads of a request, in whose place the entry's own values are written."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.runtime.wire import SCHEDULE_HEADER
from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.python.source import Function, PythonSource, own_nodes, quoted

if TYPE_CHECKING:
    from cronshift.targets.direct.python.parameters import Parameters

_SCHEDULE = SCHEDULE_HEADER.lower().replace("-", "_")
_LAST = {"query_params": True, "GET": True, "args": False}
"""Whether the last value of a name counts, as in Starlette, or the first, as in Flask."""


def write_reads(
    source: PythonSource, function: Function, parameters: Parameters, entry: Entry
) -> None:
    """Put what the entry says where the request is read; refuse every other use of it.

    Raises:
        NotCertainError: with the line of that use.
    """
    walked = list(ast.walk(function))
    parents = {child: node for node in walked for child in ast.iter_child_nodes(node)}
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and not source.is_gone(node):
            value = _asked(source, node, parameters, entry)
            if value is not None:
                _write_value(source, node, value, parents.get(node))
    for node in walked:
        if not isinstance(node, ast.Name) or source.is_gone(node):
            continue
        if node.id == parameters.run:
            source.replace(node, "run_id")
        elif node.id == _SCHEDULE and node.id in parameters.names:
            source.replace(node, quoted(entry.schedule))
        elif node.id in parameters.names:
            what = "its request" if node.id == parameters.request else node.id
            raise NotCertainError(node.lineno, f"needs {what} for more than a check")


def _asked(
    source: PythonSource, call: ast.Call, parameters: Parameters, entry: Entry
) -> str | None:
    """Return the value of a call that reads the query or the schedule, as source."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr=part), attr="get"),
            args=[ast.Constant(value=str(key)), *rest],
            keywords=[],
        ) if name == parameters.request:
            if part == "headers" and key.lower() == SCHEDULE_HEADER.lower():
                return quoted(entry.schedule)
            if part not in _LAST or key == entry.parameter:
                return None
            values = [value for each, value in entry.query if each == key]
            if values:
                return quoted(values[-1 if _LAST[part] else 0])
            return source.text_of(rest[0]) if rest else "None"
    return None


def _write_value(source: PythonSource, call: ast.Call, value: str, parent: ast.AST | None) -> None:
    """Write a value in a call's place; ``or`` behind one that is missing is what counts."""
    match parent:
        case ast.BoolOp(op=ast.Or(), values=[first, second]) if first is call and value == "None":
            source.replace(parent, source.text_of(second))
        case _:
            source.replace(call, value)
