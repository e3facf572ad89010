"""Declarations that nothing uses any more, because of what a conversion took away."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS
from cronshift.handlers.tree import language, parse, span_of
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.about import about
from cronshift.targets.direct.javascript.handler import every, names_in, with_comment
from cronshift.targets.direct.javascript.module_kinds import requirement
from cronshift.targets.direct.javascript.subjects import ScriptScope, is_told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_MOST = 12  # rounds: what is removed may have been all that used something else
_DECLARATIONS = {"lexical_declaration", "variable_declaration"}
_TYPES = {"interface_declaration", "type_alias_declaration"}


def without_unused(text: str, tree: SourceTree, file: str, before: Collection[str]) -> str:
    """Return a module without the imports and declarations that a conversion left unused.

    Args:
        text: of the module.
        tree: of the project.
        file: the module's path.
        before: the names that were used before; what was not has nothing to do with it.
    """
    for _ in range(_MOST):
        root = parse(text, language(file))
        if root is None:
            return text
        counts = Counter(node.text() for node in names_in(root))
        edits = Edits(text)
        scope = ScriptScope(tree, file, root, {})
        for node, names in _declared(root, scope):
            dead = [name for name in names if counts[name] <= 1 and name in before]
            if len(dead) == len(names):
                edits.remove_lines(*with_comment(node))
        for statement in root.children():
            if statement.kind() == "import_statement":
                _trim_import(statement, counts, before, edits)
            elif (required := requirement(statement)) is not None:
                _trim_required(statement, required[0], counts, before, edits)
        after = edits.result()
        if after == text:
            return text
        text = after
    return text


def used_names(root: SgNode) -> frozenset[str]:
    """Return the names that a module uses beside where it declares them."""
    counts = Counter(node.text() for node in names_in(root))
    patterns = [
        node.text()
        for node in every(root)
        if node.kind() == "shorthand_property_identifier_pattern"
    ]
    return frozenset(name for name, count in (counts + Counter(patterns)).items() if count > 1)


def _declared(root: SgNode, scope: ScriptScope) -> Iterator[tuple[SgNode, list[str]]]:
    """Yield the declarations that do nothing but declare, each with its names."""
    for statement in root.children():
        if statement.kind() in {"function_declaration", *_TYPES}:
            name = statement.field("name")
            if name is not None:
                yield statement, [name.text()]
    for node in every(root):
        if node.kind() not in _DECLARATIONS:
            continue
        declarators = [part for part in node.children() if part.kind() == "variable_declarator"]
        parent = node.parent()
        if len(declarators) != 1 or parent is None or parent.kind() == "export_statement":
            continue
        name, value = declarators[0].field("name"), declarators[0].field("value")
        if name is None or name.kind() != "identifier" or value is None:
            continue
        if value.kind() in FUNCTIONS or is_told(about(value, _around(node, scope))):
            yield node, [name.text()]


def _around(node: SgNode, scope: ScriptScope) -> ScriptScope:
    """Return a scope in which the names of the function around a node are of no consequence."""
    names: dict[str, frozenset[str]] = {}
    for ancestor in node.ancestors():
        if ancestor.kind() == "statement_block":
            for statement in ancestor.children():
                if statement.kind() in _DECLARATIONS:
                    for part in statement.children():
                        bound = part.field("name") if part.kind() == "variable_declarator" else None
                        if bound is not None:
                            names[bound.text()] = frozenset()
    return scope.within(names)


def _trim_import(
    statement: SgNode, counts: Counter[str], before: Collection[str], edits: Edits
) -> None:
    """Take the names that nothing uses any more out of an import; all of it where none is left."""
    clause = next((part for part in statement.children() if part.kind() == "import_clause"), None)
    parts = list(_parts(clause)) if clause is not None else []
    dead = {name for node, name in parts if name in before and _is_dead(node, name, counts)}
    if not dead:
        return
    if len(dead) == len(parts):
        edits.remove_lines(*span_of(statement))
        return
    for group in clause.children() if clause is not None else ():
        specifiers = list(_specifiers(group))
        left = [node.text() for node, name in specifiers if name not in dead]
        if left and len(left) < len(specifiers):
            edits.replace(*span_of(group), f"{{ {', '.join(left)} }}")


def _trim_required(
    statement: SgNode, pattern: SgNode, counts: Counter[str], before: Collection[str], edits: Edits
) -> None:
    """Take the same out of what a module of CommonJS requires."""
    is_name = pattern.kind() == "identifier"
    parts = [pattern] if is_name else [part for part in pattern.children() if part.is_named()]
    named = [(part, (part.field("value") or part).text()) for part in parts]
    dead = {name for node, name in named if name in before and _is_dead(node, name, counts)}
    if dead and len(dead) == len(named):
        edits.remove_lines(*span_of(statement))
    elif dead:
        left = [node.text() for node, name in named if name not in dead]
        edits.replace(*span_of(pattern), f"{{ {', '.join(left)} }}")


def _parts(clause: SgNode) -> Iterator[tuple[SgNode, str]]:
    """Yield the parts of an import: its nodes, each with its name in the module."""
    for part in clause.children():
        if part.kind() == "identifier":
            yield part, part.text()
        elif part.kind() == "namespace_import":
            yield part, part.text().rpartition(" ")[2]
        yield from _specifiers(part)


def _specifiers(group: SgNode) -> Iterator[tuple[SgNode, str]]:
    for node in group.children() if group.kind() == "named_imports" else ():
        if node.kind() == "import_specifier":
            yield node, (node.field("alias") or node.field("name") or node).text()


def _is_dead(node: SgNode, name: str, counts: Counter[str]) -> bool:
    """Return whether an imported name stands in its import alone."""
    written = sum(inner.text() == name for inner in names_in(node))
    return counts[name] <= written
