"""A module's text beside its syntax tree: where a node stands, and which statements give way."""

from __future__ import annotations

import ast
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING

from cronshift.targets.direct.comments import OF_CHECKS
from cronshift.targets.direct.edits import Edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.targets.direct.python.called import ModuleScope

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias


class PythonSource:
    """One module; positions count characters.

    Args:
        file: its path.
        text: what it holds.
        module: its syntax tree.
        place: where its names are looked up, of a module of the project.
    """

    def __init__(
        self, file: str, text: str, module: ast.Module, place: ModuleScope | None = None
    ) -> None:
        self.file, self.text, self.module, self.place = file, text, module, place
        self.edits = Edits(text)

    @cached_property
    def is_fastapi(self) -> bool:
        """True where the module has routes of FastAPI, which answer a pair as it is; Flask takes one for an answer."""
        module = self.place.module if self.place is not None else self.module
        return any(
            isinstance(node, ast.Import | ast.ImportFrom)
            and "fastapi" in {part.partition(".")[0] for part in _imported(node)}
            for node in ast.walk(module)
        )

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions of the module, by name."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return {node.name: node for node in self.module.body if isinstance(node, kinds)}

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def _at(self, line: int, column: int) -> int:
        """Return a position of the parser's, whose columns count bytes, in characters."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: Node) -> tuple[int, int]:
        """Return the span of a node; a function begins at its decorators."""
        line, column = node.lineno, node.col_offset
        decorators = getattr(node, "decorator_list", [])
        if decorators:
            line = decorators[0].lineno
        return self._at(line, column), self._at(node.end_lineno or line, node.end_col_offset or 0)

    def text_of(self, node: Node) -> str:
        """Return a node as it is written, with the edits inside of it."""
        return self.edits.result(*self.span(node))

    def text_up_to(self, node: Node) -> str:
        """Return the text of a node's line before it."""
        start, _ = self.span(node)
        return self.text[self.text.rfind("\n", 0, start) + 1 : start]

    def replace(self, node: Node, text: str) -> None:
        """Put a text in a node's place."""
        self.edits.replace(*self.span(node), text)

    def is_gone(self, node: Node) -> bool:
        """Return whether a node has given way already."""
        return self.edits.covers(*self.span(node))

    def remove(self, statement: ast.stmt, block: Sequence[ast.stmt]) -> None:
        """Remove a statement of a block, which keeps ``pass`` where nothing is left of it."""
        start, end = self.span(statement)
        if statement is block[-1] and all(self.is_gone(other) for other in block[:-1]):
            self.edits.replace(start, end, "pass")
        else:
            self.remove_with_comment(statement)

    def remove_with_comment(self, statement: ast.stmt) -> None:
        """Remove a statement, and the comment right above it where that speaks of a check."""
        start, end = self.span(statement)
        self.edits.remove_lines(self._comment(start), end)

    def _comment(self, start: int) -> int:
        """Return the beginning of the comment that stands right above, where any line of it speaks of a check."""
        line = first = self.text.rfind("\n", 0, start) + 1
        while first:
            above = self.text.rfind("\n", 0, first - 1) + 1
            if not self.text[above:first].lstrip().startswith("#"):
                break
            first = above
        comment = self.text[first:line]
        if OF_CHECKS.search(comment) is None:
            return start
        return first + len(comment) - len(comment.lstrip())


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import names."""
    if isinstance(node, ast.ImportFrom):
        return [] if node.level else [node.module or ""]
    return [alias.name for alias in node.names]


def blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield block
    for inner in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
        yield inner.body


def every_block(function: Function) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a function's own, not those of functions and classes inside it."""
    left = [function.body]
    while left:
        block = left.pop(0)
        yield block
        for statement in block:
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                left += blocks_of(statement)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, not those of functions inside it."""
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left += ast.iter_child_nodes(node)


def function_of(module: ast.Module, name: str) -> Function:
    """Return the function of a module that has a name."""
    return next(
        node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    )


def names_used(tree: ast.AST) -> list[str]:
    """Return the names that are read below a node, each as often as it is."""
    return [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    ]


def is_docstring(statement: ast.stmt) -> bool:
    """Return whether a statement only says something."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def only_calls(function: Function, method: str) -> bool:
    """Return whether a method only has another one of its own do its work, at most with its request."""
    code = [ast.unparse(each) for each in function.body if not is_docstring(each)]
    call = rf"(?:return )?(?:await )?self\.{re.escape(method)}\((?:request)?\)"
    return len(code) == 1 and re.fullmatch(call, code[0]) is not None


def quoted(text: str) -> str:
    """Return the literal of a text, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def literal(value: object) -> str:
    """Return the literal of what JSON has, with double quotes."""
    match value:
        case dict():
            members = (f"{quoted(str(key))}: {literal(each)}" for key, each in value.items())
            return f"{{{', '.join(members)}}}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case str():
            return quoted(value)
    return repr(value)
