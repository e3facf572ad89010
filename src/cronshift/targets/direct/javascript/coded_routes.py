"""Routes that are declared in code, each taken out of its module as a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of
from cronshift.handlers.node_registrations import VERBS
from cronshift.handlers.tree import language, parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.chains import member_of
from cronshift.targets.direct.javascript.handler import names_in, with_comment
from cronshift.targets.direct.javascript.middleware import (
    passes_errors_on,
    refuse_more,
    refuse_stacked,
)
from cronshift.targets.direct.javascript.module_kinds import es_module, is_commonjs
from cronshift.targets.direct.javascript.routes import GONE, ROUTE, as_module
from cronshift.targets.direct.javascript.unused import used_names, without_unused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.javascript.routes import HandlerShape

_ANSWERING = VERBS - {"post", "put", "patch", "delete", "head", "options"}
_BLANK_LINES = lazy_pattern(r"(?:[ \t]*\r?\n(?=[ \t]*\r?\n))+")
_OPEN = frozenset(":*{(")
_DECLARING = frozenset({"lexical_declaration", "variable_declaration", "function_declaration"})


class CodedShape(Struct, frozen=True):
    """A route that a module declares in code.

    Attributes:
        handler: how its handler is written.
        line: where it is declared.
        entry: the module that Vercel starts; what that imports may stand before the route.
    """

    handler: HandlerShape
    line: int
    entry: str

    @property
    def responds(self) -> bool:
        """True where its handler returns answers alone."""
        return self.handler.responds

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with the route alone in its module, and what that needs of the others.

        Raises:
            NotCertainError: where it does not stand by itself, or its meaning would not be kept.
        """
        del export  # the line tells
        if language(file) == "javascript" and is_commonjs(root):
            tree = tree.with_text(file, es_module(tree.read(file)))
            root = tree.parsed(file) or root
        call = _registered(root, self.line)
        function = _handler(call, tree, file)
        path = arguments(call)[0]
        if path.kind() not in {"string", "template_string"} or _OPEN & set(path.text()):
            raise NotCertainError(line_of(path), "answers other paths too")
        for middleware in arguments(call)[1:-1]:
            refuse_more(middleware, tree, file)
        refuse_stacked(tree, self.entry)
        text = tree.read(file)
        needed = _needed(root, call, function)
        edits = Edits(text)
        for statement in root.children():
            start, end = span_of(statement)
            if span_of(statement) == span_of(_statement(call)):
                before, behind = span_of(function)
                lead = f"{GONE}\n" * text.count("\n", start, before)
                trail = f"\n{GONE}" * text.count("\n", behind, end)
                edits.replace(start, before, f"{lead}export const {ROUTE} = ")
                edits.replace(behind, end, f";{trail}")
            elif statement.is_named() and span_of(statement) not in needed:
                blank = _BLANK_LINES.match(text, end)
                end = blank.end() if blank is not None else end
                edits.replace(start, end, "\n".join([GONE] * (text.count("\n", start, end) + 1)))
        alone = as_module(tree, file, edits.result())
        there = alone.parsed(file)
        return self.handler.as_route(alone, file, there, ROUTE) if there else (alone, ROUTE)


def without_routes(tree: SourceTree, file: str, lines: Iterable[int], taken: Iterable[str]) -> str:
    """Return a module without routes that it declares, and what only they used.

    Args:
        tree: the project's files.
        file: the module.
        lines: where the routes are declared.
        taken: the modules that their work has become.

    Raises:
        NotCertainError: where such a module and the rest both need what is declared here.
    """
    root, text = tree.parsed(file), tree.read(file)
    if root is None:
        return text
    edits, before = Edits(text), used_names(root)
    for line in lines:
        edits.remove_lines(*with_comment(_statement(_registered(root, line))))
    rest = parse(edits.result(), language(file))
    names = {node.text() for node in names_in(rest)} if rest is not None else set()
    moved = set[str]()
    for module in taken:
        there = parse(module, language(file))
        moved |= {name for each in (there.children() if there else ()) for name in _bound(each)}
    for statement in root.children():
        shared = _bound(statement) & moved
        if not shared or statement.kind() not in _DECLARING:
            continue
        (name, *_) = sorted(shared)
        uses = [node for node in names_in(rest) if node.text() == name] if rest is not None else []
        if name in names and len(uses) > 1:
            raise NotCertainError(line_of(statement), f"shares {name} with the rest of {file}")
        edits.remove_lines(*with_comment(statement))
    return without_unused(edits.result(), tree, file, before)


def _registered(root: SgNode, line: int) -> SgNode:
    """Return the call that declares a route, in a statement of its own."""
    for call in root.find_all(kind="call_expression"):
        called = call.field("function")
        named = called.field("property") if called is not None else None
        if called is None or named is None or line_of(named) != line:
            continue
        if member_of(called) not in _ANSWERING or len(arguments(call)) < 2:  # noqa: PLR2004
            continue
        statement, owner = call.parent(), called.field("object")
        above = statement.parent() if statement is not None else None
        if owner is None or owner.kind() != "identifier" or above is None or statement is None:
            raise NotCertainError(line, "is declared in a chain of calls")
        if statement.kind() != "expression_statement" or above.kind() != "program":
            raise NotCertainError(line, "is declared inside of another function")
        return call
    raise NotCertainError(line, "is declared in a way that is not read")


def _statement(call: SgNode) -> SgNode:
    return call.parent() or call


def _handler(call: SgNode, tree: SourceTree, file: str) -> SgNode:
    """Return the function that answers a route, also out of a call that only passes its errors on."""
    handler = arguments(call)[-1]
    if handler.kind() == "call_expression" and passes_errors_on(handler, tree, file):
        (handler,) = arguments(handler)
    if handler.kind() not in FUNCTIONS | {"identifier"}:
        raise NotCertainError(line_of(handler), "is no function that stands in this module")
    return handler


def _needed(root: SgNode, call: SgNode, function: SgNode) -> set[tuple[int, int]]:
    """Return the spans of the statements that a route's function needs: imports, and what it names."""
    statements = [each for each in root.children() if each.is_named()]
    needed = {span_of(each) for each in statements if each.kind() == "import_statement"}
    wanted = [node.text() for node in names_in(function)]
    seen = set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        for statement in statements:
            if name in _bound(statement) and span_of(statement) != span_of(_statement(call)):
                needed.add(span_of(statement))
                wanted += [node.text() for node in names_in(statement)]
    return needed


def _bound(statement: SgNode) -> set[str]:
    """Return the names that a statement declares."""
    inner = statement.field("declaration") or statement
    parts = [inner, *inner.children()]
    names = [part.field("name") for part in parts if part.kind() != "import_clause"]
    return {name.text() for name in names if name is not None}
