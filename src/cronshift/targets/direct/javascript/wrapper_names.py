"""Another name for a wrapper, where the one that a route knows stays for others: its import, and its call."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import imports, line_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.handler import every, names_in, whole_statement

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.edits import Edits
    from cronshift.targets.direct.javascript.shared_wrappers import SharedWrapper


def rename(
    shared: SharedWrapper, called: SgNode, place: tuple[SourceTree, str], edits: Edits
) -> None:
    """Have a wrapper called by the name that it has without HTTP, imported from its own module.

    Args:
        shared: the wrapper.
        called: its name in the route's module, where that calls it.
        place: the project's files, and the route's module.
        edits: of that.

    Raises:
        NotCertainError: where that name means something else there, or no import of it is found.
    """
    tree, file = place
    if shared.called == shared.use.name:
        return
    root = whole_statement(called).parent() or called
    source, name = imports(root).get(called.text(), ("", ""))
    specifier = _own_specifier(tree, file, source, shared)
    if specifier is None or name != shared.use.name:
        why = f"is wrapped by {called.text()}, which others call too, and whose import is not read"
        raise NotCertainError(line_of(called), why)
    if any(node.text() == shared.called for node in names_in(root)):
        raise NotCertainError(line_of(called), f"has a name `{shared.called}` already")
    for node in (part for part in every(root) if part.kind() == "import_specifier"):
        bound = node.field("name")
        if bound is None or (node.field("alias") or bound).text() != called.text():
            continue
        if node.field("alias") is None:
            edits.replace(*span_of(called), shared.called)
        _import(node, bound, specifier if specifier != source else None, shared.called, edits)


def _own_specifier(tree: SourceTree, file: str, source: str, shared: SharedWrapper) -> str | None:
    """Return the specifier of a wrapper's own module, also where a module in between hands it on."""
    between = tree.imported(file, source)
    if between is None or between == shared.use.file:
        return source if between is not None else None
    is_index = posixpath.basename(between).startswith("index.") and not source.endswith("/index")
    base = source if is_index else posixpath.dirname(source)
    for _, inner in re.findall(r"""\bfrom\s*(["'])(\.[^"'\n]*)\1""", tree.read(between)):
        joined = posixpath.normpath(posixpath.join(base, inner))
        specifier = (
            f"./{joined}" if source.startswith(".") and not joined.startswith(".") else joined
        )
        is_own = tree.imported(between, inner) == shared.use.file
        if is_own and tree.imported(file, specifier) == shared.use.file:
            return specifier
    return None


def _import(node: SgNode, bound: SgNode, specifier: str | None, name: str, edits: Edits) -> None:
    """Import a name in the place of another; from a module of its own where there is one."""
    statement, group = whole_statement(node), node.parent()
    source = statement.field("source")
    parts = [each for each in group.children() if each.is_named()] if group is not None else []
    if specifier is None or source is None:
        edits.replace(*span_of(bound), name)
        return
    quote, text = source.text()[0], node.text().replace(bound.text(), name, 1)
    if len(parts) == 1 and ", {" not in statement.text():
        edits.replace(*span_of(bound), name)
        edits.replace(*span_of(source), f"{quote}{specifier}{quote}")
        return
    at = parts.index(node)
    first = span_of(parts[at - 1])[1] if at else span_of(node)[0]
    last = span_of(parts[1])[0] if not at and len(parts) > 1 else span_of(node)[1]
    edits.replace(first, last, "")
    semicolon = ";" if statement.text().endswith(";") else ""
    end = span_of(statement)[1]
    edits.replace(end, end, f"\nimport {{ {text} }} from {quote}{specifier}{quote}{semicolon}")
