"""JavaScript and TypeScript as the nodes of ``code``, made of ast-grep's syntax trees."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import (
    Bind,
    Catch,
    ClassCode,
    CodePlace,
    Constant,
    Define,
    Do,
    Expression,
    Function,
    If,
    Leave,
    Logical,
    Loop,
    NamePattern,
    OperatorExpression,
    Parameter,
    Raise,
    Return,
    SequenceExpression,
    Statement,
    StatementBlock,
    Try,
    named,
)
from cronshift.handlers.flow.javascript_expressions import (
    CLASS_KINDS,
    FUNCTION_KINDS,
    JavaScriptExpressions,
    is_setter,
)
from cronshift.handlers.flow.javascript_patterns import named_children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode


class JavaScript(JavaScriptExpressions):
    """Lowers the nodes of one file."""

    def function(self, node: SgNode) -> Function:
        """Return a function; its body is read when it is asked for."""
        name, body = node.field("name"), node.field("body")
        kinds = {child.kind() for child in node.children()}
        concise = body is not None and body.kind() != "statement_block"
        return Function(
            name.text() if name else "",
            tuple(self._parameters(node)),
            cache(partial(self._body, body)),
            self.place(node),
            is_async="async" in kinds,
            concise=concise,
            is_arrow=node.kind() == "arrow_function",
            is_generator="*" in kinds,
            is_getter="get" in kinds,
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
        for child in named_children(listed) if listed is not None else ():
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
            pattern = self.pattern(next(iter(named_children(inner)), None) if rest else inner)
            value = self.expression(default) if default is not None else None
            yield Parameter(pattern, value, kind="*" if rest else "")

    def class_code(self, node: SgNode) -> ClassCode:
        """Return a class."""
        name, body = node.field("name"), node.field("body")
        methods, fields = [], []
        for member in named_children(body) if body is not None else ():
            value = member.field("value")
            key = member.field("name") or member.field("property")
            if member.kind() == "method_definition" and not is_setter(member):
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
                statement for child in named_children(node) for statement in self.statements(child)
            )
        return tuple(self.statements(node))

    def statements(self, node: SgNode) -> Iterator[Statement]:
        """Yield the nodes of a statement."""
        kind = node.kind()
        making = self._STATING.get(kind)
        if making is not None:
            yield from making(self, node)
        elif kind in FUNCTION_KINDS:
            function = self.function(node)
            yield Define(function.name, function)
        elif kind in CLASS_KINDS:
            code = self.class_code(node)
            yield Define(code.name, code)

    def _expression_statement(self, node: SgNode) -> Iterator[Statement]:
        inner = next(iter(named_children(node)), None)
        if inner is not None:
            text = self.place(inner, quoted=True).text
            place = self.place(node)
            yield Do(self.expression(inner), CodePlace(place.file, place.line, place.column, text))

    def _declaration(self, node: SgNode) -> Iterator[Statement]:
        for declarator in named_children(node):
            value = (
                declarator.field("value") if declarator.kind() == "variable_declarator" else None
            )
            if declarator.kind() == "variable_declarator":
                pattern = self.pattern(declarator.field("name"))
                yield Bind(pattern, named(self.expression(value), pattern), self.place(node))

    def _exported(self, node: SgNode) -> Iterator[Statement]:
        declaration = node.field("declaration")
        if declaration is not None:
            yield from self.statements(declaration)

    def _if(self, node: SgNode) -> Iterator[Statement]:
        otherwise = node.field("alternative")
        inner = next(iter(named_children(otherwise)), None) if otherwise is not None else None
        yield If(
            self.expression(node.field("condition")),
            self.block(node.field("consequence")),
            self.block(inner),
            self.place(node),
        )

    def _return(self, node: SgNode) -> Iterator[Statement]:
        value = next(iter(named_children(node)), None)
        made = self.expression(value) if value is not None else None
        yield Return(made, self.place(node))

    def _throw(self, node: SgNode) -> Iterator[Statement]:
        yield Raise(self.expression(next(iter(named_children(node)), None)), self.place(node))

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
        inner = (
            next(iter(named_children(node)), None)
            if node.kind() == "expression_statement"
            else node
        )
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
            for case in (named_children(body) if body is not None else ())
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
        yield StatementBlock(whole, is_switch=True)

    def _block(self, node: SgNode) -> Iterator[Statement]:
        yield StatementBlock(self.block(node))

    def _labeled(self, node: SgNode) -> Iterator[Statement]:
        body = node.field("body")
        if body is not None:
            yield from self.statements(body)

    def _leave(self, node: SgNode) -> Iterator[Statement]:
        yield Leave(node.kind().partition("_")[0])

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


def _case_body(case: SgNode) -> list[SgNode]:
    value = case.field("value")
    inner = named_children(case)
    return inner[1:] if value is not None else inner
