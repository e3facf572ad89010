"""Leftovers of requests and answers in a module that was to be without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import imports, line_of
from cronshift.handlers.literals import text_of
from cronshift.handlers.reached import Reached
from cronshift.handlers.tree import is_broken, language, parse
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.h3_handlers import MODULES as H3_MODULES
from cronshift.targets.direct.javascript.handler import every, names_in

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_SURROUNDINGS = {
    *("next/headers", "next/navigation"),
    *("@sveltejs/kit", "astro", "react-router", "@vercel/node"),
    *("@remix-run/node", "@remix-run/server-runtime", "@vercel/remix"),
    *("@tanstack/react-start", "@tanstack/react-router", "hono", "koa", "express", "fastify"),
    *H3_MODULES,
}
_HEADERS = "next/headers"
_OF_NOBODY = {"cookies", "draftMode"}
"""What there is none of in a call by a cron or by Inngest."""
_NAMES = {"identifier", "shorthand_property_identifier"}
_LATER = {"after", "waitUntil", "unstable_after", "userAgent", "connection"}
_RESPONSES = {"NextResponse", "NextRequest"}
_MESSAGES = {"NextApiRequest", "NextApiResponse", "createError"}


def refuse_leftovers(text: str, file: str, before: SgNode, *, reads: bool) -> None:
    """Refuse a result that still speaks of requests or responses.

    Args:
        text: of the result.
        file: its module.
        before: the module as it was, whose line is told.
        reads: whether answers are read, so that some may be made.

    Raises:
        NotCertainError: with what it speaks of.
    """
    root = parse(text, language(file))
    if root is None or is_broken(root):
        raise NotCertainError(1, "would not parse without errors")
    imported = imports(root)
    for node in names_in(root):
        source, name = imported.get(node.text(), ("", ""))
        if _is_imported(node):
            continue
        if source in _SURROUNDINGS or source.startswith("hono/"):
            raise NotCertainError(
                _line_before(before, node), f"needs {name} of {source}, which a request gives"
            )
        if name in _LATER or node.text() == "waitUntil":
            raise NotCertainError(
                _line_before(before, node), f"leaves work behind its answer ({name})"
            )
        is_answer = node.text() in _RESPONSES or _is_response(node)
        if node.text() in _MESSAGES or (is_answer and not reads):
            raise NotCertainError(_line_before(before, node), f"still speaks of {node.text()}")


def refuse_asking(tree: SourceTree, file: str, function: str) -> None:
    """Refuse work that asks for its caller's headers somewhere below: those of Inngest's call are others.

    Args:
        tree: the project, with the work in its module.
        file: that module.
        function: what does the work.

    Raises:
        NotCertainError: with the place.
    """
    reached = Reached(tree)
    if not any(_HEADERS in tree.read(each) for each in reached.files(file)):
        return
    for there, statement in reached.below(file, function):
        line = _line_asking(tree, there, statement)
        if line is not None:
            raise NotCertainError(1, f"asks for its caller's headers, in {there}:{line}")


def _line_asking(tree: SourceTree, file: str, statement: SgNode) -> int | None:
    """Return the line at which a statement speaks of more of ``next/headers`` than what no call of a cron's has."""
    root = tree.parsed(file)
    imported = imports(root) if root is not None else {}
    for node in every(statement):
        source, name = imported.get(node.text(), ("", "")) if node.kind() in _NAMES else ("", "")
        is_late = node.kind() == "string" and text_of(node) == _HEADERS
        is_asking = is_late or (source == _HEADERS and name not in _OF_NOBODY)
        if is_asking and not _is_imported(node):
            return line_of(node)
    return None


def _is_imported(node: SgNode) -> bool:
    """Return whether a node stands in the import of what it names."""
    return any(above.kind() == "import_statement" for above in node.ancestors())


def _is_response(node: SgNode) -> bool:
    """Return whether a name is the global ``Response``, made or spoken to."""
    parent = node.parent()
    if node.text() != "Response" or parent is None:
        return False
    return parent.kind() == "new_expression" or (
        parent.kind() == "member_expression" and parent.field("object") is not None
    )


def _line_before(before: SgNode, node: SgNode) -> int:
    """Return a line of the module as it was that says the same name, the nearest to its end."""
    lines = [
        line_of(each)
        for each in names_in(before)
        if each.text() == node.text() and not _is_imported(each)
    ]
    return lines[-1] if lines else 1
