"""The function that answers a route, found in its module, with what exports it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import FUNCTIONS, METHODS, Export, arguments, exports, line_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import answer_at, error_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ast_grep_py import SgNode

SEGMENT = frozenset(
    {"config", "dynamic", "dynamicParams", "fetchCache", "maxDuration", "preferredRegion"}
    | {"revalidate", "runtime", "prerender"}
)
"""What a route's module says to Next (its route segment configuration)."""
_BLOCKS = {"statement_block"}
_BINDING = {"identifier", "shorthand_property_identifier_pattern"}
_NOT_ALLOWED = 405


class RouteFunction(Struct, frozen=True):
    """The function that does a route's work.

    Attributes:
        name: what the module calls it.
        node: the function.
        body: its block, or its expression.
        wrapper: the call around it, that lets callers by.
        aliases: statements that only hand other methods on to it, or export it.
        beside: statements of other methods that do other work, by method; neither names the other.
        causes: whether an error that it throws may have a cause.
    """

    root: SgNode
    name: str
    node: SgNode
    body: SgNode
    wrapper: SgNode | None
    aliases: tuple[SgNode, ...]
    beside: Mapping[str, SgNode] = {}
    causes: bool = False

    @property
    def parameters(self) -> list[SgNode]:
        """The nodes of its parameters."""
        single = self.node.field("parameter")
        if single is not None:
            return [single]
        parameters = self.node.field("parameters")
        children = parameters.children() if parameters is not None else []
        return [node for node in children if node.is_named() and node.kind() != "comment"]

    def parameter(self, number: int) -> str | None:
        """Return the name of a parameter; ``None`` where there is none.

        Raises:
            NotCertainError: where it is taken apart.
        """
        if number >= len(self.parameters):
            return None
        node = self.parameters[number]
        pattern = node.field("pattern") or node
        if pattern.kind() != "identifier":
            raise NotCertainError(line_of(node), "takes its request apart where it is declared")
        return pattern.text()

    @property
    def statements(self) -> list[SgNode]:
        """The statements of its body; none of an expression."""
        return statements_of(self.body) if self.body.kind() in _BLOCKS else []

    def own_nodes(self) -> Iterator[SgNode]:
        """Yield the nodes of its body, not those of functions inside it."""
        stack = [self.body]
        while stack:
            node = stack.pop()
            yield node
            stack += [child for child in reversed(node.children()) if child.kind() not in FUNCTIONS]


def statements_of(block: SgNode) -> list[SgNode]:
    """Return the statements of a block, comments left out; a lone statement is its own."""
    if block.kind() not in _BLOCKS:
        return [block]
    return [node for node in block.children() if node.is_named() and node.kind() != "comment"]


def every(node: SgNode) -> Iterator[SgNode]:
    """Yield a node and all below it, in order."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack += reversed(here.children())


def names_in(root: SgNode) -> list[SgNode]:
    """Return the nodes of a tree that are names of something."""
    kinds = {"identifier", "type_identifier", "shorthand_property_identifier"}
    return [node for node in every(root) if node.kind() in kinds]


def names_declared(root: SgNode) -> frozenset[str]:
    """Return the names of functions and values that a module declares."""
    statements = [statement.field("declaration") or statement for statement in root.children()]
    parts = [part for each in statements for part in (each, *each.children())]
    kinds = {"function_declaration", "class_declaration", "variable_declarator"}
    names = [part.field("name") for part in parts if part.kind() in kinds]
    return frozenset(name.text() for name in names if name is not None)


def route_function(root: SgNode, export: str) -> RouteFunction:
    """Return the function that a module exports for a method, as ``GET`` or ``default``.

    Raises:
        NotCertainError: where it is no function of this module, or other methods do other work.
    """
    by_name = exports(root)
    exported = by_name.get(export)
    if exported is None:
        raise NotCertainError(1, f"exports no {export}")
    if exported.source is not None:
        raise NotCertainError(exported.line, f"{export} is another module's")
    name, node = _named(root, exported)
    wrapper = None
    if node.kind() == "call_expression":
        wrapper, (name, node) = node, _wrapped(root, node, name)
    if node.kind() not in FUNCTIONS or node.kind().startswith("generator"):
        raise NotCertainError(line_of(node), "is no function that stands in this module")
    body = node.field("body")
    if body is None:
        raise NotCertainError(line_of(node), "has no body")
    handed = _handed_on(root, node, name)
    if handed is not None and handed in {each.text() for each in _function_names(root)}:
        inner_export = Export(handed, None, line_of(node))
        name, node = _named(root, inner_export)
        body = node.field("body") or body
    others = [method for method in METHODS if method in by_name and method != export]
    if export == "default":
        others = []
    function = RouteFunction(root, name, node, body, wrapper, ())
    exporting = tuple(_statements_of(function, export))
    aliases, beside = _others(function, by_name, others, export)
    return replace(function, aliases=(*exporting, *aliases), beside=beside)


def _wrapped(root: SgNode, wrapper: SgNode, name: str) -> tuple[str, SgNode]:
    """Return the name and the one function that a call around it is functions, by itself or by its name."""
    functions = [(name, each) for each in arguments(wrapper) if each.kind() in FUNCTIONS]
    for each in arguments(wrapper):
        named = declared_function(root, each.text()) if each.kind() == "identifier" else None
        if named is not None and named.kind() in FUNCTIONS:
            functions.append((each.text(), named))
    if len(functions) != 1:
        raise NotCertainError(line_of(wrapper), "is made by a call that is not read")
    return functions[0]


def _named(root: SgNode, exported: Export) -> tuple[str, SgNode]:
    """Return the name and the function or call behind an export, through ``const GET = handle``."""
    name = exported.imported or exported.name
    node = exported.node or declared_function(root, name)
    for _ in range(4):
        if node is None:
            break
        if node.kind() != "identifier":
            bound = node.field("name")
            is_declared = node.kind() == "function_declaration" and bound is not None
            return (bound.text() if bound is not None and is_declared else name), node
        name = node.text()
        node = declared_function(root, name)
    raise NotCertainError(exported.line, "is no function that stands in this module")


def _function_names(root: SgNode) -> Iterator[SgNode]:
    for statement in root.children():
        inner = statement.field("declaration") or statement
        if inner.kind() == "function_declaration" and (name := inner.field("name")) is not None:
            yield name
        for declarator in inner.children():
            if declarator.kind() == "variable_declarator":
                value, bound = declarator.field("value"), declarator.field("name")
                if value is not None and bound is not None and value.kind() in FUNCTIONS:
                    yield bound


def declared_function(root: SgNode, name: str) -> SgNode | None:
    """Return the function or value that a module declares by that name."""
    for statement in root.children():
        inner = statement.field("declaration") or statement
        if inner.kind() == "function_declaration":
            bound = inner.field("name")
            if bound is not None and bound.text() == name:
                return inner
        for declarator in inner.children():
            bound = declarator.field("name") if declarator.kind() == "variable_declarator" else None
            if bound is not None and bound.text() == name:
                return declarator.field("value")
    return None


def _handed_on(root: SgNode, node: SgNode, name: str) -> str | None:
    """Return the function that this one only calls, with what it was called with."""
    body = node.field("body")
    if body is None:
        return None
    statements = statements_of(body)
    value = body
    if body.kind() in _BLOCKS:
        if len(statements) != 1 or statements[0].kind() != "return_statement":
            return None
        inner = [child for child in statements[0].children() if child.is_named()]
        if len(inner) != 1:
            return None
        value = inner[0]
    if value.kind() == "await_expression":
        value = value.child(1) or value
    called = value.field("function") if value.kind() == "call_expression" else None
    if called is None or called.kind() != "identifier" or called.text() == name:
        return None
    if declared_function(root, called.text()) is None:
        return None
    passed = [argument.text() for argument in arguments(value)]
    taken = [
        (parameter.field("pattern") or parameter).text()
        for parameter in RouteFunction(root, name, node, body, None, ()).parameters
    ]
    return called.text() if passed == taken[: len(passed)] else None


def _statements_of(function: RouteFunction, export: str) -> Iterator[SgNode]:
    """Yield the statements that only export the function, apart from its own declaration."""
    name = function.name
    for statement in function.root.children():
        if statement.kind() != "export_statement":
            continue
        clause = next(
            (part for part in statement.children() if part.kind() == "export_clause"), None
        )
        if clause is not None and statement.field("source") is None:
            exported = {
                (part.field("alias") or part.field("name") or part).text()
                for part in clause.children()
                if part.kind() == "export_specifier"
            }
            local = {
                (part.field("name") or part).text()
                for part in clause.children()
                if part.kind() == "export_specifier"
            }
            if export in exported or local & {name, export}:
                if not exported <= {*METHODS, *SEGMENT, "default"}:
                    raise NotCertainError(line_of(statement), "exports other things beside it")
                yield statement
        elif binds(statement, export) and export != name:
            yield statement
        elif export == "default":
            value = statement.field("value")
            is_name = value is not None and value.kind() == "identifier" and value.text() == name
            if is_name or (value == function.wrapper and not is_inside(function.node, statement)):
                yield statement


def binds(statement: SgNode, export: str) -> bool:
    """Return whether a statement is ``export const GET = …`` or ``export function GET``."""
    declaration = statement.field("declaration")
    if declaration is None:
        return False
    name = declaration.field("name")
    if name is not None:
        return name.text() == export
    declarators = [part for part in declaration.children() if part.kind() == "variable_declarator"]
    names = [part.field("name") for part in declarators]
    return [node.text() for node in names if node is not None] == [export]


def _others(
    function: RouteFunction, by_name: dict[str, Export], others: list[str], export: str
) -> tuple[list[SgNode], dict[str, SgNode]]:
    """Return the statements of other methods: those that only do the same work, or none, and those beside it.

    Raises:
        NotCertainError: for a method that does something else of which this one speaks.
    """
    root, names = function.root, {function.name, export}
    aliases: list[SgNode] = []
    beside: dict[str, SgNode] = {}
    asked = {each.text() for each in names_in(function.node)} & {*others}
    for method in others:
        exported = by_name[method]
        statement = next((each for each in root.children() if binds(each, method)), None)
        node = exported.node
        if node is None and (exported.imported or "") in names:
            continue  # in the same clause
        if method == function.name:
            continue  # GET hands on to it
        is_name = node is not None and node.kind() == "identifier" and node.text() in names
        is_one = node is not None and node.kind() in FUNCTIONS
        wrapped = function.wrapper.text() if function.wrapper is not None else None
        is_same = (
            is_name
            or (node is not None and node.text() == wrapped)
            or (is_one and node is not None and _handed_on(root, node, method) in names)
            or (is_one and node is not None and _words(node) == _words(function.node))
            or (is_one and node is not None and _does_nothing(node, method))
        )
        if statement is not None and is_same:
            aliases.append(statement)
        elif statement is None or asked or names & {each.text() for each in names_in(statement)}:
            raise NotCertainError(exported.line, f"answers {method} too, with other work")
        else:
            beside[method] = statement
    return aliases, beside


def _words(function: SgNode) -> list[str]:
    """Return the words of a function but for its name."""
    name = function.field("name")
    spans = {span_of(name)} if name is not None else set()
    leaves = (node for node in every(function) if not node.children() and node.kind() != "comment")
    return [node.text() for node in leaves if span_of(node) not in spans]


def _does_nothing(function: SgNode, method: str) -> bool:
    """Return whether a function only answers that it does nothing, or what a browser asks first."""
    body = function.field("body")
    statements = statements_of(body) if body is not None else []
    value = statements[0] if len(statements) == 1 else None
    if value is not None and value.kind() == "return_statement":
        value = next((child for child in value.children() if child.is_named()), None)
    return error_status(value) == _NOT_ALLOWED or (
        method == "OPTIONS" and value is not None and answer_at(value)
    )


def whole_statement(node: SgNode) -> SgNode:
    """Return the statement of the module that a node stands in."""
    chain = [node, *node.ancestors()]
    return next(
        (here for here, above in pairwise(chain) if above.kind() == "program"),
        node,
    )


def is_inside(node: SgNode, outer: SgNode) -> bool:
    """Return whether a node stands in another, or is it."""
    (start, end), (first, last) = span_of(node), span_of(outer)
    return first <= start and end <= last


def is_in_awaited_loop(node: SgNode) -> bool:
    """Return whether a node stands in a ``for await``, whose end is awaited whatever leaves it."""
    loops = (above for above in node.ancestors() if above.kind() == "for_in_statement")
    return any(loop.text().startswith("for await") for loop in loops)


def with_comment(node: SgNode, words: re.Pattern[str] = re.compile("")) -> tuple[int, int]:
    """Return the span of a statement, with the comments right above it, where together they say ``words``."""
    start, end = span_of(node)
    above, line, comments = node.prev(), node.range().start.line, ""
    first = start
    while above is not None and above.kind() == "comment" and above.range().end.line == line - 1:
        first, line, comments = span_of(above)[0], above.range().start.line, above.text() + comments
        above = above.prev()
    return (first if words.search(comments) else start), end


def bound_in(node: SgNode) -> set[str]:
    """Return the names that are declared somewhere in a function, apart from its own and its parameters'."""
    body = node.field("body") or node
    patterns = [part.field("name") for part in body.find_all(kind="variable_declarator")]
    names = {
        inner.text() for each in patterns if each is not None for inner in _pattern_names(each)
    }
    kinds = ("function_declaration", "class_declaration")
    declared = [part.field("name") for kind in kinds for part in body.find_all(kind=kind)]
    return names | {each.text() for each in declared if each is not None}


def _pattern_names(pattern: SgNode) -> Iterator[SgNode]:
    if pattern.kind() in _BINDING:
        yield pattern
    for child in pattern.children():
        yield from _pattern_names(child)
