"""The JavaScript of generated TypeScript: types are taken out, nothing else changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import parse, span_of
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_GONE = {
    "type_annotation",
    "type_parameters",
    "type_arguments",
    "asserts_annotation",
    "type_predicate_annotation",
    "accessibility_modifier",
    "readonly",
}
_DECLARED = {"type_alias_declaration", "interface_declaration", "ambient_declaration"}
_WRAPPING = {"as_expression", "satisfies_expression", "non_null_expression"}
_WHOLE = {"identifier", "member_expression", "call_expression", "subscript_expression"}
"""What needs no parentheses, wherever it stands."""
_FREE = {"arguments", "return_statement", "spread_element", "variable_declarator"}
"""What needs none around whatever it holds."""


def untyped(text: str) -> str:
    """Return TypeScript as JavaScript of the same meaning.

    Raises:
        ValueError: where the text does not parse as TypeScript.
    """
    root = parse(text, "typescript")
    if root is None:
        raise ValueError("no parser for TypeScript")
    bare = spliced(text, list(_splices(root, text)))
    bare = re.sub(r"^((?:import|export) \{[^}\n]*?),[ \t]+\}", r"\1 }", bare, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", bare).lstrip("\n")


def _splices(node: SgNode, text: str) -> Iterator[Splice]:
    kind = node.kind()
    start, end = span_of(node)
    if kind in _GONE:
        yield Splice(start, end, "")
        return
    if kind in _DECLARED or _is_typed_statement(node):
        yield Splice(_with_comment(node, text), _line_end(end, text), "")
        return
    if kind in _WRAPPING:
        inner = node.child(0)
        if inner is not None:
            _, stop = span_of(inner)
            yield from _bared(inner, node, text) if _is_bracketed(inner) else _splices(inner, text)
            yield Splice(stop, end, "")
        return
    if _is_bracketed(node) and (wrapped := node.child(1)) and wrapped.kind() in _WRAPPING:
        yield from _bared(node, node, text)
        return
    if kind == "optional_parameter":
        mark = next((child for child in node.children() if child.kind() == "?"), None)
        if mark is not None:
            yield Splice(*span_of(mark), "")
    for child in node.children():
        if child.kind() in {"import_specifier", "export_specifier"} and _is_type(child):
            first, last = span_of(child)
            rest = re.match(r"\s*,\s*", text[last:])
            yield Splice(first, last + (rest.end() if rest else 0), "")
            continue
        yield from _splices(child, text)


def _is_bracketed(node: SgNode) -> bool:
    return node.kind() == "parenthesized_expression"


def _bared(node: SgNode, outermost: SgNode, text: str) -> Iterator[Splice]:
    """Yield the splices of an expression in parentheses that a type alone may have asked for."""
    inner, parent = node.child(1), outermost.parent()
    if inner is None:
        return
    value = inner
    while value.kind() in _WRAPPING and (child := value.child(0)):
        value = child
    place = "" if parent is None else parent.kind()
    is_chosen = value.kind() == "object" and place == "ternary_expression"
    if value.kind() in _WHOLE or place in _FREE or is_chosen:
        (start, end), (first, last) = span_of(node), span_of(inner)
        yield Splice(start, first, "")
        yield from _splices(inner, text)
        yield Splice(last, end, "")
        return
    yield from _splices(inner, text)


def _is_typed_statement(node: SgNode) -> bool:
    """Return whether a whole statement imports, exports or declares types alone."""
    kinds = [child.kind() for child in node.children()]
    if node.kind() == "import_statement":
        if "type" in kinds:
            return True
        named = node.find_all(kind="import_specifier")
        clause = next((child for child in node.children() if child.kind() == "import_clause"), None)
        is_only_named = clause is not None and len(clause.children()) == 1
        listed = list(named)
        return bool(listed) and is_only_named and all(map(_is_type, listed))
    if node.kind() == "export_statement":
        return "type" in kinds or any(kind in _DECLARED for kind in kinds)
    return False


def _is_type(specifier: SgNode) -> bool:
    return any(child.kind() == "type" for child in specifier.children())


def _with_comment(node: SgNode, text: str) -> int:
    """Return the beginning of a statement, its own comment included."""
    start, _ = span_of(node)
    before = node.prev()
    if before is not None and before.kind() == "comment":
        first, last = span_of(before)
        is_its_own = text[last:start].strip() == "" and text[last:start].count("\n") == 1
        is_at_top = text[:first].strip() == ""
        return first if is_its_own and not is_at_top else start
    return start


def _line_end(end: int, text: str) -> int:
    stop = end + 1 if text[end : end + 1] == ";" else end
    return stop + 1 if text[stop : stop + 1] == "\n" else stop
