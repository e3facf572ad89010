"""Indentation of code, which leaves texts of several lines as they are."""

from __future__ import annotations

import io
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def lines_in_texts(text: str) -> Iterator[int]:
    """Yield the indices of lines that begin within a text of several lines."""
    started: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            yield from range(token.start[0], token.end[0])
        elif kind == "FSTRING_START":
            started.append(token.start[0])
        elif kind == "FSTRING_END":
            yield from range(started.pop(), token.end[0])


def dedented(function: str, by: int) -> str:
    """Return an indented function at the edge, with its docstring and its other texts as they are."""
    kept = set(lines_in_texts(f"if True:\n{function}\n" if by else function))
    moved = 1 if by else 0
    lines = function.splitlines(keepends=True)
    return "".join(
        line if number + moved in kept else line[min(by, len(line) - len(line.lstrip(" "))) :]
        for number, line in enumerate(lines)
    )


def moved_left(text: str, by: int) -> str:
    """Return an expression of several lines, all but the first of which stand further left, with its texts as they are."""
    kept = {0, *lines_in_texts(f"({text})")}
    return "".join(
        line if number in kept else line[min(by, len(line) - len(line.lstrip(" "))) :]
        for number, line in enumerate(text.splitlines(keepends=True))
    )


def with_double_quotes(text: str) -> str:
    """Return an expression whose texts stand in double quotes, where that needs nothing else."""
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        inner = token.string[1:-1]
        is_plain = token.type == tokenize.STRING and token.string == f"'{inner}'"
        if is_plain and not set(inner) & {'"', "\\", "'"}:
            (line, start), (_, end) = token.start, token.end
            lines[line - 1] = f'{lines[line - 1][:start]}"{inner}"{lines[line - 1][end:]}'
    return "".join(lines)
