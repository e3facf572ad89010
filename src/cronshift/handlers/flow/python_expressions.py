"""Expressions of Python as the nodes of ``code``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    Assigned,
    Awaited,
    CallExpression,
    Choice,
    CodePlace,
    Constant,
    Expression,
    Function,
    Joined,
    Listed,
    ListPattern,
    Logical,
    Member,
    Name,
    NamePattern,
    ObjectExpression,
    OperatorExpression,
    Parameter,
    Pattern,
    Return,
    SequenceExpression,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
CALCULATED = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Mod: "%"}


class PythonExpressions:
    """Lowers expressions of one file.

    Args:
        file: its path in the project.
    """

    def __init__(self, file: str) -> None:
        self._file = file

    def place(self, node: ast.AST, quoted: ast.AST | None = None) -> CodePlace:
        """Return the place of a node."""
        text = " ".join(ast.unparse(quoted).split())[:_LONGEST] if quoted is not None else ""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        return CodePlace(self._file, line, column, text)

    def expression(self, node: ast.AST | None) -> Expression:
        """Return the node of an expression."""
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
        operator = CALCULATED.get(type(node.op), "?")
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
        parameters = tuple(self.parameters(node.args))
        body = (Return(self.expression(node.body), place),)
        return Function("", parameters, lambda: body, place, concise=True)

    def _named(self, node: ast.NamedExpr) -> Expression:
        return Assigned(
            NamePattern(node.target.id), self.expression(node.value), "", self.place(node)
        )

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Expression:
        """Return ``source.map(lambda item: …)``, the meaning of a comprehension."""
        made: Expression = self.expression(node.elt)
        for generator in reversed(node.generators):
            source, pattern = self.expression(generator.iter), self.pattern(generator.target)
            place = self.place(node)
            for test in generator.ifs:
                source = self._mapped(source, pattern, self.expression(test), "filter", place)
            made = self._mapped(source, pattern, made, "map", place)
        return made

    def _mapped(
        self, source: Expression, pattern: Pattern, made: Expression, verb: str, place: CodePlace
    ) -> Expression:
        body = (Return(made, place),)
        inner = Function("", (Parameter(pattern),), lambda: body, place, concise=True)
        return CallExpression(Member(source, Constant(verb), place), (("", inner),), place)

    def parameters(self, node: ast.arguments) -> Iterator[Parameter]:
        """Yield the parameters of a function."""
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

    def pattern(self, node: ast.expr) -> Pattern:
        """Return the pattern that takes a value."""
        match node:
            case ast.Name(id=name):
                return NamePattern(name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return ListPattern(tuple((self.pattern(element), None) for element in elements))
            case ast.Starred(value=value):
                return self.pattern(value)
        return NamePattern("")

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
