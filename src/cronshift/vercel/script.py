"""Literal configurations in TypeScript and JavaScript, read without running them.

Vercel takes the default export, else ``config``, else the module itself (facts: Vercel 2). What
is computed stays a :class:`NotLiteral`, which the reader of entries reports where it matters.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.edit import with_start
from cronshift.vercel.entries import NotLiteral

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.vercel.entries import Locate

_WRAPPERS = {
    "as_expression",
    "satisfies_expression",
    "parenthesized_expression",
    "non_null_expression",
}
_STRINGS = {"string", "template_string"}
_DEEPEST = 100
_MOST_VALUES = 200_000
_LONGEST_SHOWN = 60
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_ESCAPE = lazy_pattern(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)


def read_script(text: str, file: str) -> tuple[dict[str, Any], Locate]:
    """Return the configuration that a script exports, and a function to places in it.

    Raises:
        ConfigError: if it cannot be parsed, or exports no object that is written out.
    """
    script = _parsed(text, file)
    exported = script.exported()
    if exported is None:
        raise ConfigError(
            f"{file} exports no configuration that is written out as an object.",
            reason="not-literal",
            hint="cronshift runs no code: export default { crons: [...] } with literal values.",
            where=file,
        )
    return exported, script.locate


def replace_path_start(text: str, index: int, old: str, new: str, *, file: str) -> str:
    """Return a script with the beginning of ``crons[index].path`` replaced, where the entry itself spells it.

    Raises:
        ConfigError: if it cannot be parsed, there is no such entry, or its path is computed, another
            value's too, or does not begin so.
    """
    script = _parsed(text, file)
    inner = script.string("crons", index, "path") if script.exported() is not None else None
    if inner is None:
        raise ConfigError(f"{file} spells no crons[{index}].", reason="no-such-entry", where=file)
    return with_start(text, inner, old, new, file=file)


def _parsed(text: str, file: str) -> LiteralScript:
    from ast_grep_py import SgRoot

    root = SgRoot(text, "typescript").root()
    broken = root.find(kind="ERROR")
    if broken is not None:
        line = broken.range().start.line + 1
        raise ConfigError(
            f"{file} cannot be parsed at line {line}.",
            reason="invalid-script",
            where=f"{file}:{line}",
        )
    return LiteralScript(root, file)


class LiteralScript:
    """One parsed script: its constants, its exports, and where each value stands."""

    def __init__(self, root: SgNode, file: str) -> None:
        self._root = root
        self._file = file
        self._constants: dict[str, SgNode] = {}
        self._named: dict[str, SgNode] = {}
        self._default: SgNode | None = None
        self._places: dict[tuple[str | int, ...], int] = {}
        self._strings: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self._values = 0
        for statement in root.children():
            self._collect(statement)

    def exported(self) -> dict[str, Any] | None:
        """Return the configuration that Vercel would take, as data."""
        chosen = self._default or self._named.get("config")
        if chosen is not None:
            value = self._value(chosen, (), 0)
            return value if isinstance(value, dict) else None
        if not self._named:
            return None
        values = {}
        for name, node in self._named.items():
            self._places[(name,)] = _line(node)
            values[name] = self._value(node, (name,), 0)
        return values

    def value(self, node: SgNode, path: tuple[str | int, ...]) -> Any:
        """Return the value that an expression spells, with NotLiteral where it is computed."""
        return self._value(node, path, 0)

    def locate(self, *path: str | int) -> Location:
        """Return the line of a value; that of its container, when it is computed."""
        for length in range(len(path), -1, -1):
            if path[:length] in self._places:
                return Location(self._file, self._places[path[:length]])
        return Location(self._file, 1)

    def string(self, *path: str | int) -> tuple[int, int] | None:
        """Return the beginning and the end of a text without its quotes; ``None`` where a name stands for it."""
        return self._strings.get(path)

    def _collect(self, statement: SgNode) -> None:
        if statement.kind() == "export_statement":
            value = statement.field("value")
            declaration = statement.field("declaration")
            if value is not None:
                self._default = value
            elif declaration is not None:
                self._named.update(_declared(declaration))
                self._constants.update(_declared(declaration))
            else:
                self._collect_clause(statement)
        elif statement.kind() == "lexical_declaration":
            self._constants.update(_declared(statement))
        elif statement.kind() == "expression_statement":
            self._collect_assignment(statement.child(0))

    def _collect_clause(self, statement: SgNode) -> None:
        """Collect ``export { a as default, config }``."""
        for specifier in statement.find_all(kind="export_specifier"):
            name = specifier.field("name")
            alias = specifier.field("alias") or name
            if name is None or alias is None:
                continue
            if alias.text() == "default":
                self._default = name
            else:
                self._named[alias.text()] = name

    def _collect_assignment(self, node: SgNode | None) -> None:
        """Collect ``module.exports = …`` and ``exports.crons = …``."""
        if node is None or node.kind() != "assignment_expression":
            return
        left, right = node.field("left"), node.field("right")
        if left is None or right is None:
            return
        target = left.text().replace(" ", "")
        if target == "module.exports":
            self._default = right
        elif target.startswith(("exports.", "module.exports.")):
            self._named[target.rpartition(".")[2]] = right

    def _value(self, node: SgNode, path: tuple[str | int, ...], depth: int) -> Any:
        """Return the value that an expression spells, or a NotLiteral."""
        kind = node.kind()
        self._places.setdefault(path, _line(node))
        self._values += 1
        if depth > _DEEPEST or self._values > _MOST_VALUES:
            return NotLiteral("too large to read")
        if kind in _WRAPPERS:
            inner = next((child for child in node.children() if child.is_named()), None)
            return self._value(inner, path, depth + 1) if inner else _computed(node)
        if kind == "object":
            return self._object(node, path, depth)
        if kind == "array":
            return self._array(node, path, depth)
        if kind == "identifier" and node.text() in self._constants:
            return self._value(self._constants[node.text()], path, depth + 1)
        if kind == "call_expression":
            return self._call(node, path, depth)
        parent = node.parent()
        if kind in _STRINGS and parent is not None and parent.kind() == "pair":
            place = node.range()
            self._strings[path] = place.start.index + 1, place.end.index - 1
        return _scalar(node)

    def _object(self, node: SgNode, path: tuple[str | int, ...], depth: int) -> Any:
        values: dict[str, Any] = {}
        for member in _members(node):
            key = member.field("key")
            value = member.field("value")
            if member.kind() == "shorthand_property_identifier":
                name, value = member.text(), self._constants.get(member.text(), member)
            elif member.kind() == "pair" and key is not None and value is not None:
                name = _key(key)
            elif member.kind() == "spread_element":
                spread = next((child for child in member.children() if child.is_named()), None)
                members = self._value(spread, path, depth + 1) if spread else None
                if isinstance(members, dict):
                    values.update(members)
                    continue
                return _computed(member)
            else:
                name, value = member.text(), member
            self._places[(*path, name)] = _line(member)
            values[name] = self._value(value, (*path, name), depth + 1)
        return values

    def _array(self, node: SgNode, path: tuple[str | int, ...], depth: int) -> list[Any]:
        values: list[Any] = []
        for member in _members(node):
            if member.kind() == "spread_element":
                spread = next((child for child in member.children() if child.is_named()), None)
                elements = (
                    self._value(spread, (*path, len(values), "..."), depth + 1) if spread else None
                )
                if isinstance(elements, list):
                    for item in elements:
                        self._places[(*path, len(values))] = _line(member)
                        values.append(item)
                    continue
            self._places[(*path, len(values))] = _line(member)
            values.append(self._value(member, (*path, len(values)), depth + 1))
        return values

    def _call(self, node: SgNode, path: tuple[str | int, ...], depth: int) -> Any:
        """See through ``defineConfig({...})``; any other call is computed."""
        function, arguments = node.field("function"), node.field("arguments")
        members = list(_members(arguments)) if arguments else []
        if function and function.text().startswith("define") and len(members) == 1:
            return self._value(members[0], path, depth + 1)
        return _computed(node)


def _declared(declaration: SgNode) -> dict[str, SgNode]:
    """Return the constants of ``const a = …, b = …``; ``let`` may change, so it is left out."""
    if not declaration.text().startswith("const"):
        return {}
    values = {}
    for declarator in declaration.children():
        name, value = declarator.field("name"), declarator.field("value")
        if name is not None and value is not None and name.kind() == "identifier":
            values[name.text()] = value
    return values


def _members(node: SgNode) -> Iterator[SgNode]:
    return (child for child in node.children() if child.is_named() and child.kind() != "comment")


def _key(node: SgNode) -> str:
    return str(_scalar(node)) if node.kind() == "string" else node.text()


def _scalar(node: SgNode) -> Any:
    text, kind = node.text(), node.kind()
    if kind == "string" or (kind == "template_string" and "${" not in text):
        units = _ESCAPE.sub(_unescape, text[1:-1])
        return units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if kind == "number":
        try:
            return json.loads(text)
        except ValueError:
            return _computed(node)
    return {"true": True, "false": False, "null": None}.get(kind, _computed(node))


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number <= sys.maxunicode else code
    return _ESCAPES.get(code, code)


def _computed(node: SgNode) -> NotLiteral:
    text = " ".join(node.text().split())
    return NotLiteral(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _line(node: SgNode) -> int:
    return node.range().start.line + 1
