"""Context managers, and generators that are one: whether they end in the same way behind an error."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.source import every_block

if TYPE_CHECKING:
    from cronshift.targets.direct.python.called import ModuleScope
    from cronshift.targets.direct.python.source import Function, PythonSource

_CLOSING = lazy_pattern(
    r"(?:\w+\.)*(?:closing|aclosing|\w*(?:[Ss]ession|SessionLocal|[Ss]ession_?maker|Client)|open|acquire|app_context"
    r"|cursor|\w*PoolExecutor|TemporaryDirectory|NamedTemporaryFile|timeout)"
)
"""What ends in the same way whether an error leads out of it or not."""


def ends_alike(block: list[ast.stmt], place: ModuleScope) -> bool:
    """Return whether a generator does the same behind its value whether that was worked with well or not."""
    match block[-1]:
        case ast.Expr(value=ast.Yield()):
            return True
        case ast.Try(body=body, handlers=[], orelse=[]):
            return ends_alike(body, place)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            return all(_closes(item.context_expr, place) for item in items) and ends_alike(
                body, place
            )
    return False


def refuse_within(source: PythonSource, function: Function, statement: ast.stmt) -> None:
    """Refuse an answer that would become an error within what ends in another way behind one.

    Raises:
        NotCertainError: with its line.
    """
    for block in every_block(function):
        for outer in block:
            if not isinstance(outer, ast.With | ast.AsyncWith) or not any(
                statement in ast.walk(each) for each in outer.body
            ):
                continue
            for item in outer.items:
                manager = item.context_expr
                if source.place is None or not _closes(manager, source.place):
                    why = f"answers with an error inside of `{ast.unparse(manager)}`, which may end in another way then"
                    raise NotCertainError(statement.lineno, why)


def _closes(manager: ast.expr, place: ModuleScope) -> bool:
    """Return whether a context manager only closes what it has opened."""
    match manager:
        case ast.Call(func=called):
            name = ast.unparse(called)
            definition = place.function(name)
            if definition is not None:
                return ends_alike(definition[0].body, definition[1])
            return _CLOSING.fullmatch(name) is not None
    return False
