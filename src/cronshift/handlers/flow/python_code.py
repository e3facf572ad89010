"""Python as the nodes of ``code``, made of its syntax trees."""

from __future__ import annotations

import ast
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    Assigned,
    Bind,
    CallExpression,
    Catch,
    ClassCode,
    Define,
    Do,
    Function,
    If,
    Import,
    Leave,
    Loop,
    Member,
    Name,
    NamePattern,
    Pattern,
    Raise,
    Return,
    SequenceExpression,
    Statement,
    StatementBlock,
    Try,
)
from cronshift.handlers.flow.python_expressions import CALCULATED, PythonExpressions
from cronshift.handlers.python_modules import imported_names
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SUPPRESS = lazy_pattern(r"(?:contextlib\.)?suppress")
_GETTER = lazy_pattern(r"(?:functools\.)?(?:cached_)?property")


class Python(PythonExpressions):
    """Lowers the nodes of one file."""

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
        """Return a function; its body is read when it is asked for."""
        yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
        return Function(
            node.name,
            tuple(self.parameters(node.args)),
            cache(partial(self.block, node.body)),
            self.place(node),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=yields,
            is_getter=any(map(_GETTER.fullmatch, map(ast.unparse, node.decorator_list))),
            decorators=tuple(map(self.expression, node.decorator_list)),
        )

    def class_code(self, node: ast.ClassDef) -> ClassCode:
        """Return a class."""
        methods = tuple(
            self.function(statement)
            for statement in node.body
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        fields = []
        for statement in node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    fields.append(
                        (name, self.expression(value) if value else SequenceExpression(()))
                    )
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    fields.append((name, self.expression(value)))
        bases = tuple(map(self.expression, node.bases))
        return ClassCode(node.name, bases, methods, tuple(fields), self.place(node))

    def _target(self, node: ast.expr) -> Pattern | Member:
        if isinstance(node, ast.Attribute | ast.Subscript):
            made = self.expression(node)
            if isinstance(made, Member):
                return made
        return self.pattern(node)

    def block(self, body: Sequence[ast.stmt]) -> tuple[Statement, ...]:
        """Return the statements of a block."""
        return tuple(statement for node in body for statement in self.statements(node))

    def statements(self, node: ast.stmt) -> Iterator[Statement]:
        """Yield the nodes of a statement."""
        making = self._STATING.get(type(node))
        if making is not None:
            yield from making(self, node)

    def _do(self, node: ast.Expr) -> Iterator[Statement]:
        if not isinstance(node.value, ast.Constant):
            yield Do(self.expression(node.value), self.place(node, node.value))

    def _assign(self, node: ast.Assign) -> Iterator[Statement]:
        for target in node.targets:
            yield Bind(self._target(target), self.expression(node.value), self.place(node))

    def _annotated(self, node: ast.AnnAssign) -> Iterator[Statement]:
        if node.value is not None:
            place = self.place(node)
            yield Bind(self._target(node.target), self.expression(node.value), place)

    def _augmented(self, node: ast.AugAssign) -> Iterator[Statement]:
        operator = CALCULATED.get(type(node.op), "?")
        place = self.place(node, node)
        yield Do(
            Assigned(self._target(node.target), self.expression(node.value), operator, place), place
        )

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Statement]:
        yield Define(node.name, self.function(node))

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Statement]:
        for bound, (source, name) in imported_names(node).items():
            yield Import(bound, source, name or "*")

    def _class(self, node: ast.ClassDef) -> Iterator[Statement]:
        yield Define(node.name, self.class_code(node))

    def _if(self, node: ast.If) -> Iterator[Statement]:
        yield If(
            self.expression(node.test),
            self.block(node.body),
            self.block(node.orelse),
            self.place(node),
        )

    def _return(self, node: ast.Return) -> Iterator[Statement]:
        value = self.expression(node.value) if node.value is not None else None
        yield Return(value, self.place(node))

    def _raise(self, node: ast.Raise) -> Iterator[Statement]:
        value = self.expression(node.exc) if node.exc is not None else None
        yield Raise(value, self.place(node))

    def _assert(self, node: ast.Assert) -> Iterator[Statement]:
        place = self.place(node, node)
        yield If(self.expression(node.test), (), (Raise(SequenceExpression(()), place),), place)

    def _try(self, node: ast.Try) -> Iterator[Statement]:
        catches = tuple(
            Catch(
                tuple(_types(clause.type)),
                NamePattern(clause.name) if clause.name else None,
                self.block(clause.body),
                self.place(clause),
            )
            for clause in node.handlers
        )
        yield Try(
            self.block(node.body), catches, self.block(node.orelse), self.block(node.finalbody)
        )

    def _for(self, node: ast.For | ast.AsyncFor) -> Iterator[Statement]:
        yield Loop(
            self.pattern(node.target),
            self.expression(node.iter),
            None,
            self.block(node.body),
            self.place(node),
            is_awaited=isinstance(node, ast.AsyncFor),
        )

    def _while(self, node: ast.While) -> Iterator[Statement]:
        yield Loop(None, None, self.expression(node.test), self.block(node.body), self.place(node))

    def _with(self, node: ast.With | ast.AsyncWith) -> Iterator[Statement]:
        for item in node.items:
            value = self.expression(item.context_expr)
            place = self.place(node, item.context_expr)
            entered = CallExpression(Name("__enter__"), (("", value),), place)
            target = item.optional_vars
            yield Bind(self._target(target) if target else NamePattern(""), entered, place)
        body = self.block(node.body)
        for errors in filter(None, (_suppressed(item.context_expr) for item in node.items)):
            catch = Catch(tuple(chain(*map(_types, errors))), None, (), self.place(node))
            body = (Try(body, (catch,), (), ()),)
        yield StatementBlock(body)

    def _match(self, node: ast.Match) -> Iterator[Statement]:
        whole: tuple[Statement, ...] = ()
        for case in reversed(node.cases):
            whole = (If(SequenceExpression(()), self.block(case.body), whole, self.place(node)),)
        yield from whole

    def _leave(self, node: ast.Break | ast.Continue) -> Iterator[Statement]:
        yield Leave("break" if isinstance(node, ast.Break) else "continue")

    _STATING: dict[type[ast.AST], Callable[..., Iterator[Statement]]] = {  # noqa: RUF012 - a table
        ast.Expr: _do,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.FunctionDef: _define,
        ast.AsyncFunctionDef: _define,
        ast.ClassDef: _class,
        ast.Import: _import,
        ast.ImportFrom: _import,
        ast.If: _if,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.Assert: _assert,
        ast.Try: _try,
        ast.For: _for,
        ast.AsyncFor: _for,
        ast.While: _while,
        ast.With: _with,
        ast.AsyncWith: _with,
        ast.Match: _match,
        ast.Break: _leave,
        ast.Continue: _leave,
    }


def _suppressed(context: ast.expr) -> list[ast.expr]:
    """Return the errors that ``with contextlib.suppress(…)`` catches; none of another context."""
    if not isinstance(context, ast.Call):
        return []
    return context.args if _SUPPRESS.fullmatch(ast.unparse(context.func)) else []


def _types(node: ast.expr | None) -> Iterator[str]:
    """Yield the last names of the errors in an ``except``; none where it catches all."""
    for caught in node.elts if isinstance(node, ast.Tuple) else [node] if node is not None else []:
        yield ast.unparse(caught).rpartition(".")[2]
