"""Comments around the body of an answer that becomes a result, and how deep it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.built_answer import lead_of
from cronshift.targets.direct.javascript.handler import every, is_inside

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.targets.direct.edits import Edits

_LONG_TEXTS = {"string", "template_string"}


def words_before(whole: SgNode, body: SgNode | None, *kept: SgNode | None) -> str:
    """Return the comments of an answer that its result would lose, each on a line before it.

    Args:
        whole: the statement or the expression that answers.
        body: of its answer; what is said behind it, of headers and of the status, goes with them.
        kept: the parts of it that stay, with what is said in them.
    """
    if body is None:
        return ""
    end, lead = span_of(body)[1], lead_of(whole)
    lost = [
        node.text()
        for node in every(whole)
        if node.kind() == "comment"
        and span_of(node)[1] <= end
        and not any(part is not None and is_inside(node, part) for part in kept)
    ]
    return "".join(f"{text}\n{lead}" for text in lost)


def lift(body: SgNode, statement: SgNode, edits: Edits) -> None:
    """Have the lines of a body begin where its statement does, where it stood deeper."""
    was, lead = lead_of(body), lead_of(statement)
    is_fixed = any("\n" in node.text() for node in every(body) if node.kind() in _LONG_TEXTS)
    if is_fixed or was == lead or not was.startswith(lead):
        return
    start, text = span_of(body)[0], body.text()
    at = text.find(f"\n{was}")
    while at >= 0:
        edits.replace(start + at + 1 + len(lead), start + at + 1 + len(was), "")
        at = text.find(f"\n{was}", at + 1)
