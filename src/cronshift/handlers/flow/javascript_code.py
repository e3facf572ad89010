"""JavaScript and TypeScript as the nodes of ``code``, made of ast-grep's syntax trees."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    UNDEFINED,
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
    RecordPattern,
    Return,
    SequenceExpression,
    Statement,
    Try,
)
from cronshift.handlers.literals import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode

_LONGEST = 60  # characters of what a finding quotes
_OPERATORS = {"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not"}
_LOGICAL = {"and", "or", "??"}
_TRANSPARENT = {
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "type_assertion",
    "instantiation_expression",
}
_FUNCTIONS = {
    "arrow_function",
    "function_expression",
    "function_declaration",
    "generator_function",
    "generator_function_declaration",
    "method_definition",
}
_CLASSES = {"class", "class_declaration", "abstract_class_declaration"}


class JavaScript:
    """Lowers the nodes of one file.

    Args:
        file: its path in the project.
    """

    def __init__(self, file: str) -> None:
        self._file = file

    def place(self, node: SgNode, *, quoted: bool = False) -> Place:
        """Return where a node stands."""
        start = node.range().start
        text = " ".join(node.text().split())[:_LONGEST] if quoted else ""
        return Place(self._file, start.line + 1, start.column + 1, text)

    def expression(self, node: SgNode | None) -> Expression:
        """Return what an expression says."""
        if node is None:
            return Constant(UNDEFINED)
        kind = node.kind()
        if kind in _TRANSPARENT or kind == "parenthesized_expression":
            inner = (
                child for child in node.children() if child.is_named() and child.kind() != "comment"
            )
            return self.expression(next(inner, None))
        if kind in _FUNCTIONS:
            return self.function(node)
        if kind in _CLASSES:
            return self.class_code(node)
        making = self._MAKING.get(kind)
        if making is not None:
            return making(self, node)
        return SequenceExpression(tuple(map(self.expression, _named(node))))

    def _literal(self, node: SgNode) -> Expression:
        value = literal(node)
        return Constant(value if isinstance(value, str | int | float | bool) else None)

    def _identifier(self, node: SgNode) -> Expression:
        name = node.text()
        return Constant(UNDEFINED) if name == "undefined" else Name(name)

    def _template(self, node: SgNode) -> Expression:
        parts: list[Expression] = []
        for child in node.children():
            if child.kind() == "template_substitution":
                parts.append(self.expression(next(iter(_named(child)), None)))
            elif child.is_named():
                parts.append(Constant(child.text()))
        return Joined(tuple(parts))

    def _list(self, node: SgNode) -> Expression:
        return Listed(
            tuple((child.kind() == "spread_element", self._spread(child)) for child in _named(node))
        )

    def _spread(self, node: SgNode) -> Expression:
        return self.expression(node.child(1) if node.kind() == "spread_element" else node)

    def _record(self, node: SgNode) -> Expression:
        return ObjectExpression(tuple(self._entries(node)))

    def _entries(self, node: SgNode) -> Iterator[tuple[Expression | None, Expression]]:
        for child in _named(node):
            kind = child.kind()
            if kind == "pair":
                yield self.key(child.field("key")), self.expression(child.field("value"))
            elif kind == "shorthand_property_identifier":
                yield Constant(child.text()), Name(child.text())
            elif kind == "method_definition":
                yield self.key(child.field("name")), self.function(child)
            elif kind == "spread_element":
                yield None, self._spread(child)

    def key(self, node: SgNode | None) -> Expression:
        """Return the key that a name, a string or ``[computed]`` stands for."""
        if node is None:
            return Constant(UNDEFINED)
        if node.kind() == "computed_property_name":
            return self.expression(next(iter(_named(node)), None))
        if node.kind() in {"string", "number"}:
            return self._literal(node)
        return Constant(node.text())

    def _call(self, node: SgNode) -> Expression:
        function = node.field("function")
        place = self.place(node)
        if function is not None and function.kind() == "await_expression":  # await f<T>(x)
            inner = self.expression(next(iter(_named(function)), None))
            return Awaited(CallExpression(inner, self._arguments(node), place), place)
        called = self.expression(function)
        optional = _is_optional(node, called)
        return CallExpression(called, self._arguments(node), place, optional=optional)

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
            for argument in _named(listed)
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
        return self._assigned(node, node.field("argument"), Constant(1), operator)

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
        if target is not None and target.kind() in _TRANSPARENT | {"parenthesized_expression"}:
            target = next(iter(_named(target)), None)
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
        return Awaited(self.expression(next(iter(_named(node)), None)), self.place(node))

    def _sequence(self, node: SgNode) -> Expression:
        return SequenceExpression(tuple(map(self.expression, _named(node))), is_value=True)

    def function(self, node: SgNode) -> Function:
        """Return a function; its body is read when it is asked for."""
        name, body = node.field("name"), node.field("body")
        kinds = {child.kind() for child in node.children()}
        concise = body is not None and body.kind() != "statement_block"
        return Function(
            name.text() if name else "",
            tuple(self._parameters(node)),
            _once(partial(self._body, body)),
            self.place(node),
            is_async="async" in kinds,
            concise=concise,
            is_arrow=node.kind() == "arrow_function",
            is_generator="*" in kinds,
        )

    def _body(self, body: SgNode | None) -> tuple[Statement, ...]:
        if body is None:
            return ()
        if body.kind() != "statement_block":
            place = self.place(body)
            return (Return(self.expression(body), place),)
        return self.block(body)

    def _parameters(self, node: SgNode) -> Iterator[Parameter]:
        single, listed = node.field("parameter"), node.field("parameters")
        if single is not None:
            yield Parameter(NamePattern(single.text()))
        for child in _named(listed) if listed is not None else ():
            if child.kind() in {"decorator", "this_type"}:
                continue
            is_typed = child.kind().endswith("_parameter")
            inner = child.field("pattern") if is_typed else child
            default = child.field("value") if is_typed else None
            if inner is not None and inner.kind() == "assignment_pattern":
                default = inner.field("right")
                inner = inner.field("left")
            if inner is None or inner.kind() == "this":
                continue
            rest = inner.kind() == "rest_pattern"
            pattern = self.pattern(next(iter(_named(inner)), None) if rest else inner)
            value = self.expression(default) if default is not None else None
            yield Parameter(pattern, value, kind="*" if rest else "")

    def pattern(self, node: SgNode | None) -> Pattern:
        """Return what takes a value: a name, or what takes it apart."""
        if node is None:
            return NamePattern("")
        if node.kind() in {"object_pattern", "object"}:
            return self._record_pattern(node)
        if node.kind() in {"array_pattern", "array"}:
            return self._list_pattern(node)
        return NamePattern(node.text())

    def _record_pattern(self, node: SgNode) -> Pattern:
        entries: list[tuple[Expression, Pattern, Expression | None]] = []
        rest = None
        for child in _named(node):
            kind = child.kind()
            if kind in {"rest_pattern", "spread_element"}:
                inner = child.child(1)
                rest = inner.text() if inner else None
            elif kind in {"pair_pattern", "pair"}:
                target, default = self._defaulted(child.field("value"))
                entries.append((self.key(child.field("key")), target, default))
            elif kind in {"object_assignment_pattern", "shorthand_property_identifier_pattern"}:
                left = child.field("left") or child
                right = child.field("right")
                default = self.expression(right) if right is not None else None
                entries.append((Constant(left.text()), NamePattern(left.text()), default))
            else:
                entries.append((Constant(child.text()), NamePattern(child.text()), None))
        return RecordPattern(tuple(entries), rest)

    def _defaulted(self, node: SgNode | None) -> tuple[Pattern, Expression | None]:
        if node is not None and node.kind() == "assignment_pattern":
            return self.pattern(node.field("left")), self.expression(node.field("right"))
        return self.pattern(node), None

    def _list_pattern(self, node: SgNode) -> Pattern:
        entries: list[tuple[Pattern | None, Expression | None]] = []
        rest, is_hole = None, True
        for child in node.children():
            if child.text() == "," and not child.is_named():
                if is_hole:
                    entries.append((None, None))
                is_hole = True
            elif child.kind() in {"rest_pattern", "spread_element"}:
                rest = self.pattern(child.child(1))
            elif child.is_named() and child.kind() != "comment":
                entries.append(self._defaulted(child))
                is_hole = False
        return ListPattern(tuple(entries), rest)

    def class_code(self, node: SgNode) -> ClassCode:
        """Return a class."""
        name, body = node.field("name"), node.field("body")
        methods, fields = [], []
        for member in _named(body) if body is not None else ():
            value = member.field("value")
            key = member.field("name") or member.field("property")
            if member.kind() == "method_definition":
                methods.append(self.function(member))
            elif member.kind() in {"public_field_definition", "field_definition"} and key and value:
                fields.append((key.text(), self.expression(value)))
        heritage = next(
            (child for child in node.children() if child.kind() == "class_heritage"), None
        )
        named = (
            heritage.find(any=[{"kind": "identifier"}, {"kind": "member_expression"}])
            if heritage
            else None
        )
        bases = (self.expression(named),) if named is not None else ()
        return ClassCode(
            name.text() if name else "", bases, tuple(methods), tuple(fields), self.place(node)
        )

    def block(self, node: SgNode | None) -> tuple[Statement, ...]:
        """Return the statements of a block, or the one that stands for it."""
        if node is None:
            return ()
        if node.kind() == "statement_block":
            return tuple(
                statement for child in _named(node) for statement in self.statements(child)
            )
        return tuple(self.statements(node))

    def statements(self, node: SgNode) -> Iterator[Statement]:
        """Yield what a statement says."""
        kind = node.kind()
        making = self._STATING.get(kind)
        if making is not None:
            yield from making(self, node)
        elif kind in _FUNCTIONS:
            function = self.function(node)
            yield Define(function.name, function)
        elif kind in _CLASSES:
            code = self.class_code(node)
            yield Define(code.name, code)

    def _expression_statement(self, node: SgNode) -> Iterator[Statement]:
        inner = next(iter(_named(node)), None)
        if inner is not None:
            text = self.place(inner, quoted=True).text
            place = self.place(node)
            yield Do(self.expression(inner), Place(place.file, place.line, place.column, text))

    def _declaration(self, node: SgNode) -> Iterator[Statement]:
        for declarator in _named(node):
            value = (
                declarator.field("value") if declarator.kind() == "variable_declarator" else None
            )
            if declarator.kind() == "variable_declarator":
                pattern = self.pattern(declarator.field("name"))
                yield Bind(pattern, self.expression(value), self.place(node))

    def _exported(self, node: SgNode) -> Iterator[Statement]:
        declaration = node.field("declaration")
        if declaration is not None:
            yield from self.statements(declaration)

    def _if(self, node: SgNode) -> Iterator[Statement]:
        otherwise = node.field("alternative")
        inner = next(iter(_named(otherwise)), None) if otherwise is not None else None
        yield If(
            self.expression(node.field("condition")),
            self.block(node.field("consequence")),
            self.block(inner),
            self.place(node),
        )

    def _return(self, node: SgNode) -> Iterator[Statement]:
        value = next(iter(_named(node)), None)
        made = self.expression(value) if value is not None else None
        yield Return(made, self.place(node))

    def _throw(self, node: SgNode) -> Iterator[Statement]:
        yield Raise(self.expression(next(iter(_named(node)), None)), self.place(node))

    def _try(self, node: SgNode) -> Iterator[Statement]:
        clause, final = node.field("handler"), node.field("finalizer")
        catches: tuple[Catch, ...] = ()
        if clause is not None:
            parameter = clause.field("parameter")
            pattern = self.pattern(parameter) if parameter is not None else None
            body = self.block(clause.field("body"))
            catches = (Catch((), pattern, body, self.place(clause)),)
        ending = self.block(final.field("body")) if final is not None else ()
        yield Try(self.block(node.field("body")), catches, (), ending)

    def _for_in(self, node: SgNode) -> Iterator[Statement]:
        kinds = {child.kind() for child in node.children()}
        source = self.expression(node.field("right"))
        if "in" in kinds:
            source = SequenceExpression((source,))
        yield Loop(
            self.pattern(node.field("left")),
            source,
            None,
            self.block(node.field("body")),
            self.place(node),
            is_awaited="await" in kinds,
        )

    def _for(self, node: SgNode) -> Iterator[Statement]:
        start, test = node.field("initializer"), node.field("condition")
        if start is not None:
            yield from self.statements(start)
        yield Loop(None, None, self._test(test), self.block(node.field("body")), self.place(node))

    def _test(self, node: SgNode | None) -> Expression:
        if node is None or node.kind() == "empty_statement":
            return Constant(value=True)
        inner = next(iter(_named(node)), None) if node.kind() == "expression_statement" else node
        return self.expression(inner)

    def _while(self, node: SgNode) -> Iterator[Statement]:
        test = self.expression(node.field("condition"))
        yield Loop(None, None, test, self.block(node.field("body")), self.place(node))

    def _do_while(self, node: SgNode) -> Iterator[Statement]:
        body = self.block(node.field("body"))
        yield Loop(None, None, Constant(value=True), body, self.place(node))

    def _switch(self, node: SgNode) -> Iterator[Statement]:
        value, body = self.expression(node.field("value")), node.field("body")
        cases = [
            (
                case.field("value"),
                tuple(s for child in _case_body(case) for s in self.statements(child)),
            )
            for case in (_named(body) if body is not None else ())
        ]
        whole: tuple[Statement, ...] = next(
            (statements for test, statements in cases if test is None), ()
        )
        tests: list[Expression] = []
        made = []
        for test, statements in cases:
            if test is None:
                continue
            tests.append(OperatorExpression("==", (value, self.expression(test)), self.place(test)))
            if statements:
                made.append((tests, statements))
                tests = []
        for group, statements in reversed(made):
            test_of = group[0]
            for other in group[1:]:
                test_of = Logical("or", test_of, other, self.place(node))
            whole = (If(test_of, statements, whole, self.place(node)),)
        yield Block(whole, is_switch=True)

    def _block(self, node: SgNode) -> Iterator[Statement]:
        yield Block(self.block(node))

    def _labeled(self, node: SgNode) -> Iterator[Statement]:
        body = node.field("body")
        if body is not None:
            yield from self.statements(body)

    def _leave(self, node: SgNode) -> Iterator[Statement]:
        yield Leave(node.kind().partition("_")[0])

    _MAKING: dict[str, Callable[[JavaScript, SgNode], Expression]] = {  # noqa: RUF012 - a table
        "string": _literal,
        "number": _literal,
        "true": _literal,
        "false": _literal,
        "null": _literal,
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
    _STATING: dict[str, Callable[[JavaScript, SgNode], Iterator[Statement]]] = {  # noqa: RUF012
        "expression_statement": _expression_statement,
        "lexical_declaration": _declaration,
        "variable_declaration": _declaration,
        "export_statement": _exported,
        "if_statement": _if,
        "return_statement": _return,
        "throw_statement": _throw,
        "try_statement": _try,
        "for_in_statement": _for_in,
        "for_statement": _for,
        "while_statement": _while,
        "do_statement": _do_while,
        "switch_statement": _switch,
        "statement_block": _block,
        "labeled_statement": _labeled,
        "break_statement": _leave,
        "continue_statement": _leave,
    }


def _is_optional(node: SgNode, owner: Expression) -> bool:
    """Return whether a chain ends quietly where something in it is missing."""
    signs = (child.kind() == "optional_chain" or child.text() == "?." for child in node.children())
    return any(signs) or (isinstance(owner, Member | CallExpression) and owner.optional)


def _named(node: SgNode) -> list[SgNode]:
    return [child for child in node.children() if child.is_named() and child.kind() != "comment"]


def _case_body(case: SgNode) -> list[SgNode]:
    value = case.field("value")
    inner = _named(case)
    return inner[1:] if value is not None else inner


def _once(making: Callable[[], tuple[Statement, ...]]) -> Callable[[], tuple[Statement, ...]]:
    """Return a function that makes something the first time, and keeps it."""
    made: list[tuple[Statement, ...]] = []

    def kept() -> tuple[Statement, ...]:
        if not made:
            made.append(making())
        return made[0]

    return kept
