"""The modules of a project, as far as code that is followed leads into them; each is read once."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.handlers.flow.code import Bind, Name, NamePattern, Statement, named
from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.memory import is_left_by_calls
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.javascript import exports, imports
from cronshift.handlers.python_modules import imported_names, module_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.values import Value
    from cronshift.handlers.tree import SourceTree

_DECLARED = {"lexical_declaration", "variable_declaration"}
_DEFINED = {
    "function_declaration",
    "generator_function_declaration",
    "class_declaration",
    "abstract_class_declaration",
}
_WHOLE = "*"


class Imported(Struct):
    """An import of a module from another: ``name`` is ``*`` for all of it."""

    source: str
    name: str


class ModuleCode(Struct):
    """The names that a module defines, imports and exports.

    Attributes:
        definitions: what makes a name, lowered when it is asked for.
        exported: what a name is called inside, or where it is taken from.
        stars: the modules of which everything is passed on.
    """

    definitions: dict[str, Callable[[], Statement | None]] = field(default_factory=dict)
    imported: dict[str, Imported] = field(default_factory=dict)
    exported: dict[str, str | Imported] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class Program:
    """The project's code.

    Args:
        tree: its files.

    Attributes:
        constants: what modules' names stand for, by the variables that are not set.
    """

    def __init__(self, tree: SourceTree) -> None:
        self.tree = tree
        self._modules: dict[str, ModuleCode] = {}
        self.constants: dict[tuple[str, str, frozenset[str]], Value] = {}
        self._lowered: dict[tuple[str, str], Statement | None] = {}

    def module(self, file: str) -> ModuleCode:
        """Return the names of a module; none for a language that is not read."""
        if file not in self._modules:
            made = _python(self.tree.python(file), file) if is_python(file) else None
            root = self.tree.parsed(file) if made is None else None
            if root is not None:
                made = _javascript(root, file)
            self._modules[file] = made or ModuleCode()
        return self._modules[file]

    def definition(self, file: str, name: str) -> Statement | None:
        """Return the statement that makes a module's own name."""
        key = (file, name)
        if key not in self._lowered:
            making = self.module(file).definitions.get(name)
            self._lowered[key] = making() if making is not None else None
        return self._lowered[key]

    def file_of(self, file: str, source: str) -> str | None:
        """Return the file that an import in ``file`` names, if it is one that is followed."""
        if is_python(file):
            return module_file(self.tree, file, source)
        return self.tree.followed(file, source)

    def imported_file(self, file: str, imported: Imported) -> str | None:
        """Return the project's file that something is imported from, or that it is."""
        if is_python(file) and imported.name != _WHOLE:
            inner = self.file_of(file, dotted(imported.source, imported.name))
            if inner is not None:
                return inner
        return self.file_of(file, imported.source)


def dotted(source: str, name: str) -> str:
    """Return the name of a module inside another."""
    return f"{source}.{name}" if source.strip(".") else f"{source}{name}"


@cache
def is_python(file: str) -> bool:
    """Return whether a file is Python's."""
    return file.endswith(".py")


def _javascript(root: SgNode, file: str) -> ModuleCode:
    module, lower = ModuleCode(), JavaScript(file)
    for node in root.children():
        inner = node.field("declaration") if node.kind() == "export_statement" else node
        if inner is not None:
            for name, making in _names(lower, inner):
                module.definitions.setdefault(name, making)
    module.imported = {name: Imported(*source) for name, source in imports(root).items()}
    for name, export in exports(root).items():
        if name == _WHOLE:
            continue
        if export.source is not None:
            module.exported[name] = Imported(export.source, export.imported or name)
        elif export.node is None:
            module.exported[name] = export.imported or name
        elif name in module.definitions:
            module.exported[name] = name
        else:
            declared = export.node.field("name") if export.node.kind() in _DEFINED else None
            inside = declared.text() if declared is not None else f"export {name}"
            module.definitions.setdefault(inside, _valued(lower, inside, export.node))
            module.exported[name] = inside
    module.stars = list(_stars(root))
    return module


def _valued(lower: JavaScript, name: str, node: SgNode) -> Callable[[], Statement]:
    return lambda: Bind(NamePattern(name), lower.expression(node), lower.place(node))


def _stars(root: SgNode) -> Iterator[str]:
    for node in root.children():
        source = node.field("source") if node.kind() == "export_statement" else None
        if source is not None and any(child.kind() == "*" for child in node.children()):
            yield source.text()[1:-1]


def _names(lower: JavaScript, node: SgNode) -> Iterator[tuple[str, Callable[[], Statement | None]]]:
    """Yield the names that a statement makes, and their lowering."""
    if node.kind() in _DEFINED:
        name = node.field("name")
        if name is not None:
            yield name.text(), lambda: next(lower.statements(node), None)
    elif node.kind() in _DECLARED:
        for declarator in node.children():
            pattern = (
                declarator.field("name") if declarator.kind() == "variable_declarator" else None
            )
            if pattern is None:
                continue
            making = _declared(lower, declarator)
            for bound in _bound(pattern):
                yield bound, making


def _declared(lower: JavaScript, node: SgNode) -> Callable[[], Statement]:
    def made() -> Statement:
        name, value = node.field("name"), node.field("value")
        if name is not None and (value is None or _is_set_later(node, name.text(), value.text())):
            # it stands for itself till then
            return Bind(lower.pattern(name), Name(name.text()), lower.place(node))
        pattern = lower.pattern(name)
        return Bind(pattern, named(lower.expression(value), pattern), lower.place(node))

    return made


def _is_set_later(node: SgNode, name: str, value: str) -> bool:
    """Return whether a module gives a name its value below, ``let db = null; try { db = … }``, or a call does."""
    if is_left_by_calls(node.get_root().root().text(), name, value):
        return True
    if value not in {"null", "undefined"}:
        return False
    assignment = re.compile(rf"\b{re.escape(name)}\s*=[^=>]")
    return any(
        assignment.search(statement.text()) is not None
        for statement in node.get_root().root().children()
        if statement.kind() in {"try_statement", "if_statement"}
    )


def _bound(pattern: SgNode) -> Iterator[str]:
    """Yield the names that a pattern gives values to."""
    if pattern.kind() in {"identifier", "shorthand_property_identifier_pattern"}:
        yield pattern.text()
        return
    for child in pattern.children():
        if child.kind() == "pair_pattern":
            value = child.field("value")
            if value is not None:
                yield from _bound(value)
        elif child.kind() in {"assignment_pattern", "object_assignment_pattern"}:
            left = child.field("left")
            if left is not None:
                yield from _bound(left)
        elif child.is_named():
            yield from _bound(child)


def _python(tree: ast.Module, file: str) -> ModuleCode:
    module, lower = ModuleCode(), Python(file)
    empty: set[str] = set()  # what is set to nothing, and to something below
    for node in _top(tree.body):
        if isinstance(node, ast.ImportFrom | ast.Import):
            _imports(module, node)
        else:
            for name in _defined(node):
                if name not in module.definitions or name in empty:
                    module.definitions[name] = _first(lower, node)
                empty = empty - {name} | ({name} if _is_empty(node) else set())
    names = (*module.definitions, *module.imported)
    module.exported = {name: name for name in names}
    return module


def _imports(module: ModuleCode, node: ast.ImportFrom | ast.Import) -> None:
    """Add the names that an import binds."""
    for bound, (source, name) in imported_names(node).items():
        module.imported[bound] = Imported(source, name or _WHOLE)
        module.stars += [source] if bound == _WHOLE else []


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement makes."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [
                node_named.id
                for target in targets
                for node_named in ast.walk(target)
                if isinstance(node_named, ast.Name)
            ]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
    return []


def _is_empty(node: ast.stmt) -> bool:
    """Return whether a statement gives a name nothing: ``None``, ``[]``, ``{}``."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return (isinstance(value, ast.Constant) and value.value is None) or (
        isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}")
    )


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those inside ``if`` and ``try`` too."""
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _top([*node.body, *node.orelse])
        else:
            yield node


def _first(lower: Python, node: ast.stmt) -> Callable[[], Statement | None]:
    return lambda: next(lower.statements(node), None)
