"""Edits of an app's Python that go with its migrations; every other byte stays as it is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.targets.scaffold.schema import StatusType

_FILTER = '''

def is_app_name(name, type_, parent_names):  # noqa: ARG001 - Alembic's own signature
    """Leave the session flow's own tables out of what the models are compared with."""
    return type_ != "table" or not str(name).startswith("cronshift_")
'''


def with_member(text: str, states: StatusType, label: str) -> str | None:
    """Return a module with one more member of an enum; ``None`` where it is there or cannot be told."""
    node = _class(text, states.name)
    members = [each for each in node.body if isinstance(each, ast.Assign)] if node else []
    if not members or label in states.labels:
        return None
    last = members[-1]
    by_member = states.labels == states.members
    name = label if by_member else _spelled(label, states.members)
    value = _value(label, members) if by_member else label
    lines = text.splitlines(keepends=True)
    indent = lines[last.lineno - 1][: last.col_offset]
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    right = f'"{value}"' if isinstance(last.value, ast.Constant) else "auto()"
    at = last.end_lineno or last.lineno
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += newline
    lines.insert(at, f"{indent}{name} = {right}{newline}")
    return "".join(lines)


def _class(text: str, name: str) -> ast.ClassDef | None:
    nodes = ast.parse(text).body
    return next((n for n in nodes if isinstance(n, ast.ClassDef) and n.name == name), None)


def _spelled(label: str, members: tuple[str, ...]) -> str:
    return label.upper() if all(member.isupper() for member in members) else label


def _value(label: str, members: list[ast.Assign]) -> str:
    """Return a member's value as those of the others are written."""
    values = [each.value.value for each in members if isinstance(each.value, ast.Constant)]
    if all(isinstance(value, str) and value.islower() for value in values):
        return label.lower()
    return label


def with_filter(text: str) -> str | None:
    """Return an env.py whose comparisons leave the flow's tables alone; ``None`` where it is its own.

    Without it ``alembic revision --autogenerate`` would drop them: no model of the app's has them.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    configured = [call for call in calls if getattr(call.func, "attr", "") == "configure"]
    metadata = next((node for node in module.body if _assigns(node, "target_metadata")), None)
    names = {keyword.arg for call in configured for keyword in call.keywords}
    places = [
        keyword.value
        for call in configured
        for keyword in call.keywords
        if keyword.arg == "target_metadata"
    ]
    if metadata is None or not places or names & {"include_name", "include_object"}:
        return None
    lines = text.splitlines(keepends=True)
    for place in sorted(places, key=lambda each: -each.lineno):
        row, column = (place.end_lineno or place.lineno) - 1, place.end_col_offset or 0
        head = lines[row].encode()[:column].decode()
        lines[row] = f"{head}, include_name=is_app_name{lines[row][len(head) :]}"
    lines.insert(metadata.end_lineno or metadata.lineno, _FILTER)
    return "".join(lines)


def _assigns(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)
