"""The body of a request that has none: a call of Vercel is a GET."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments
from cronshift.handlers.literals import literal
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.chains import chain_of, member_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_VALUE = re.compile(r"\(\)\s*=>\s*[^{\s]")
"""A function that only gives a value."""
_EMPTY: tuple[object, ...] = ({}, [], None)


def no_body(member: SgNode, *, typed: bool) -> tuple[int, int, str] | None:
    """Return the place of ``await request.json().catch(() => ({}))``, and the value to write there.

    Without a body ``json`` fails, and the other function's value is what counts.

    Args:
        member: ``request.json``.
        typed: whether the module is in TypeScript, where the value is as wide as any body.
    """
    value = _instead(member)
    awaited = next((each for each in member.ancestors() if each.kind() == "await_expression"), None)
    if value is None or awaited is None:
        return None
    parent = awaited.parent()
    is_wrapped = parent is not None and parent.kind() == "parenthesized_expression"
    whole = parent if parent is not None and is_wrapped else awaited
    holder = whole.parent()
    is_cast = holder is not None and holder.kind() == "as_expression"
    text = f"JSON.parse({json.dumps(value.text())})" if typed and not is_cast else value.text()
    return *span_of(whole), text


def _instead(member: SgNode) -> SgNode | None:
    """Return the value of ``json().catch(() => value)`` that is awaited, where it is an empty one."""
    call = member.parent()
    chain = chain_of(call) if call is not None and call.kind() == "call_expression" else []
    caught = chain[0].parent() if chain and member_of(chain[0]) == "catch" else None
    awaited = caught.parent() if caught is not None else None
    if caught is None or awaited is None or awaited.kind() != "await_expression":
        return None
    (handler, *_) = arguments(caught) or [caught]
    if len(arguments(caught)) != 1 or not _VALUE.match(handler.text()):
        return None
    body = handler.field("body")
    value = body.child(1) if body is not None and body.text().startswith("(") else body
    return value if value is not None and literal(value) in _EMPTY else None
