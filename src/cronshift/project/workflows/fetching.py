"""The calls of a JavaScript that a workflow carries: ``node -e``, and actions/github-script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import arguments
from cronshift.handlers.literals import literal, pairs, text_of
from cronshift.handlers.tree import parse
from cronshift.project.workflows.call import RouteCall, call_of
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_QUIET = lazy_pattern(
    r"(?:console|core|JSON|process|Number|String)(?:\.\w+)?|\w+(?:\.\w+)*\.(?:json|text|then|catch)|.*\)\.(?:json|text|then|catch)",
    re.DOTALL,
)
_FUNCTIONS = {
    "if_statement",
    "for_statement",
    "for_in_statement",
    "while_statement",
    "switch_statement",
}


def fetched(text: str) -> tuple[RouteCall, ...] | None:
    """Return the calls of a script; ``None`` for one that does something else too."""
    root = parse(text, "javascript")
    if root is None or root.find(kind="ERROR") is not None:
        return None
    calls = []
    for node in root.find_all(kind="call_expression"):
        called = node.field("function")
        name = called.text() if called is not None else ""
        if name in {"fetch", "globalThis.fetch"}:
            call = _call(node)
            if call is None:
                return None
            calls.append(call)
        elif not _QUIET.fullmatch(name):
            return None
    return tuple(calls)


def _call(node: SgNode) -> RouteCall | None:
    passed = arguments(node)
    options = dict(pairs(passed[1])) if len(passed) > 1 and passed[1].kind() == "object" else {}
    if not passed or (len(passed) > 1 and passed[1].kind() != "object"):
        return None
    method = literal(options.get("method")) if "method" in options else "GET"
    headers = dict(_texts(options["headers"])) if "headers" in options else {}
    doubt = next(
        ("only under a condition" for outer in node.ancestors() if outer.kind() in _FUNCTIONS), ""
    )
    return call_of(
        _text(passed[0]), method if isinstance(method, str) else "?", headers, doubt,
        node.range().start.line,
    )  # fmt: skip


def _texts(node: SgNode) -> Iterator[tuple[str, str]]:
    if node.kind() != "object":
        yield "headers that are computed", ""
        return
    for name, value in pairs(node):
        yield name, _text(value)


def _text(node: SgNode) -> str:
    """Return a text with its variables as ``${name}``."""
    if node.kind() == "binary_expression":
        left, right = node.field("left"), node.field("right")
        return "".join(_text(part) for part in (left, right) if part is not None)
    if node.kind() in {"string", "template_string"}:
        return re.sub(r"\$\{\s*process\.env\.(\w+)\s*\}", r"${\1}", text_of(node))
    return f"${{{node.text().removeprefix('process.env.')}}}"
