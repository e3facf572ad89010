"""Generated TypeScript in the app's own style: quotes, semicolons and indentation, as prettier has them.

Worked out on the syntax tree, so that strings, templates, regular expressions and comments stay as
they are. Class bodies, which nothing generated has, keep their semicolons.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from cronshift.handlers.tree import parse, span_of
from cronshift.project.conventions.code import CodeStyle
from cronshift.targets.typescript.import_order import sorted_imports
from cronshift.targets.typescript.layout import joined
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from ast_grep_py import SgNode

GENERATED = CodeStyle()
"""How the templates are written."""

_STATEMENTS = frozenset(
    f"{name}_statement"
    for name in ("break", "continue", "debugger", "do", "export", "expression", "import", "return")
) | {"throw_statement", "lexical_declaration", "variable_declaration", "type_alias_declaration"}
_TYPES = {"object_type", "interface_body"}
_BLOCKS = {
    "abstract_class_declaration",
    "class",
    "class_declaration",
    "enum_declaration",
    "function_declaration",
    "function_expression",
    "generator_function_declaration",
    "interface_declaration",
    "internal_module",
}
_CONTINUES = "([`+-/<*"  # what would go on with the line before it (ECMA-262, 12.10.1)
_ENDS_LINE = re.compile(r"[ \t]*(//[^\n]*|/\*[^\n]*?\*/[ \t]*)?\r?(\n|\Z)")
_QUOTES = re.compile(r"\\(.)|([\"'])", re.DOTALL)


def laid_out(text: str, style: CodeStyle) -> str:
    """Return TypeScript, or JavaScript made of it, as an app's formatter writes it and its linter takes it."""
    return _declaring(sorted_imports(joined(restyle(text, style), style)), style.undeclared)


def _declaring(text: str, names: AbstractSet[str]) -> str:
    """Return a module that says which of these global names it uses, as ESLint reads it."""
    if not names:
        return text
    tree = _tree(text)
    nodes = [
        node for kind in ("identifier", "type_identifier") for node in tree.find_all(kind=kind)
    ]
    used = sorted(names & {node.text() for node in nodes})
    return f"/* global {', '.join(used)} */\n{text}" if used else text


def restyle(text: str, style: CodeStyle, was: CodeStyle = GENERATED) -> str:
    """Return TypeScript in another style, with the same meaning.

    Args:
        text: valid TypeScript.
        style: the style to write it in.
        was: the style it is in; only its indentation matters, the rest is seen.
    """
    text = _quoted(text, '"' if style.double_quotes else "'")
    text = _with_semicolons(text) if style.semicolons else _without_semicolons(text)
    return text if style.indent == was.indent else _indented(text, style.indent, was.indent)


def string(content: str, quote: str) -> str:
    """Return a literal of ``content``, which is escaped already, in the quotes that need fewer escapes.

    Where that is a draw, in ``quote``.
    """
    other = "'" if quote == '"' else '"'
    bare = re.sub(r"\\(?![\"']).", "", content, flags=re.DOTALL)
    used = other if bare.count(quote) > bare.count(other) else quote

    def escaped(match: re.Match[str]) -> str:
        mark = match[2] or match[1]
        if mark not in {'"', "'"}:
            return match[0]
        return f"\\{mark}" if mark == used else mark

    return used + _QUOTES.sub(escaped, content) + used


def _quoted(text: str, quote: str) -> str:
    return spliced(
        text,
        [
            (*span_of(node), string(node.text()[1:-1], quote))
            for node in _tree(text).find_all(kind="string")
        ],
    )


def _without_semicolons(text: str) -> str:
    """Return ``text`` with the semicolons gone that a line's end says as well.

    Where the next line would go on with such a line, it begins with one.
    """
    splices = []
    leaves: list[SgNode | None] = [
        leaf for leaf in _leaves(_tree(text)) if leaf.kind() != "comment"
    ]
    for leaf, following in pairwise([*leaves, None]):
        if leaf is None or leaf.kind() != ";":
            continue
        start, end = span_of(leaf)
        if not _ENDS_LINE.match(text, end) or not _is_optional(leaf):
            continue
        if following is not None and following.text()[0] in _CONTINUES:
            if _kind(leaf.parent()) in _TYPES:
                continue
            splices.append((span_of(following)[0], span_of(following)[0], ";"))
        splices.append((start, end, ""))
    return spliced(text, splices)


def _with_semicolons(text: str) -> str:
    """Return ``text`` with every statement and every member of a type ended by a semicolon."""
    splices: list[tuple[int, int, str]] = []
    for node in _walk(_tree(text)):
        kind = node.kind()
        parts = [part for part in node.children() if part.kind() != "comment"]
        if kind in _TYPES:
            splices += _members(text, parts)
        elif kind in _STATEMENTS and parts and _kind(node.parent()) != "for_statement":
            has = parts[-1].kind() == ";"
            last = parts[-2] if has and len(parts) > 1 else parts[-1]
            end = span_of(last)[1]
            if has and "\n" in text[end : span_of(parts[-1])[0]]:
                splices.append((*span_of(parts[-1]), ""))
            elif has or (kind == "export_statement" and _declares(node)) or last.kind() in _BLOCKS:
                continue
            splices.append((end, end, ";"))
    return spliced(text, splices)


def _members(text: str, parts: list[SgNode]) -> Iterator[tuple[int, int, str]]:
    for part, following in pairwise(parts):
        end = span_of(part)[1]
        if part.is_named() and following.kind() not in {";", ","} and _ENDS_LINE.match(text, end):
            yield end, end, ";"


def _declares(node: SgNode) -> bool:
    """Return whether an export holds a declaration, which is ended by itself or not at all."""
    return node.field("declaration") is not None


def _is_optional(semicolon: SgNode) -> bool:
    """Return whether a semicolon ends something that the end of its line ends as well."""
    holder = semicolon.parent()
    if holder is None or holder.kind() not in _STATEMENTS | _TYPES:
        return False
    return _kind(holder.parent()) != "for_statement"


def _indented(text: str, indent: str, was: str) -> str:
    """Return ``text`` with its levels of indentation rewritten, those inside of strings left alone."""
    kept = [
        span_of(node)
        for node in _walk(_tree(text))
        if node.kind() in {"template_string", "string"} and "\n" in node.text()
    ]
    splices = []
    for match in re.finditer(rf"^(?:{re.escape(was)})+", text, re.MULTILINE):
        if not any(start < match.start() < end for start, end in kept):
            levels = (match.end() - match.start()) // len(was)
            splices.append((match.start(), match.end(), indent * levels))
    return spliced(text, splices)


def _tree(text: str) -> SgNode:
    root = parse(text, "typescript")
    if root is None:
        raise ValueError("TypeScript is a language that is known")
    return root


def _walk(node: SgNode) -> Iterator[SgNode]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(node.children())


def _leaves(node: SgNode) -> Iterator[SgNode]:
    return (leaf for leaf in _walk(node) if not leaf.children())


def _kind(node: SgNode | None) -> str:
    return node.kind() if node is not None else ""
