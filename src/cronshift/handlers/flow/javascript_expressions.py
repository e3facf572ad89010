"""Expressions of JavaScript and TypeScript as the nodes of ``code``."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow.code import (
    UNDEFINED,
    Assigned,
    Awaited,
    CallExpression,
    Choice,
    ClassCode,
    Constant,
    Expression,
    Function,
    Joined,
    Listed,
    Logical,
    Member,
    Name,
    ObjectExpression,
    OperatorExpression,
    SequenceExpression,
)
from cronshift.handlers.flow.javascript_patterns import JavaScriptPatterns, named_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode

_OPERATORS = {"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not"}
_LOGICAL = {"and", "or", "??"}
TRANSPARENT = {
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "type_assertion",
    "instantiation_expression",
}
FUNCTION_KINDS = {
    "arrow_function",
    "function_expression",
    "function_declaration",
    "generator_function",
    "generator_function_declaration",
    "method_definition",
}
CLASS_KINDS = {"class", "class_declaration", "abstract_class_declaration"}


class JavaScriptExpressions(JavaScriptPatterns):
    """Lowers expressions of one file."""

    @abstractmethod
    def function(self, node: SgNode) -> Function:
        """Return the node of a function."""

    @abstractmethod
    def class_code(self, node: SgNode) -> ClassCode:
        """Return the node of a class."""

    def expression(self, node: SgNode | None) -> Expression:
        """Return the node of an expression."""
        if node is None:
            return Constant(UNDEFINED)
        kind = node.kind()
        if kind in TRANSPARENT or kind == "parenthesized_expression":
            inner = (
                child for child in node.children() if child.is_named() and child.kind() != "comment"
            )
            return self.expression(next(inner, None))
        if kind in FUNCTION_KINDS:
            return self.function(node)
        if kind in CLASS_KINDS:
            return self.class_code(node)
        making = self._MAKING.get(kind)
        if making is not None:
            return making(self, node)
        return SequenceExpression(tuple(map(self.expression, named_children(node))))

    def _identifier(self, node: SgNode) -> Expression:
        name = node.text()
        return Constant(UNDEFINED) if name == "undefined" else Name(name)

    def _template(self, node: SgNode) -> Expression:
        parts: list[Expression] = []
        for child in node.children():
            if child.kind() == "template_substitution":
                parts.append(self.expression(next(iter(named_children(child)), None)))
            elif child.is_named():
                parts.append(Constant(child.text()))
        return Joined(tuple(parts))

    def _list(self, node: SgNode) -> Expression:
        return Listed(
            tuple(
                (child.kind() == "spread_element", self._spread(child))
                for child in named_children(node)
            )
        )

    def _record(self, node: SgNode) -> Expression:
        return ObjectExpression(tuple(self._entries(node)))

    def _entries(self, node: SgNode) -> Iterator[tuple[Expression | None, Expression]]:
        for child in named_children(node):
            kind = child.kind()
            if kind == "pair":
                yield self.key(child.field("key")), self.expression(child.field("value"))
            elif kind == "shorthand_property_identifier":
                yield Constant(child.text()), Name(child.text())
            elif kind == "method_definition" and not is_setter(child):
                yield self.key(child.field("name")), self.function(child)
            elif kind == "spread_element":
                yield None, self._spread(child)

    def _call(self, node: SgNode) -> Expression:
        function = node.field("function")
        place = self.place(node)
        is_awaited = function is not None and function.kind() == "await_expression"  # await f<T>(x)
        inner = next(iter(named_children(function)), None) if is_awaited and function else function
        called = self.expression(inner)
        if isinstance(called, Member) and isinstance(called.owner, Awaited):
            first = called.owner.value
            if isinstance(first, CallExpression) and first.place == called.owner.place:
                called, is_awaited = replace(called, owner=first), True  # await f<T>(x).catch(…)
        optional = _is_optional(node, called)
        made = CallExpression(called, self._arguments(node), place, optional=optional)
        return Awaited(made, place) if is_awaited else made

    def _new(self, node: SgNode) -> Expression:
        called = self.expression(node.field("constructor"))
        place = self.place(node)
        return CallExpression(called, self._arguments(node), place, new=True)

    def _arguments(self, node: SgNode) -> tuple[tuple[str, Expression], ...]:
        listed = node.field("arguments")
        if listed is None:
            return ()
        if listed.kind() == "template_string":  # sql`…`
            return (("", self._template(listed)),)
        return tuple(
            ("*" if argument.kind() == "spread_element" else "", self._spread(argument))
            for argument in named_children(listed)
        )

    def _member(self, node: SgNode) -> Expression:
        key = node.field("property")
        owner = self.expression(node.field("object"))
        name = Constant(key.text() if key else "")
        return Member(owner, name, self.place(node), _is_optional(node, owner))

    def _subscript(self, node: SgNode) -> Expression:
        owner, key = self.expression(node.field("object")), node.field("index")
        optional = _is_optional(node, owner)
        return Member(owner, self.expression(key), self.place(node), optional)

    def _regex(self, node: SgNode) -> Expression:
        parts = (node.field("pattern"), node.field("flags"))
        arguments = tuple(("", Constant(part.text() if part else "")) for part in parts)
        return CallExpression(Name("RegExp"), arguments, self.place(node))

    def _binary(self, node: SgNode) -> Expression:
        sign = node.field("operator")
        operator = sign.text() if sign else ""
        operator = _OPERATORS.get(operator, operator)
        left, right = self.expression(node.field("left")), self.expression(node.field("right"))
        if operator in _LOGICAL:
            return Logical(operator, left, right, self.place(node))
        return OperatorExpression(operator, (left, right), self.place(node))

    def _unary(self, node: SgNode) -> Expression:
        sign = node.field("operator")
        operator = sign.text() if sign else ""
        operator = _OPERATORS.get(operator, operator)
        value = self.expression(node.field("argument"))
        return OperatorExpression(operator, (value,), self.place(node))

    def _update(self, node: SgNode) -> Expression:
        sign = node.field("operator")
        operator = "-" if sign is not None and sign.text() == "--" else "+"
        changed = self._assigned(node, node.field("argument"), Constant(1), operator)
        above = node.parent()
        is_before = not node.text().endswith(("++", "--"))
        if is_before or above is None or above.kind() == "expression_statement":
            return changed
        back = "+" if operator == "-" else "-"
        return OperatorExpression(back, (changed, Constant(1)), self.place(node))

    def _assignment(self, node: SgNode) -> Expression:
        sign = node.field("operator")
        operator = sign.text().removesuffix("=") if sign is not None else ""
        operator = _OPERATORS.get(operator, operator)
        return self._assigned(
            node, node.field("left"), self.expression(node.field("right")), operator
        )

    def _assigned(
        self, node: SgNode, target: SgNode | None, value: Expression, operator: str
    ) -> Expression:
        if target is not None and target.kind() in TRANSPARENT | {"parenthesized_expression"}:
            target = next(iter(named_children(target)), None)
        if target is not None and target.kind() in {"member_expression", "subscript_expression"}:
            made = self._member if target.kind() == "member_expression" else self._subscript
            member = made(target)
            if isinstance(member, Member):
                return Assigned(member, value, operator, self.place(node))
        return Assigned(self.pattern(target), value, operator, self.place(node))

    def _ternary(self, node: SgNode) -> Expression:
        parts = (node.field(name) for name in ("condition", "consequence", "alternative"))
        test, yes, no = map(self.expression, parts)
        return Choice(test, yes, no, self.place(node))

    def _await(self, node: SgNode) -> Expression:
        return Awaited(self.expression(next(iter(named_children(node)), None)), self.place(node))

    def _sequence(self, node: SgNode) -> Expression:
        return SequenceExpression(tuple(map(self.expression, named_children(node))), is_value=True)

    _MAKING: dict[str, Callable[[JavaScriptExpressions, SgNode], Expression]] = {  # noqa: RUF012 - a table
        "string": JavaScriptPatterns.literal,
        "number": JavaScriptPatterns.literal,
        "true": JavaScriptPatterns.literal,
        "false": JavaScriptPatterns.literal,
        "null": JavaScriptPatterns.literal,
        "undefined": _identifier,
        "identifier": _identifier,
        "this": _identifier,
        "super": _identifier,
        "import": _identifier,
        "meta_property": _identifier,
        "shorthand_property_identifier": _identifier,
        "template_string": _template,
        "regex": _regex,
        "array": _list,
        "object": _record,
        "call_expression": _call,
        "new_expression": _new,
        "member_expression": _member,
        "subscript_expression": _subscript,
        "binary_expression": _binary,
        "unary_expression": _unary,
        "update_expression": _update,
        "assignment_expression": _assignment,
        "augmented_assignment_expression": _assignment,
        "ternary_expression": _ternary,
        "await_expression": _await,
        "sequence_expression": _sequence,
    }


def _is_optional(node: SgNode, owner: Expression) -> bool:
    """Return whether a chain ends quietly where something in it is missing."""
    if "?." not in node.text():
        return False
    signs = (child.kind() == "optional_chain" or child.text() == "?." for child in node.children())
    return any(signs) or (isinstance(owner, Member | CallExpression) and owner.optional)


def is_setter(method: SgNode) -> bool:
    """Return whether a method is what an assignment calls, ``set x(value)``."""
    return any(child.kind() == "set" for child in method.children())
