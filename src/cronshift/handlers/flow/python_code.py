"""Python as the nodes of ``code``, made of its syntax trees."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    Assigned,
    Awaited,
    Bind,
    Block,
    CallExpression,
    Catch,
    Choice,
    ClassCode,
    Constant,
    Define,
    Do,
    Expression,
    Function,
    If,
    Joined,
    Leave,
    Listed,
    ListPattern,
    Logical,
    Loop,
    Member,
    Name,
    NamePattern,
    ObjectExpression,
    OperatorExpression,
    Parameter,
    Pattern,
    Place,
    Raise,
    Return,
    SequenceExpression,
    Statement,
    Try,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LONGEST = 60  # characters of what a finding quotes
_COMPARED = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "==",
    ast.IsNot: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_CALCULATED = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Mod: "%"}


class Python:
    """Lowers the nodes of one file.

    Args:
        file: its path in the project.
    """

    def __init__(self, file: str) -> None:
        self._file = file

    def place(self, node: ast.AST, quoted: ast.AST | None = None) -> Place:
        """Return where a node stands."""
        text = " ".join(ast.unparse(quoted).split())[:_LONGEST] if quoted is not None else ""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return Place(self._file, line, column, text)

    def expression(self, node: ast.AST | None) -> Expression:
        """Return what an expression says."""
        if node is None:
            return Constant(None)
        making = self._MAKING.get(type(node))
        if making is not None:
            return making(self, node)
        parts = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        return SequenceExpression(tuple(map(self.expression, parts)))

    def _constant(self, node: ast.Constant) -> Expression:
        value = node.value
        if isinstance(value, bytes):
            return Constant(value.decode("latin-1"))
        return Constant(value if isinstance(value, str | int | float | bool) else None)

    def _name(self, node: ast.Name) -> Expression:
        return Name(node.id)

    def _attribute(self, node: ast.Attribute) -> Expression:
        return Member(self.expression(node.value), Constant(node.attr), self.place(node))

    def _subscript(self, node: ast.Subscript) -> Expression:
        owner = self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [bound for bound in (node.slice.lower, node.slice.upper) if bound is not None]
            first = [Constant(0)] if node.slice.lower is None else []
            arguments = tuple(
                ("", argument) for argument in (*first, *map(self.expression, bounds))
            )
            return CallExpression(
                Member(owner, Constant("slice"), self.place(node)), arguments, self.place(node)
            )
        return Member(owner, self.expression(node.slice), self.place(node))

    def _call(self, node: ast.Call) -> Expression:
        arguments = [
            ("*", self.expression(argument.value))
            if isinstance(argument, ast.Starred)
            else ("", self.expression(argument))
            for argument in node.args
        ]
        arguments += [
            (keyword.arg or "**", self.expression(keyword.value)) for keyword in node.keywords
        ]
        return CallExpression(self.expression(node.func), tuple(arguments), self.place(node))

    def _joined(self, node: ast.JoinedStr) -> Expression:
        return Joined(
            tuple(
                self.expression(part.value if isinstance(part, ast.FormattedValue) else part)
                for part in node.values
            )
        )

    def _compare(self, node: ast.Compare) -> Expression:
        place, left, made = self.place(node), self.expression(node.left), None
        for sign, right in zip(node.ops, node.comparators, strict=True):
            other = self.expression(right)
            comparison: Expression = OperatorExpression(_COMPARED[type(sign)], (left, other), place)
            made = comparison if made is None else Logical("and", made, comparison, place)
            left = other
        return made if made is not None else left

    def _bool(self, node: ast.BoolOp) -> Expression:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        made = self.expression(node.values[0])
        for operand in node.values[1:]:
            made = Logical(operator, made, self.expression(operand), self.place(node))
        return made

    def _unary(self, node: ast.UnaryOp) -> Expression:
        operator = "not" if isinstance(node.op, ast.Not) else "-"
        return OperatorExpression(operator, (self.expression(node.operand),), self.place(node))

    def _binary(self, node: ast.BinOp) -> Expression:
        operator = _CALCULATED.get(type(node.op), "?")
        operands = (self.expression(node.left), self.expression(node.right))
        return OperatorExpression(operator, operands, self.place(node))

    def _choice(self, node: ast.IfExp) -> Expression:
        test, yes, no = map(self.expression, (node.test, node.body, node.orelse))
        return Choice(test, yes, no, self.place(node))

    def _await(self, node: ast.Await) -> Expression:
        return Awaited(self.expression(node.value), self.place(node))

    def _dict(self, node: ast.Dict) -> Expression:
        return ObjectExpression(
            tuple(
                (self.expression(key) if key is not None else None, self.expression(value))
                for key, value in zip(node.keys, node.values, strict=True)
            )
        )

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Expression:
        return Listed(
            tuple(
                (True, self.expression(element.value))
                if isinstance(element, ast.Starred)
                else (False, self.expression(element))
                for element in node.elts
            )
        )

    def _lambda(self, node: ast.Lambda) -> Expression:
        place = self.place(node, node)
        parameters = tuple(self._parameters(node.args))
        body = (Return(self.expression(node.body), place),)
        return Function("", parameters, lambda: body, place, concise=True)

    def _named(self, node: ast.NamedExpr) -> Expression:
        return Assigned(
            NamePattern(node.target.id), self.expression(node.value), "", self.place(node)
        )

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Expression:
        """Return ``source.map(lambda item: …)``, which is what a comprehension does."""
        made: Expression = self.expression(node.elt)
        for generator in reversed(node.generators):
            source, pattern = self.expression(generator.iter), self.pattern(generator.target)
            place = self.place(node)
            for test in generator.ifs:
                source = self._mapped(source, pattern, self.expression(test), "filter", place)
            made = self._mapped(source, pattern, made, "map", place)
        return made

    def _mapped(
        self, source: Expression, pattern: Pattern, made: Expression, verb: str, place: Place
    ) -> Expression:
        body = (Return(made, place),)
        inner = Function("", (Parameter(pattern),), lambda: body, place, concise=True)
        return CallExpression(Member(source, Constant(verb), place), (("", inner),), place)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
        """Return a function; its body is read when it is asked for."""
        yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
        return Function(
            node.name,
            tuple(self._parameters(node.args)),
            _once(partial(self.block, node.body)),
            self.place(node),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            is_generator=yields,
            decorators=tuple(map(self.expression, node.decorator_list)),
        )

    def _parameters(self, node: ast.arguments) -> Iterator[Parameter]:
        plain = [*node.posonlyargs, *node.args]
        missing = [None] * (len(plain) - len(node.defaults))
        for parameter, default in zip(plain, [*missing, *node.defaults], strict=True):
            yield self._parameter(parameter, default)
        if node.vararg is not None:
            yield Parameter(NamePattern(node.vararg.arg), kind="*")
        for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            yield self._parameter(parameter, default)
        if node.kwarg is not None:
            yield Parameter(NamePattern(node.kwarg.arg), kind="**")

    def _parameter(self, node: ast.arg, default: ast.expr | None) -> Parameter:
        annotation = self.expression(node.annotation) if node.annotation is not None else None
        value = self.expression(default) if default is not None else None
        return Parameter(NamePattern(node.arg), value, annotation)

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

    def pattern(self, node: ast.expr) -> Pattern:
        """Return what takes a value."""
        match node:
            case ast.Name(id=name):
                return NamePattern(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return ListPattern(tuple((self.pattern(element), None) for element in elements))
            case ast.Starred(value=value):
                return self.pattern(value)
        return NamePattern("")

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
        """Yield what a statement says."""
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
        operator = _CALCULATED.get(type(node.op), "?")
        place = self.place(node, node)
        yield Do(
            Assigned(self._target(node.target), self.expression(node.value), operator, place), place
        )

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Statement]:
        yield Define(node.name, self.function(node))

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
        yield Block(self.block(node.body))

    def _match(self, node: ast.Match) -> Iterator[Statement]:
        whole: tuple[Statement, ...] = ()
        for case in reversed(node.cases):
            whole = (If(SequenceExpression(()), self.block(case.body), whole, self.place(node)),)
        yield from whole

    def _leave(self, node: ast.Break | ast.Continue) -> Iterator[Statement]:
        yield Leave("break" if isinstance(node, ast.Break) else "continue")

    _MAKING: dict[type[ast.AST], Callable[..., Expression]] = {  # noqa: RUF012 - a table
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.Call: _call,
        ast.JoinedStr: _joined,
        ast.Compare: _compare,
        ast.BoolOp: _bool,
        ast.UnaryOp: _unary,
        ast.BinOp: _binary,
        ast.IfExp: _choice,
        ast.Await: _await,
        ast.Dict: _dict,
        ast.List: _list,
        ast.Tuple: _list,
        ast.Set: _list,
        ast.Lambda: _lambda,
        ast.NamedExpr: _named,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
    }
    _STATING: dict[type[ast.AST], Callable[..., Iterator[Statement]]] = {  # noqa: RUF012 - a table
        ast.Expr: _do,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.FunctionDef: _define,
        ast.AsyncFunctionDef: _define,
        ast.ClassDef: _class,
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


def _types(node: ast.expr | None) -> Iterator[str]:
    """Yield the last names of what an ``except`` catches; none where it catches all."""
    for caught in node.elts if isinstance(node, ast.Tuple) else [node] if node is not None else []:
        yield ast.unparse(caught).rpartition(".")[2]


def _once(making: Callable[[], tuple[Statement, ...]]) -> Callable[[], tuple[Statement, ...]]:
    made: list[tuple[Statement, ...]] = []

    def kept() -> tuple[Statement, ...]:
        if not made:
            made.append(making())
        return made[0]

    return kept
