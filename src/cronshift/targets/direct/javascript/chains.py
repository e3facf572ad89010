"""Uses of a value where it stands: the members that are read of it, and the operator behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments
from cronshift.handlers.literals import text_of
from cronshift.handlers.tree import span_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode


def chain_of(node: SgNode) -> list[SgNode]:
    """Return the member expressions that a node is the innermost object of, from inside out."""
    links, inner = [], node
    for ancestor in node.ancestors():
        holder = ancestor.field("object") if ancestor.kind() == "member_expression" else None
        if holder is None or span_of(holder) != span_of(inner):
            break
        links.append(ancestor)
        inner = ancestor
    return links


def member_of(link: SgNode) -> str:
    """Return the property of a member expression."""
    member = link.field("property")
    return member.text() if member is not None else ""


def asked(node: SgNode, method: str) -> tuple[SgNode | None, str | None]:
    """Return the call ``node.method("name")`` and its name, where that is what becomes of a node."""
    chain = chain_of(node)
    call = chain[0].parent() if chain and member_of(chain[0]) == method else None
    if call is None or call.kind() != "call_expression":
        return None, None
    passed = arguments(call)
    is_plain = len(passed) == 1 and passed[0].kind() == "string"
    return (call, text_of(passed[0])) if is_plain else (None, None)


def operator_of(node: SgNode) -> str | None:
    """Return the operator of a binary expression, ``None`` of anything else."""
    operator = node.field("operator") if node.kind() == "binary_expression" else None
    return operator.text() if operator is not None else None


def is_left(node: SgNode, parent: SgNode) -> bool:
    """Return whether a node is what stands left in a binary expression."""
    left = parent.field("left")
    return left is not None and span_of(left) == span_of(node)
