"""Work as the durable steps that its code shows, where doing the rest anew at every step changes nothing.

Inngest runs a function once more behind each step, with the results of those before, as JSON has them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.about import is_logging
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.imports import with_modules
from cronshift.targets.direct.python.json_values import Certainty, kind_of, local_kinds
from cronshift.targets.direct.python.repeated import (
    Repetition,
    chain_of,
    name_of_call,
    words_of_call,
)
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    function_of,
    is_docstring,
    own_nodes,
)
from cronshift.targets.direct.python.step_calls import StepCalls
from cronshift.targets.direct.python.together import Together, gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_INNER = ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp | ast.JoinedStr


class PythonSteps(Struct, frozen=True):
    """A module whose function is made of steps: their ids, in order, and how many wait side by side."""

    text: str
    ids: tuple[str, ...]
    width: int


def with_steps(tree: SourceTree, file: str, text: str, function: str) -> PythonSteps:
    """Return a module whose function takes ``ctx``, and does each part of its work in a step.

    Args:
        tree: the project's files.
        file: where the module stands.
        text: of a module that a conversion has made.
        function: what does the work.

    Raises:
        NotCertainError: with the line in ``text``, where the meaning would not be kept for certain.
    """
    source = PythonSource(file, text, ast.parse(text))
    work = function_of(source.module, function)
    for node in ast.walk(source.module):
        if isinstance(node, ast.Name | ast.arg) and _name_of(node) in {"ctx", "inngest"}:
            raise NotCertainError(node.lineno, f"has a name `{_name_of(node)}` already")
    writer = PythonStepWriter(source, work, tree)
    writer.block(work.body)
    if len(writer.calls.ids) < 2 and not writer.is_repeated:  # noqa: PLR2004 - one is what it is already
        raise NotCertainError(work.lineno, "shows no more than one")
    _declare(source, work)
    return PythonSteps(
        with_modules(source.edits.result(), writer.calls.imports),
        tuple(writer.calls.ids),
        writer.width,
    )


def _name_of(node: ast.Name | ast.arg) -> str:
    return node.id if isinstance(node, ast.Name) else node.arg


def _declare(source: PythonSource, work: Function) -> None:
    """Have the function take ``ctx`` first, and be awaited."""
    start, _ = source.span(work)
    opening = source.text.index("(", start)
    arguments = work.args
    rest = ", " if [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] else ""
    keyword = "" if isinstance(work, ast.AsyncFunctionDef) else "async "
    head = f"{keyword}{source.text[start:opening]}(ctx: inngest.Context{rest}"
    source.edits.replace(start, opening + 1, head)


class PythonStepWriter:
    """Writes the steps of a function's blocks; what is none must mean the same each time it is done."""

    def __init__(self, source: PythonSource, work: Function, tree: SourceTree) -> None:
        imports = [
            node for node in own_nodes(work) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        body = [*source.module.body, *imports]
        self.source, self.work = source, work
        self.place = ModuleScope(tree, source.file, ast.Module(body, []))
        self.kinds = local_kinds(work, self.place)
        self.repetition = Repetition(work, self.kinds, self.place)
        self.calls = StepCalls(source, work, self.kinds, self.repetition)
        self.width, self.is_repeated = 1, False

    def block(self, block: list[ast.stmt]) -> None:
        """Write the steps of a block's statements."""
        for statement in block:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:  # noqa: C901 - a kind of statement each
        match statement:
            case ast.Pass() | ast.Continue() | ast.Break() | ast.Import() | ast.ImportFrom():
                pass
            case _ if is_docstring(statement):
                pass
            case ast.Expr(value=value) if is_logging(statement):
                self.repetition.refuse_doing_in(value)
            case ast.Expr(value=value):
                self._done(statement, value)
            case ast.Assign(targets=targets, value=value):
                self._assigned(statement, targets, value)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.AugAssign(target=target, value=value)
            ):
                self._assigned(statement, [target], value)
            case ast.Return(value=value) | ast.Raise(exc=value):
                self._worth(statement, value)
            case ast.If(test=test, body=body, orelse=orelse):
                self._worth(statement, test)
                self.block(body)
                self.block(orelse)
            case ast.For(target=target, iter=rows, body=body, orelse=[]):
                self._worth(statement, rows)
                self._repeated(body, target)
            case ast.While(test=test, body=body, orelse=[]):
                self._worth(statement, test)
                self._repeated(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=[]):
                self._tried(handlers)
                self.block(body)
                self.block(orelse)
            case _:
                what = type(statement).__name__.lower().removeprefix("async")
                raise NotCertainError(statement.lineno, f"does a {what} that is no step")

    def _repeated(self, body: list[ast.stmt], row: ast.expr | None = None) -> None:
        before = len(self.calls.ids)
        self.calls.rows.append(row or ast.Constant(None))
        self.block(body)
        self.calls.rows.pop()
        self.is_repeated |= len(self.calls.ids) > before

    def _tried(self, handlers: list[ast.ExceptHandler]) -> None:
        """Refuse a ``try`` that does more with an error than to log it and fail, to be tried again."""
        for handler in handlers:
            caught = ast.unparse(handler.type) if handler.type is not None else ""
            *logged, last = handler.body
            raised = ast.unparse(last.exc) if isinstance(last, ast.Raise) and last.exc else ""
            fails = isinstance(last, ast.Raise) and "NonRetriableError" not in raised
            if caught != "Exception" or not fails or not all(map(is_logging, logged)):
                raise NotCertainError(
                    handler.lineno, "goes on behind an error of what would be a step"
                )
            self.block(handler.body)

    def _assigned(self, statement: ast.stmt, targets: list[ast.expr], value: ast.expr) -> None:
        for target in targets:
            self.repetition.refuse_doing(target)
            self.repetition.refuse_elsewhere(target)
        together = gathered(value)
        if together is None:
            self._worth(statement, value)
            return
        is_apart = isinstance(targets[0], ast.Tuple | ast.List) and len(targets) == 1
        self._together(statement, value, together, is_listed=not is_apart)

    def _done(self, statement: ast.stmt, value: ast.expr) -> None:
        """Write a statement that does something, and looks at no result of it."""
        together, collected = gathered(value), self.repetition.collected(value)
        if together is not None:
            self._together(statement, value, together, is_dropped=True)
        elif collected is not None:
            for each in collected:
                self._worth(statement, each)
        elif self.repetition.is_harmless(value):
            self._worth(statement, value)
        elif chain_of(value) is None:
            raise NotCertainError(statement.lineno, "does what is done anew at every step")
        elif kind_of(value, self.kinds, self.place) < Certainty.UNKNOWN:
            self._worth(statement, value)
        else:
            self.repetition.refuse_leaving(value)
            name = self.calls.named(statement, value, is_dropped=True)
            self.source.replace(value, self.calls.run(value, name))

    def _worth(self, statement: ast.stmt, value: ast.expr | None) -> None:
        """Write the steps in an expression whose value counts."""
        if value is None or self.repetition.is_harmless(value):
            return
        step = self.repetition.step_of(value)
        if step is None:
            if isinstance(value, _INNER):
                raise NotCertainError(value.lineno, "does its work within an expression")
            for part in _parts(value):
                self._worth(statement, part)
            return
        if gathered(step) is not None:
            raise NotCertainError(step.lineno, "takes apart what steps at once give")
        if kind_of(step, self.kinds, self.place) is Certainty.UNKNOWN:
            why = f"goes on with what {words_of_call(step)} gives, which JSON may change"
            raise NotCertainError(step.lineno, why)
        self.repetition.refuse_leaving(step)
        written = self.calls.run(step, *self.calls.calling(statement, step))
        is_grouped = step is value or isinstance(step, ast.Await)
        self.source.replace(step, written if is_grouped else f"({written})")
        if step is not value:
            self._rest(statement, value, step)

    def _rest(self, statement: ast.stmt, value: ast.expr, step: ast.expr) -> None:
        """Write the steps that stand in a chain behind a step: in an index, in arguments."""
        node = value
        while node is not step:
            for part in _parts(node):
                if step not in set(ast.walk(part)):
                    self._worth(statement, part)
            node = next(part for part in _parts(node) if step in set(ast.walk(part)))

    def _together(
        self,
        statement: ast.stmt,
        value: ast.expr,
        together: Together,
        *,
        is_dropped: bool = False,
        is_listed: bool = False,
    ) -> None:
        """Write what is waited for together as steps that run at once."""
        _, indent = self.calls.line(statement)
        calls = [
            self._branch(statement, call, together.rows, is_dropped=is_dropped)
            for call in together.calls
        ]
        self.width = max(self.width, together.width(self.place))
        self.is_repeated |= together.rows is not None
        if together.rows is not None:
            self.repetition.refuse_doing(together.rows.iter)
            loop = (
                self.source.text_of(together.rows.target),
                self.source.text_of(together.rows.iter),
            )
            inner = f"{indent}        {calls[0]}\n{indent}        for {loop[0]} in {loop[1]}\n"
            made = f"{indent}    tuple(\n{inner}{indent}    )\n"
            written = f"await ctx.group.parallel(\n{made}{indent})"
        else:
            inner = "".join(f"{indent}        {call},\n" for call in calls)
            written = f"await ctx.group.parallel(\n{indent}    (\n{inner}{indent}    )\n{indent})"
        self.source.replace(value, f"list({written})" if is_listed else written)

    def _branch(
        self,
        statement: ast.stmt,
        call: ast.Call,
        rows: ast.comprehension | None,
        *,
        is_dropped: bool,
    ) -> str:
        """Return a step that is begun beside others, as source that is called without arguments."""
        kinds = dict(self.kinds)
        if rows is not None:
            kinds |= dict(self.repetition.rows_of(rows))
        if kind_of(call, kinds, self.place) is Certainty.UNKNOWN and not is_dropped:
            why = f"goes on with what {words_of_call(call)} gives, which JSON may change"
            raise NotCertainError(call.lineno, why)
        self.repetition.refuse_leaving(call)
        for each in [*call.args, *(word.value for word in call.keywords)]:
            self.repetition.refuse_doing(each)
        calling = [self.source.text_of(each) for each in [call.func, *call.args]]
        if any(isinstance(each, ast.Starred) for each in call.args):
            raise NotCertainError(call.lineno, "hands on what is not spelled out")
        words = [self.source.text_of(word) for word in call.keywords]
        if kind_of(call, kinds, self.place) is Certainty.UNKNOWN:
            calling, words = [self._dropping(statement, call, rows)], []
            calling += [self.source.text_of(rows.target)] if rows is not None else []
        if words:
            self.calls.imports.add("functools")
            calling = [f"functools.partial({', '.join([*calling, *words])})"]
        id_ = self.calls.id_of(call, rows.target if rows is not None else None)
        if rows is None:
            return f"lambda: ctx.step.run({', '.join([id_, *calling])})"
        self.calls.imports.add("functools")
        return f"functools.partial({', '.join(['ctx.step.run', id_, *calling])})"

    def _dropping(self, statement: ast.stmt, call: ast.Call, rows: ast.comprehension | None) -> str:
        """Write a function that waits for a call and gives nothing back; return its name."""
        name = self.calls.free(f"{name_of_call(call).rpartition('.')[2]}_step")
        line, indent = self.calls.line(statement)
        taken = self.source.text_of(rows.target) if rows is not None else ""
        if rows is not None and not isinstance(rows.target, ast.Name):
            raise NotCertainError(call.lineno, "takes its rows apart")
        body = f"{indent}    await {self.source.text_of(call)}\n\n"
        self.calls.define(line, f"{indent}async def {name}({taken}) -> None:\n{body}")
        return name


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that an expression is made of."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
