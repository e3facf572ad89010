"""A route's module as every framework could have it: an exported ``GET`` that takes a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from cronshift.handlers.javascript import exports
from cronshift.handlers.tree import language, parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.handler import whole_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.handler import RouteFunction

ROUTE = "GET"
GONE = "// cronshift: gone"
"""A line that goes at the end; until then, those below have the numbers that they had."""
_LINE = "/* cronshift: a line */"
_LAST_LINE = lazy_pattern(rf"(?<=;){re.escape(_LINE)}(?!import|\r?\n)")
_OF_GONE = lazy_pattern(rf"^[ \t]*{GONE}\r?\n", re.MULTILINE)


class HandlerShape(Protocol):
    """A framework's way to write handlers, each of which can be told as such a route."""

    @property
    def responds(self) -> bool:
        """True where all that its handlers return are the web's answers, and data is none."""

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with a handler's module as a route's, and what it exports.

        Every line stays where it is, so that what is said of one holds for the module as it was.

        Raises:
            NotCertainError: where its meaning would not be kept.
        """


def as_module(tree: SourceTree, file: str, text: str, export: str = ROUTE) -> SourceTree:
    """Return the project with a module that exports a route.

    Raises:
        NotCertainError: where the text is no such module.
    """
    root = parse(text, language(file))
    if root is None or export not in exports(root):
        raise NotCertainError(1, "would not parse without errors")
    return tree.with_text(file, text)


def exported_at(function: RouteFunction, edits: Edits) -> None:
    """Have the statement that a function stands in export it and nothing else."""
    statement = whole_statement(function.node)
    (start, end), (first, last) = span_of(statement), span_of(function.node)
    before, behind = (
        "\n" * edits.text.count("\n", *span) for span in ((start, first), (last, end))
    )
    edits.replace(start, first, f"export const {ROUTE} = {before}")
    edits.replace(last, end, f";{behind}")


def gone(statement: SgNode, edits: Edits) -> None:
    """Have a statement give way to marks, one a line, which go at the end."""
    start, end = span_of(statement)
    line, stop = edits.text.rfind("\n", 0, start) + 1, edits.text.find("\n", end)
    alone = not (edits.text[line:start] + edits.text[end:stop]).strip()
    edits.replace(
        start, end, "\n".join([GONE] * (edits.text.count("\n", start, end) + 1)) if alone else ""
    )


def with_imported(text: str, statements: Sequence[str]) -> str:
    """Return a module with more imports, on its first line, until the marks go."""
    return "".join(f"{statement}{_LINE}" for statement in statements) + text


def unmarked(text: str) -> str:
    """Return a module without the marks of what has gone, its imports a line each."""
    text = _OF_GONE.sub("", text)
    text = _LAST_LINE.sub("\n\n", text)
    return text.replace(f";{_LINE}", ";\n").replace(_LINE, "")
