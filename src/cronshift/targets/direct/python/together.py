"""Calls that code waits for together: those that are given to ``asyncio.gather``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError

if TYPE_CHECKING:
    from cronshift.targets.direct.python.called import ModuleScope

_UNTOLD = 10
"""The number of steps at once where only running tells how many there are."""


class Together(Struct, frozen=True):
    """Calls that are waited for together: a few that are spelled out, or one for each row."""

    calls: tuple[ast.Call, ...]
    rows: ast.comprehension | None = None

    def width(self, place: ModuleScope) -> int:
        """Return the number of steps that wait side by side."""
        if self.rows is None:
            return len(self.calls)
        rows = self.rows.iter
        if isinstance(rows, ast.Name):
            value = place.constant(rows.id)
            rows = value[0] if value is not None else rows
        return len(rows.elts) if isinstance(rows, ast.List | ast.Tuple) else _UNTOLD


def gathered(value: ast.expr) -> Together | None:
    """Return the calls that an expression waits for together; ``None`` for any other.

    Raises:
        NotCertainError: for calls that are not spelled out, and errors that are handed on as values.
    """
    match value:
        case ast.Await(value=ast.Call(func=called, args=arguments, keywords=keywords)) if (
            ast.unparse(called) in {"asyncio.gather", "gather"}
        ):
            if keywords:
                raise NotCertainError(
                    value.lineno, "goes on behind an error of what would be a step"
                )
        case _:
            return None
    match arguments:
        case [
            ast.Starred(
                value=ast.GeneratorExp(elt=ast.Call() as call, generators=[rows])
                | ast.ListComp(elt=ast.Call() as call, generators=[rows])
            )
        ] if not rows.ifs and not rows.is_async:
            return Together((call,), rows)
    calls = tuple(each for each in arguments if isinstance(each, ast.Call))
    if len(calls) != len(arguments) or not calls:
        raise NotCertainError(value.lineno, "waits for a list that is made anew at every step")
    return Together(calls)
