"""Lines of generated code joined where the app's own are longer, as prettier and biome lay them out.

What is generated is laid out for 80 columns, so in more of them whatever was broken for want of room
goes onto one line: the outermost first, and what does not fit is looked into. Objects that are written
over several lines stay so, as do blocks, comments, and chains of more than two calls.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import parse, span_of
from cronshift.project.conventions.code import TrailingCommas
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.project.conventions.code import CodeStyle

_GROUPS = frozenset(
    {
        "arguments",
        "array",
        "arrow_function",
        "as_expression",
        "assignment_expression",
        "binary_expression",
        "call_expression",
        "export_clause",
        "export_statement",
        "expression_statement",
        "formal_parameters",
        "import_statement",
        "lexical_declaration",
        "member_expression",
        "parenthesized_expression",
        "return_statement",
        "ternary_expression",
        "throw_statement",
        "type_alias_declaration",
        "union_type",
        "variable_declarator",
    }
)
_BRACED = frozenset({"object", "object_type", "interface_body", "class_body"})
_CHAINED = frozenset({"call_expression", "member_expression", "subscript_expression"})
_PASSED = frozenset({"arguments", "formal_parameters", "type_arguments", "type_parameters"})
_LISTS = {
    TrailingCommas.ALL: frozenset[str](),
    TrailingCommas.ES5: _PASSED,
    TrailingCommas.NONE: _PASSED
    | {
        "array",
        "array_pattern",
        "object",
        "object_pattern",
        "export_clause",
        "named_imports",
        "tuple_type",
    },
}
"""The lists without a comma behind their last element."""
_LONGEST_CHAIN = 2  # calls


def joined(text: str, style: CodeStyle) -> str:
    """Return code with the lines joined that fit into the style's width; its meaning stays."""
    root = parse(text, "typescript")
    if root is None:
        raise ValueError("TypeScript is a language that is known")
    return _ended(spliced(text, [*_splices(root, text, style)]), style.trailing_commas)


def _ended(text: str, commas: TrailingCommas) -> str:
    """Return code without the commas at the ends of lists that a style leaves out."""
    kinds = _LISTS[commas]
    root = parse(text, "typescript") if kinds else None
    if root is None:
        return text
    lists = root.find_all({"rule": {"any": [{"kind": kind} for kind in kinds]}})
    ends = [
        next((part for part in reversed(node.children()[:-1]) if part.kind() != "comment"), None)
        for node in lists
    ]
    return spliced(
        text, [(*span_of(end), "") for end in ends if end is not None and end.kind() == ","]
    )


def _splices(node: SgNode, text: str, style: CodeStyle) -> Iterator[tuple[int, int, str]]:
    start, end = span_of(node)
    if "\n" not in text[start:end]:
        return
    if node.kind() in _GROUPS and not _is_link(node) and not _is_forced(node, text):
        flat = _flat(text[start:end])
        before = text[text.rfind("\n", 0, start) + 1 : start]
        behind = re.match(r"[^\n]*?(?=\s*//|$)", text[end:], re.MULTILINE)  # comments do not count
        line = before.replace("\t", " " * style.tab) + flat + (behind[0] if behind else "")
        if len(line) <= style.width and not _is_hugged(node, before):
            yield start, end, flat
            return
    for child in node.children():
        yield from _splices(child, text, style)


def _is_forced(node: SgNode, text: str) -> bool:
    """Return whether a node stays on its lines, however much room there is."""
    kind = node.kind()
    start, end = span_of(node)
    if kind == "comment" or (kind == "template_string" and "\n" in node.text()):
        return True
    if kind == "statement_block" and "\n" in text[start:end]:
        return True
    if kind in _BRACED and text.startswith("\n", start + 1):
        return True
    if kind == "call_expression" and _calls(node) > _LONGEST_CHAIN and "\n" in node.text():
        return True
    return any(_is_forced(child, text) for child in node.children())


def _is_hugged(node: SgNode, before: str) -> bool:
    """Return whether a node is a function behind other arguments, which is broken where they are."""
    parent = node.parent()
    is_argument = parent is not None and parent.kind() == "arguments"
    return is_argument and node.kind() == "arrow_function" and bool(before.strip())


def _is_link(node: SgNode) -> bool:
    """Return whether a node is a part of a chain, of calls or operators, which is joined whole or not."""
    parent = node.parent()
    if parent is not None and node.kind() == parent.kind() == "binary_expression":
        return True
    if parent is None or node.kind() not in _CHAINED or parent.kind() not in _CHAINED:
        return False
    return any(parent.field(name) == node for name in ("function", "object"))


def _calls(node: SgNode | None) -> int:
    """Return the number of calls in a chain."""
    if node is None or node.kind() not in _CHAINED:
        return 0
    inner = node.field("function") or node.field("object")
    return (node.kind() == "call_expression") + _calls(inner)


def _flat(text: str) -> str:
    """Return code on one line, spaced as it would be there."""
    line = re.sub(r"\s*\n\s*", "\n", text)
    line = re.sub(r",\n(?=[)\]}])", "\n", line)
    line = re.sub(r"=\n\| ", "= ", line)
    line = re.sub(r"(?<=[(\[])\n|\n(?=[)\]]|\??\.)", "", line)
    return line.replace("\n", " ")
