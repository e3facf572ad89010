"""Work that stands inside of what gives it its values: ``with contextmanager(get_session)() as session``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.answers import is_plain
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.layout import lines_in_texts
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    function_of,
    is_docstring,
    own_nodes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.targets.direct.python.dependencies import Value

_INDENT = "    "


def in_contexts(text: str, name: str, values: Sequence[Value], *, is_encoded: bool) -> str:
    """Return a module whose function makes its values itself, and works inside of them.

    Args:
        text: the module.
        name: of the function.
        values: in the order in which they are made.
        is_encoded: whether what it returns is made JSON, as long as the values are open.

    Raises:
        NotCertainError: for a function that stands on one line.
    """
    source = PythonSource("", text, ast.parse(text))
    work = function_of(source.module, name)
    returned = [
        node.value
        for node in own_nodes(work)
        if isinstance(node, ast.Return) and node.value is not None and not is_plain(node.value)
    ]
    for value in returned if is_encoded else ():
        start, end = source.span(value)
        source.edits.replace(start, start, "jsonable_encoder(")
        source.edits.replace(end, end, ")")
    text = _inside(source.edits.result(), name, values)
    if is_encoded and returned:
        text = with_import(text, "jsonable_encoder", "fastapi.encoders")
    for module, imported in dict.fromkeys(each for value in values for each in value.imports):
        text = with_import(text, imported, module)
    return text


def _inside(text: str, name: str, values: Sequence[Value]) -> str:
    """Return a module with a function's body behind the lines that make its values."""
    work, lines = function_of(ast.parse(text), name), text.splitlines(keepends=True)
    if work.body[0].lineno == work.lineno:
        raise NotCertainError(work.lineno, "does its work in the middle of a line")
    first = _first_line(work, lines)
    indent = deeper = " " * work.body[0].col_offset
    heads: list[str] = []
    for value in values:
        heads.append(f"{deeper}{value.head}\n")
        deeper += _INDENT if value.is_block else ""
    added, kept = deeper.removeprefix(indent), set(lines_in_texts(text))
    body = [
        line if number in kept or not line.strip() else f"{added}{line}"
        for number, line in enumerate(lines[first : work.end_lineno], first)
    ]
    return "".join([*lines[:first], *heads, *body, *lines[work.end_lineno :]])


def _first_line(work: Function, lines: Sequence[str]) -> int:
    """Return the index of the line where a body begins: behind its docstring, with its comments."""
    is_told = is_docstring(work.body[0]) and len(work.body) > 1
    first = work.body[1 if is_told else 0].lineno - 1
    while not (above := lines[first - 1].strip()) or above.startswith("#"):
        first -= 1
    return first
