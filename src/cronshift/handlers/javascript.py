"""JavaScript and TypeScript, read: exports, imports, definitions and calls."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.handlers.behaviour import SourceSpot
from cronshift.handlers.literals import literal, pairs, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_MOST_KEPT = 512  # modules
_DEEPEST = 8  # re-exports of re-exports
FUNCTIONS = {
    "function_declaration",
    "function_expression",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
}
CHAINED = {"then", "catch", "finally"}
"""What a promise's chain is made of."""


class Export(Struct, frozen=True):
    """One name that a module exports.

    Attributes:
        node: the function or expression, where it stands in this file.
        source: the module it is taken from, and ``imported`` its name there.
        line: from 1.
    """

    name: str
    node: SgNode | None
    line: int
    source: str | None = None
    imported: str | None = None


class Definition(Struct, frozen=True):
    """The definition of a name: its file, its function, and the wrappers around it."""

    file: str
    node: SgNode
    wrappers: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        """The line it begins at, from 1."""
        return line_of(self.node)


def line_of(node: SgNode) -> int:
    """Return the line a node begins at, from 1."""
    return node.range().start.line + 1


def spot_of(file: str, node: SgNode, what: str) -> SourceSpot:
    """Return the spot of a node, with ``what`` on one short line."""
    return SourceSpot(file, line_of(node), " ".join(what.split())[:60])


@lru_cache(maxsize=_MOST_KEPT)
def exports(root: SgNode) -> dict[str, Export]:
    """Return the exports of a module, by name; ``*`` for all of another module."""
    by_name: dict[str, Export] = {}
    for node in root.children():
        reading = _READING.get(node.kind())
        for export in reading(node) if reading is not None else ():
            by_name.setdefault(export.name, export)
    return by_name


def _of_statement(node: SgNode) -> Iterator[Export]:
    declaration, source_node = node.field("declaration"), node.field("source")
    source = text_of(source_node) if source_node is not None else None
    if any(child.kind() == "default" for child in node.children()):
        yield Export("default", node.field("value") or declaration, line_of(node))
    elif declaration is not None:
        yield from _of_declaration(declaration)
    for clause in node.children():
        if clause.kind() == "export_clause":
            yield from _of_clause(clause, source)
        elif clause.kind() == "*" and source is not None:
            yield Export("*", None, line_of(node), source, "*")


def _of_declaration(declaration: SgNode) -> Iterator[Export]:
    if declaration.kind() in {"type_alias_declaration", "interface_declaration"}:
        return
    if declaration.kind() in {"lexical_declaration", "variable_declaration"}:
        for child in declaration.children():
            if child.kind() == "variable_declarator":
                yield from _of_declarator(child)
        return
    name = declaration.field("name")
    if name is not None:
        yield Export(name.text(), declaration, line_of(declaration))


def _of_clause(clause: SgNode, source: str | None) -> Iterator[Export]:
    for specifier in clause.children():
        name = specifier.field("name") if specifier.kind() == "export_specifier" else None
        if name is not None:
            alias = specifier.field("alias") or name
            yield Export(alias.text(), None, line_of(specifier), source, name.text())


def _of_declarator(declarator: SgNode) -> Iterator[Export]:
    name, value = declarator.field("name"), declarator.field("value")
    if name is None:
        return
    if name.kind() == "identifier":
        yield Export(name.text(), value, line_of(declarator))
        return
    for part in name.find_all(
        {
            "rule": {
                "any": [{"kind": "shorthand_property_identifier_pattern"}, {"kind": "pair_pattern"}]
            }
        }
    ):
        bound = part.field("value") if part.kind() == "pair_pattern" else part
        if bound is not None:
            yield Export(bound.text(), value, line_of(part))


def _of_assignment(node: SgNode) -> Iterator[Export]:
    """Yield the exports of ``module.exports = …`` and ``exports.name = …``."""
    expression = node.child(0)
    if expression is None or expression.kind() != "assignment_expression":
        return
    left, right = expression.field("left"), expression.field("right")
    target = left.text() if left else ""
    source = _whole(right) if right is not None else None
    if target == "module.exports" and source is not None:
        yield Export("default", None, line_of(node), source, "default")
        yield Export("*", None, line_of(node), source, "*")
    elif target == "module.exports" and right is not None:
        yield Export("default", right, line_of(node))
        if right.kind() == "object":
            for key, value in pairs(right):
                yield Export(key, value, line_of(value))
    elif target.startswith(("exports.", "module.exports.")):
        yield Export(target.rpartition(".")[2], right, line_of(node))


_READING = {"export_statement": _of_statement, "expression_statement": _of_assignment}


def _whole(node: SgNode) -> str | None:
    """Return the module of ``require("./x")``."""
    passed = arguments(node) if node.kind() == "call_expression" else []
    is_require = bool(passed) and callee(node) == "require" and passed[0].kind() == "string"
    return text_of(passed[0]) if is_require else None


def define(tree: SourceTree, file: str, name: str) -> Definition | None:
    """Return the definition of an exported name, through re-exports, imports and wrappers."""
    return _exported(tree, file, name, _DEEPEST)


def _exported(tree: SourceTree, file: str, name: str, depth: int) -> Definition | None:
    root = tree.parsed(file)
    if root is None or depth == 0:
        return None
    by_name = exports(root)
    export = by_name.get(name)
    if export is None:
        targets = (tree.imported(file, source) for source in _stars(root))
        definitions = (_exported(tree, target, name, depth - 1) for target in targets if target)
        return next((definition for definition in definitions if definition is not None), None)
    if export.source is not None:
        target = tree.imported(file, export.source)
        return _exported(tree, target, export.imported or name, depth - 1) if target else None
    if export.node is not None:
        return _unwrapped(tree, file, export.node, (), depth - 1)
    return _local(tree, file, export.imported or name, (), depth - 1)


def _stars(root: SgNode) -> Iterator[str]:
    """Yield the modules all of whose exports a module passes on."""
    for node in root.children():
        reading = _READING.get(node.kind())
        for export in reading(node) if reading is not None else ():
            if export.name == "*" and export.source is not None:
                yield export.source


def _unwrapped(
    tree: SourceTree, file: str, node: SgNode, wrappers: tuple[str, ...], depth: int
) -> Definition | None:
    """Return the function inside ``wrap(…)``, behind a name, or the node itself."""
    if depth <= 0:
        return Definition(file, node, wrappers)
    kind = node.kind()
    if kind in {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
    }:
        inner = node.child(1 if kind == "parenthesized_expression" else 0)
        return _unwrapped(tree, file, inner, wrappers, depth - 1) if inner else None
    if kind in {"identifier", "shorthand_property_identifier"}:
        return _local(tree, file, node.text(), wrappers, depth - 1) or Definition(
            file, node, wrappers
        )
    if kind == "call_expression":
        called = node.field("function")
        for argument in _arguments(node):
            if argument.kind() in FUNCTIONS:
                return Definition(file, argument, (*wrappers, called.text() if called else ""))
            if argument.kind() in {"identifier", "call_expression"}:
                definition = _unwrapped(
                    tree, file, argument, (*wrappers, called.text() if called else ""), depth - 1
                )
                if definition is not None and definition.node.kind() in FUNCTIONS:
                    return definition
    return Definition(file, node, wrappers)


def locally(tree: SourceTree, file: str, name: str) -> Definition | None:
    """Return the definition of a name in a module, its own or imported."""
    return _local(tree, file, name, (), _DEEPEST)


def _local(
    tree: SourceTree, file: str, name: str, wrappers: tuple[str, ...], depth: int
) -> Definition | None:
    """Return the definition of a name in a module, its own or imported."""
    root = tree.parsed(file)
    if root is None or depth <= 0:
        return None
    for node in root.children():
        inner = node.field("declaration") if node.kind() == "export_statement" else node
        if inner is None:
            continue
        if inner.kind() in FUNCTIONS | {"class_declaration"}:
            bound = inner.field("name")
            if bound is not None and bound.text() == name:
                return Definition(file, inner, wrappers)
        elif inner.kind() in {"lexical_declaration", "variable_declaration"}:
            for declarator in inner.children():
                bound = (
                    declarator.field("name") if declarator.kind() == "variable_declarator" else None
                )
                value = declarator.field("value") if bound is not None else None
                if bound is not None and value is not None and bound.text() == name:
                    return _unwrapped(tree, file, value, wrappers, depth - 1)
    imported = imports(root).get(name)
    target = tree.imported(file, imported[0]) if imported else None
    if imported is None or target is None:
        return None
    definition = _exported(tree, target, imported[1], depth - 1)
    return (
        Definition(definition.file, definition.node, wrappers + definition.wrappers)
        if definition
        else None
    )


@lru_cache(maxsize=_MOST_KEPT)
def imports(root: SgNode) -> dict[str, tuple[str, str]]:
    """Return the names a module imports: their sources, and their names there."""
    by_name: dict[str, tuple[str, str]] = {}
    for node in root.children():
        if node.kind() == "import_statement":
            source = node.field("source")
            if source is not None:
                by_name |= {
                    name: (text_of(source), name_there) for name, name_there in _imported(node)
                }
        elif node.kind() in {"lexical_declaration", "variable_declaration"}:
            for call in node.find_all(pattern="require($SOURCE)"):
                by_name |= _required(call)
    return by_name


def _imported(node: SgNode) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with its name in the imported module."""
    clause = next((c for c in node.children() if c.kind() == "import_clause"), None)
    for part in clause.children() if clause is not None else ():
        if part.kind() == "identifier":
            yield part.text(), "default"
        elif part.kind() == "namespace_import":
            yield part.text().rpartition(" ")[2], "*"
        for specifier in part.children() if part.kind() == "named_imports" else ():
            name = specifier.field("name") if specifier.kind() == "import_specifier" else None
            if name is not None:
                yield (specifier.field("alias") or name).text(), name.text()


def _required(call: SgNode) -> dict[str, tuple[str, str]]:
    """Return the names of ``const x = require(...)`` and ``const { x } = require(...)``."""
    source, declarator = call.get_match("SOURCE"), call.parent()
    name = declarator.field("name") if declarator is not None else None
    if source is None or name is None or source.kind() != "string":
        return {}
    if name.kind() == "identifier":
        return {name.text(): (text_of(source), "default")}
    by_name = {}
    for part in name.children():
        key, bound = part.field("key"), part.field("value")
        if part.kind() == "shorthand_property_identifier_pattern":
            by_name[part.text()] = (text_of(source), part.text())
        elif part.kind() == "pair_pattern" and key is not None and bound is not None:
            by_name[bound.text()] = (text_of(source), text_of(key))
    return by_name


def _arguments(call: SgNode) -> list[SgNode]:
    arguments = call.field("arguments")
    return [c for c in arguments.children() if c.is_named()] if arguments else []


def arguments(call: SgNode) -> list[SgNode]:
    """Return a call's arguments, comments left out."""
    return [node for node in _arguments(call) if node.kind() != "comment"]


def callee(call: SgNode | None) -> str:
    """Return the called name, the innermost of a chain: ``run`` in ``run(x).then(y)``."""
    node = call
    name = ""
    for _ in range(20):
        called = (
            node.field("function")
            if node is not None and node.kind() == "call_expression"
            else None
        )
        if called is None:
            break
        name = called.text()
        inner = called.field("object") if called.kind() == "member_expression" else None
        last = name.rpartition(".")[2]
        if inner is None or inner.kind() != "call_expression" or last not in CHAINED:
            break
        node = inner
    return " ".join(name.split())


def own_nodes(body: SgNode) -> Iterator[SgNode]:
    """Yield the nodes of a function's body, not those of functions inside it."""
    stack = [body]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in reversed(node.children()) if child.kind() not in FUNCTIONS]


def constant(root: SgNode, name: str) -> Any:
    """Return the literal that ``export const name`` holds; ``None`` where there is none."""
    export = exports(root).get(name)
    return literal(export.node) if export and export.node is not None else None
