"""The statements that a handler reaches by the names it mentions, through the project's modules.

A name stands for whatever declares it at the top of its module. What a statement only passes on is reached
too, so that this says what may run, and never that it does.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.handlers.tree import IMPORT
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_NAME = lazy_pattern(r"[A-Za-z_$][\w$]*")
_MEMBER = r"(?<![\w$.]){}\s*\??\.\s*([A-Za-z_$][\w$]*)"
_LAZY = lazy_pattern(r"""\bimport\(\s*["']([^"'\n]+)["']\s*\)""")
_PYTHON_IMPORT = lazy_pattern(r"^\s*(?:from\s+([.\w]+)\s+import|import\s+([.\w]+))", re.MULTILINE)
_PYTHON_NAMES = lazy_pattern(
    r"^\s*(?:(?:async\s+)?def|class)\s+(\w+)|^\s*(\w+)(?:\s*:[^=\n]+)?\s*=(?!=)", re.MULTILINE
)
_DECLARATIONS = {"lexical_declaration", "variable_declaration"}
_WHOLE, _DEFAULT = "*", "default"
MOST_REACHED = 2_000
"""Statements that are followed; others may be reached behind as many."""


@dataclass(frozen=True)
class _Top:
    """A file's top: the statements that declare each name, and where other names come from."""

    declared: dict[str, list[SgNode]] = field(default_factory=dict)
    bound: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def declare(self, name: str, statement: SgNode) -> None:
        self.declared.setdefault(name, []).append(statement)


class Reached:
    """The statements that the handlers of a project reach; each file is read once.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, _Top] = {}
        self._imports: dict[str, list[str]] = {}

    def files(self, file: str) -> Iterator[str]:
        """Yield a file and those that it imports, directly or not, without parsing any."""
        waiting, seen = deque([file]), {file}
        while waiting:
            current = waiting.popleft()
            yield current
            new = [each for each in self._imported_by(current) if each not in seen]
            seen.update(new)
            waiting += new

    def statements(self, handler: Handler) -> Iterator[tuple[str, SgNode]]:
        """Yield the statements that a handler reaches, the nearest first, each with its file."""
        yield from self._reached(self._beginning(handler))

    def below(self, file: str, name: str) -> Iterator[tuple[str, SgNode]]:
        """Yield the statements that what a file declares by a name reaches, itself the first."""
        yield from self._reached(list(self._named(file, name, set())))

    def _reached(self, beginning: list[tuple[str, SgNode]]) -> Iterator[tuple[str, SgNode]]:
        waiting = deque(beginning)
        seen = {(file, _span(node)) for file, node in waiting}
        left = MOST_REACHED
        while waiting and left:
            left -= 1
            file, node = waiting.popleft()
            yield file, node
            for mentioned in self._mentioned(file, node.text()):
                key = (mentioned[0], _span(mentioned[1]))
                if key not in seen:
                    seen.add(key)
                    waiting.append(mentioned)

    def is_ours(self, file: str, name: str) -> bool:
        """Return whether a name in a file stands for something that the project itself declares."""
        module = self._module(file)
        return name in module.declared or name in module.bound

    def _beginning(self, handler: Handler) -> list[tuple[str, SgNode]]:
        """Return the statements that answer: of the route where it is declared, else of the export."""
        if handler.route is not None:
            line = handler.route.line - 1
            root = self._tree.parsed(handler.route.file)
            for node in _below(root) if root is not None else ():
                if node.range().start.line == line and node.is_named():
                    return [(handler.route.file, node)]
        answering = list(self._named(handler.file, handler.export, set()))
        if answering:
            return answering
        root = self._tree.parsed(handler.file)
        return [(handler.file, root)] if root is not None else []

    def _mentioned(self, file: str, text: str) -> Iterator[tuple[str, SgNode]]:
        module = self._module(file)
        for name in dict.fromkeys(_NAME.findall(text)):
            for node in module.declared.get(name, ()):
                yield file, node
            if name in module.bound:
                yield from self._bound(module.bound[name], name, text)
        for specifier in _LAZY.findall(text):
            target = self._tree.imported(file, specifier)
            root = self._tree.parsed(target) if target else None
            if target and root is not None:
                yield target, root

    def _bound(self, target: tuple[str, str], name: str, text: str) -> Iterator[tuple[str, SgNode]]:
        file, there = target
        if there != _WHOLE:
            yield from self._named(file, there, set())
            return
        for member in dict.fromkeys(re.findall(_MEMBER.format(re.escape(name)), text)):
            yield from self._named(file, member, set())

    def _named(
        self, file: str, name: str, seen: set[tuple[str, str]]
    ) -> Iterator[tuple[str, SgNode]]:
        """Yield the statements that declare a name in a file, or in those that it passes on."""
        if (file, name) in seen:
            return
        seen.add((file, name))
        module = self._module(file)
        if name in module.declared:
            yield from ((file, node) for node in module.declared[name])
        elif name in module.bound:
            target, there = module.bound[name]
            yield from self._named(target, there, seen)
        else:
            for star in module.stars:
                yield from self._named(star, name, seen)

    def _module(self, file: str) -> _Top:
        if file not in self._modules:
            root = self._tree.parsed(file)
            module = self._modules[file] = _Top()
            if root is None:
                pass
            elif file.endswith(".py"):
                self._read_python(file, root, module)
            else:
                for statement in root.children():
                    self._read_statement(file, statement, module)
        return self._modules[file]

    def _read_python(self, file: str, root: SgNode, module: _Top) -> None:
        for statement in root.children():
            nested = statement.kind() in {"if_statement", "try_statement", "with_statement"}
            for match in _PYTHON_NAMES.finditer(statement.text()):
                module.declare(match[1] or match[2], statement)
                if not nested and statement.kind() != "expression_statement":
                    break  # what follows are the statement's own variables
        for node in ast.walk(self._tree.python(file)):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            for name, (source, attribute) in imported_names(node).items():
                inner = attribute and module_file(
                    self._tree, file, f"{source}{'' if source.endswith('.') else '.'}{attribute}"
                )
                target = inner or module_file(self._tree, file, source)
                if target and attribute == "*":
                    module.stars.append(target)
                elif target:
                    module.bound[name] = (
                        target,
                        attribute if attribute and not inner else _WHOLE,
                    )

    def _read_statement(self, file: str, statement: SgNode, module: _Top) -> None:
        kind = statement.kind()
        if kind == "import_statement":
            self._read_import(file, statement, module)
        elif kind == "export_statement":
            self._read_export(file, statement, module)
        elif kind == "expression_statement":
            for match in re.finditer(
                r"^(?:module\.)?exports(?:\.([\w$]+))?\s*=(?!=)", statement.text()
            ):
                names = [match[1]] if match[1] else [_DEFAULT, *_NAME.findall(statement.text())]
                for name in names:
                    module.declare(name, statement)
        else:
            self._read_declaration(file, statement, statement, module)

    def _read_declaration(self, file: str, node: SgNode, statement: SgNode, module: _Top) -> None:
        if node.kind() not in _DECLARATIONS:
            name = node.field("name")
            if name is not None:
                module.declare(name.text(), statement)
            return
        for declarator in node.children():
            name, value = declarator.field("name"), declarator.field("value")
            if name is None:
                continue
            required = value is not None and re.match(
                r"""require\(\s*["']([^"'\n]+)["']\s*\)""", value.text()
            )
            target = self._tree.imported(file, required[1]) if required else None
            if target is None:
                for each in _NAME.findall(name.text()):
                    module.declare(each, statement)
            elif name.kind() == "identifier":
                module.bound[name.text()] = (target, _DEFAULT)
            else:
                for there, _, here in _pairs(name.text()):
                    module.bound[here or there] = (target, there)

    def _read_import(self, file: str, statement: SgNode, module: _Top) -> None:
        target = self._source(file, statement)
        if target is None:
            return
        for clause in statement.children():
            for node in clause.children() if clause.kind() == "import_clause" else ():
                if node.kind() == "identifier":
                    module.bound[node.text()] = (target, _DEFAULT)
                elif node.kind() == "namespace_import":
                    module.bound[node.text().split()[-1]] = (target, _WHOLE)
                else:
                    for there, _, here in _pairs(node.text()):
                        module.bound[here or there] = (target, there)

    def _read_export(self, file: str, statement: SgNode, module: _Top) -> None:
        declaration = statement.field("declaration")
        if declaration is not None:
            self._read_declaration(file, declaration, statement, module)
        if re.match(r"export\s+default\b", statement.text()):
            module.declare(_DEFAULT, statement)
            return
        target = self._source(file, statement)
        clause = next(
            (each for each in statement.children() if each.kind() == "export_clause"), None
        )
        if clause is None:
            if target is not None and declaration is None:
                module.stars.append(target)
            return
        for there, _, here in _pairs(clause.text()):
            if target is not None:
                module.bound[here or there] = (target, there)
            elif statement.field("source") is None and here:
                module.declare(here, statement)

    def _source(self, file: str, statement: SgNode) -> str | None:
        source = statement.field("source")
        return self._tree.imported(file, source.text().strip("\"'")) if source is not None else None

    def _imported_by(self, file: str) -> list[str]:
        if file not in self._imports:
            text = self._tree.read(file)
            targets = (
                [module_file(self._tree, file, a or b) for a, b in _PYTHON_IMPORT.findall(text)]
                if file.endswith(".py")
                else [self._tree.imported(file, name) for name in IMPORT.findall(text)]
            )
            self._imports[file] = list(dict.fromkeys(each for each in targets if each))
        return self._imports[file]


def _pairs(text: str) -> list[tuple[str, str, str]]:
    """Return the names in braces, each as it is there, the mark between, and as it is here."""
    pattern = r"([A-Za-z_$][\w$]*)(?:\s*(as\b|:)\s*([A-Za-z_$][\w$]*))?"
    return re.findall(pattern, re.sub(r"\btype\s+(?=[\w$])", "", text))


def _below(node: SgNode) -> Iterator[SgNode]:
    """Yield all that is below a node, outermost first."""
    waiting = deque(node.children())
    while waiting:
        current = waiting.popleft()
        yield current
        waiting += current.children()


def _span(node: SgNode) -> tuple[int, int]:
    span = node.range()
    return span.start.index, span.end.index
