"""Names that a flat configuration of ESLint (version 9) leaves undefined, read without running it.

Its parts are laid over each other in their order. What is not known to declare no names ends the reading.
eslint.org/docs/latest/use/configure/configuration-files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments, imports
from cronshift.handlers.literals import literal, pairs
from cronshift.project.conventions.configurations import braced, matches
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

NODE = frozenset({"process", "Buffer"})
"""What generated code needs of Node by a global name."""
WEB = frozenset(
    {"AbortSignal", "Headers", "Request", "Response", "TextDecoder", "TextEncoder", "URL"}
    | {"URLSearchParams", "clearTimeout", "console", "crypto", "fetch", "setTimeout"}
)
"""What it needs of the web's standards, which Node has too."""

_SETS = {"node": NODE | WEB, "nodeBuiltin": NODE | WEB, "browser": WEB}
_ECMA = lazy_pattern(r"builtin|es\d+|jest|vitest|mocha")
_CHECKING = lazy_pattern(r"\.configs\.(?:recommended|all)(?:\.rules)?$")
_TYPED = lazy_pattern(r"\.configs\.(?!base\b|disableTypeChecked\b)\w+$")
_SILENT = lazy_pattern(
    r"eslint-plugin-(?:react|react-hooks|react-refresh|jsx-a11y|import|import-x|prettier|unused-imports"
    r"|simple-import-sort)(?:/.+)?|eslint-config-prettier(?:/flat)?|@next/eslint-plugin-next"
)
"""Packages whose configurations declare no names, and leave ``no-undef`` as it is."""
_TABLES = {"languageOptions", "rules"}
_DEEPEST = 8  # references


class _NotReadError(Exception):
    """Only running the configuration would tell."""


def undeclared_by(root: SgNode, file: str) -> frozenset[str]:
    """Return the names that a configuration leaves undefined in a file beside it; none where that is not certain."""
    reading = _FlatParts(root, file)
    try:
        reading.lay(_exported(root))
    except _NotReadError:
        return frozenset()
    return (NODE | WEB) - reading.declared if reading.checks and reading.lints else frozenset()


class _FlatParts:
    """The parts of a configuration so far.

    Attributes:
        lints: whether the file is looked at, which TypeScript is where a part says so.
        checks: whether undefined names are errors.
        declared: the names that are known.
    """

    def __init__(self, root: SgNode, file: str) -> None:
        self._root, self._file = root, file
        self._imports = imports(root)
        self._is_typed, self._widens = file.endswith("ts"), False
        self.lints, self.checks, self.declared = not self._is_typed, False, frozenset[str]()

    def lay(self, node: SgNode | None, depth: int = _DEEPEST) -> None:
        """Lay a part over those before it: a configuration, or a list of them."""
        if node is None or depth == 0:
            raise _NotReadError
        kind = node.kind()
        if kind == "object":
            self._lay_object(node, depth)
        elif kind in {"array", "spread_element", "satisfies_expression", "as_expression"}:
            for part in _named(node)[: None if kind == "array" else 1]:
                self.lay(part, depth - 1)
        elif kind == "call_expression":
            self._lay_call(node, depth)
        elif kind == "identifier" and node.text() not in self._imports:
            self.lay(_constant(self._root, node.text()), depth - 1)
        else:
            self._lay_shared(node)

    def _lay_call(self, node: SgNode, depth: int) -> None:
        maker = node.field("function")
        module, name = self._origin(maker)
        if module == "eslint/config" and name == "globalIgnores":
            return
        is_maker = module == "eslint/config" and name == "defineConfig"
        self._widens = module == "typescript-eslint" and name.endswith("config")
        if not is_maker and not self._widens:
            raise _NotReadError
        for part in arguments(node):
            self.lay(part, depth - 1)

    def _lay_shared(self, node: SgNode) -> None:
        """Lay a configuration, or its rules, out of a package over those before it."""
        module, _ = self._origin(node)
        is_typed = module in {"typescript-eslint", "@typescript-eslint/eslint-plugin"}
        if module == "@eslint/js" and _CHECKING.search(node.text()):
            self.checks = True
        elif is_typed:
            # The compiler knows the names; so says its own `config` of all that extends this.
            is_for_all = self._widens and _within_extends(node)
            knows = _TYPED.search(node.text()) and (self._is_typed or is_for_all)
            self.checks = self.checks and not knows
        elif not _SILENT.fullmatch(module):
            raise _NotReadError

    def _lay_object(self, node: SgNode, depth: int) -> None:
        members = dict(pairs(node))
        if any(members[name].kind() != "object" for name in _TABLES & members.keys()):
            raise _NotReadError
        options = dict(pairs(members["languageOptions"])) if "languageOptions" in members else {}
        patterns = self._patterns(members)
        if not any(matches(pattern, self._file) for pattern in patterns):
            says = "globals" in options or "no-undef" in node.text() or "extends" in members
            if (says or any(_spread(node))) and any(map(self._may_be_generated, patterns)):
                raise _NotReadError
            return
        self.lints |= "files" in members
        for part in _spread(node):
            self.lay(part, depth - 1)
        if "extends" in members:
            self.lay(members["extends"], depth - 1)
        if "globals" in options:
            self._declare(options["globals"])
        for part in _spread(members["rules"]) if "rules" in members else ():
            self._lay_shared(part)
        rule = dict(pairs(members["rules"])).get("no-undef") if "rules" in members else None
        if rule is not None:
            level = literal(rule)
            level = level[0] if isinstance(level, list) and level else level
            self.checks = level not in ("off", 0)

    def _patterns(self, members: dict[str, SgNode]) -> list[str]:
        """Return the globs of the files that a part is for; none for one that only says what is ignored."""
        if "ignores" in members and len(members) == 1:
            return []
        patterns = literal(members["files"]) if "files" in members else ["**/*"]
        if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
            raise _NotReadError
        return [alternative for pattern in patterns for alternative in braced(pattern)]

    def _may_be_generated(self, pattern: str) -> bool:
        """Return whether a glob is for all files of some folder, where a part of what is generated may lie."""
        suffix = self._file.rpartition(".")[2]
        return pattern.rpartition("/")[2] in {"", "*", "**", "*.*", f"*.{suffix}"}

    def _declare(self, node: SgNode) -> None:
        """Add the names of ``globals``: an object, or a set of the package of that name."""
        if node.kind() == "object":
            for part in _spread(node):
                self._declare(part)
            values = dict(pairs(node))
            self.declared |= {name for name, value in values.items() if literal(value) != "off"}
            return
        module, name = self._origin(node)
        if module != "globals" or (name not in _SETS and not _ECMA.fullmatch(name)):
            raise _NotReadError
        self.declared |= _SETS.get(name, frozenset())

    def _origin(self, node: SgNode | None) -> tuple[str, str]:
        """Return the package that an expression is of, and the last of its names; empty for none."""
        name, _, rest = (node.text() if node is not None else "").partition(".")
        module, there = self._imports.get(name, ("", ""))
        return module, rest.rpartition(".")[2] or there


def _exported(root: SgNode) -> SgNode | None:
    for statement in root.children():
        if statement.kind() == "export_statement" and statement.field("value") is not None:
            return statement.field("value")
        assigned = statement.child(0) if statement.kind() == "expression_statement" else None
        left = assigned.field("left") if assigned is not None else None
        if assigned is not None and left is not None and left.text() == "module.exports":
            return assigned.field("right")
    return None


def _constant(root: SgNode, name: str) -> SgNode | None:
    for statement in root.children():
        for declared in statement.children() if statement.kind() == "lexical_declaration" else ():
            target = declared.field("name") if declared.kind() == "variable_declarator" else None
            if target is not None and target.text() == name:
                return declared.field("value")
    return None


def _within_extends(node: SgNode) -> bool:
    keys = [pair.field("key") for pair in node.ancestors() if pair.kind() == "pair"]
    return any(key is not None and key.text() == "extends" for key in keys)


def _named(node: SgNode) -> list[SgNode]:
    return [part for part in node.children() if part.is_named() and part.kind() != "comment"]


def _spread(node: SgNode) -> Iterator[SgNode]:
    """Yield the expressions that are spread into an object."""
    for part in node.children():
        if part.kind() == "spread_element":
            yield from _named(part)[:1]
