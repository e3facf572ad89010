"""Reads of a request, in whose place the entry's own values are written."""

from __future__ import annotations

import ast
import keyword
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
) -> bool:
    """Put what the entry says where the request is read; refuse every other use of it.

    Returns:
        Whether it asks for what a fan-out gives, which becomes a name.

    Raises:
        NotCertainError: with the line of that use.
    """
    walked = list(ast.walk(function))
    parents = {child: node for node in walked for child in ast.iter_child_nodes(node)}
    is_given = False
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and not source.is_gone(node):
            value = _asked(source, node, parameters, entry)
            if value is not None:
                _write_value(source, node, value, parents.get(node))
            is_given |= value is not None and value == entry.parameter
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
    return is_given


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
            if part not in _LAST:
                return None
            if key == entry.parameter:
                return key if key.isidentifier() and not keyword.iskeyword(key) else None
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
        case ast.Assign(targets=[ast.Name(id=name)]) if name == value:
            source.edits.remove_lines(*source.span(parent))
        case _:
            source.replace(call, value)
