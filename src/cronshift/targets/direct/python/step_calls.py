"""Calls of durable steps, written where work did without: their ids, and the functions that they run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.json_values import Certainty
from cronshift.targets.direct.python.repeated import name_of_call, words_of_call
from cronshift.targets.direct.python.source import Function, names_used, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.targets.direct.python.repeated import Repetition
    from cronshift.targets.direct.python.source import PythonSource

_WIDEST = 69
"""What stands beside a step on its line, at most, where lines have 88 characters."""


class StepCalls:
    """Writes the calls of steps into a function, and before its statements what those run.

    Attributes:
        ids: of the steps so far, in order.
        imports: the modules that what is written needs.
        rows: what the loops around a step go over, the outermost first.
    """

    def __init__(
        self,
        source: PythonSource,
        work: Function,
        kinds: Mapping[str, Certainty],
        repetition: Repetition,
    ) -> None:
        self.source, self.kinds, self.repetition = source, kinds, repetition
        self.is_async = isinstance(work, ast.AsyncFunctionDef)
        self.ids: list[str] = []
        self.imports: set[str] = set()
        self.rows: list[ast.expr] = []
        self._taken = {*names_used(source.module), *kinds}
        self._defined: set[int] = set()

    def calling(self, statement: ast.stmt, step: ast.expr) -> list[str]:
        """Return the source of what a step runs: a function and what it is given."""
        inner = step.value if isinstance(step, ast.Await) else step
        match inner:
            case ast.Call(func=called, args=arguments, keywords=[]) if (
                isinstance(step, ast.Await) or not self.is_async
            ) and not any(
                isinstance(each, ast.Starred) or not self.repetition.is_harmless(each)
                for each in [called, *arguments]
            ):
                return [self.source.text_of(each) for each in [called, *arguments]]
        is_waiting = any(isinstance(node, ast.Await) for node in ast.walk(inner))
        if not is_waiting and (isinstance(step, ast.Await) or not self.is_async):
            return [f"lambda: {self.source.text_of(inner)}"]
        return [self.named(statement, step)]

    def named(self, statement: ast.stmt, value: ast.expr, *, is_dropped: bool = False) -> str:
        """Write a function of a step's own before a statement; return its name."""
        name = self.free(f"{name_of_call(value).rpartition('.')[2]}_step")
        line, indent = self.line(statement)
        keyword = "async def" if self.is_async else "def"
        text = self.source.text_of(value)
        returns, body = (" -> None", text) if is_dropped else ("", f"return {text}")
        self.define(line, f"{indent}{keyword} {name}(){returns}:\n{indent}    {body}\n\n")
        return name

    def define(self, line: int, function: str) -> None:
        """Write a function before a line, behind a blank one."""
        is_apart = self.source.text[:line].endswith((":\n", "\n\n")) or line in self._defined
        self._defined.add(line)
        self.source.edits.replace(line, line, function if is_apart else f"\n{function}")

    def free(self, name: str) -> str:
        """Return a name that nothing has yet."""
        names = [name, *(f"{name}_{number}" for number in range(2, len(self._taken) + 3))]
        free = next(each for each in names if each not in self._taken)
        self._taken.add(free)
        return free

    def line(self, statement: ast.stmt) -> tuple[int, str]:
        """Return the beginning of a statement's line, and its indent.

        Raises:
            NotCertainError: for a statement that does not begin its line.
        """
        start, _ = self.source.span(statement)
        line = self.source.text.rfind("\n", 0, start) + 1
        indent = self.source.text[line:start]
        if indent.strip() or self.source.text[start:].startswith("elif"):
            raise NotCertainError(statement.lineno, "does its work in the middle of a line")
        return line, indent

    def run(self, step: ast.expr, *calling: str) -> str:
        """Return the call that runs a step."""
        parts = [self.id_of(step), *([] if self.is_async else ["asyncio.to_thread"]), *calling]
        self.imports |= set() if self.is_async else {"asyncio"}
        inner, before = ", ".join(parts), self.source.text_up_to(step)
        if len(before) + len(inner) < _WIDEST or "\n" in inner:
            return f"await ctx.step.run({inner})"
        indent = before[: len(before) - len(before.lstrip())]
        return f"await ctx.step.run(\n{indent}    {inner}\n{indent})"

    def id_of(self, step: ast.expr, row: ast.expr | None = None) -> str:
        """Return the id of a step, as source; in a loop it tells the row, where that has a name."""
        name = words_of_call(step)
        names = [name, *(f"{name} {number}" for number in range(2, len(self.ids) + 3))]
        free = next(each for each in names if each not in self.ids)
        self.ids.append(free)
        rows = [*self.rows, *([row] if row is not None else [])]
        keys = [key for each in rows if (key := self._key(each, step)) is not None]
        return f'f"{free} {" ".join(f"{{{key}}}" for key in keys)}"' if keys else quoted(free)

    def _key(self, row: ast.expr, step: ast.expr) -> str | None:
        for name in (node.id for node in ast.walk(row) if isinstance(node, ast.Name)):
            if self.kinds.get(name) is Certainty.SCALAR:
                return name
            for node in ast.walk(step):
                match node:
                    case ast.Subscript(
                        value=ast.Name(id=holder), slice=ast.Constant(value=str(key))
                    ):
                        if holder == name and key.isidentifier():
                            return f"{name}['{key}']"
        return None
