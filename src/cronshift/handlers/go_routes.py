"""The routes of a Go file that sees the whole path, as far as its text spells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.verdict import Resolution, Verdict
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_COMMENTS = lazy_pattern(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ROUTED = lazy_pattern(
    r"\.(?:Get|GET|Any|All|Handle|HandleFunc|HandlerFunc)\(\s*(?:http\.MethodGet\s*,\s*|\"GET\"\s*,\s*)?"
    r"\"(?:GET )?(?P<path>/[^\"{}:*]*)\""
)
"""A registration that answers GET, with the whole path as its text."""
_ROUTING = lazy_pattern(
    r"\b(?:chi|mux|gin|echo|fiber|httprouter)\.New\w*\(|\bgin\.Default\(|NewServeMux\(|\.HandleFunc\(|"
    r"\.Group\(|\.Mount\(|\.Routes?\(|\.ServeHTTP\(|URL\.Path"
)
_NESTING = lazy_pattern(r"\.(?:Group|Mount|Route|PathPrefix|Subrouter)\(|StripPrefix\(")
"""What puts a prefix before the paths of others."""
_READ = {"typescript", "javascript", "python"}
_ENTRIES = {"index", "main", "app", "server"}


def entry_answer(tree: SourceTree, handler: Handler, path: str) -> Resolution:
    """Return the verdict of a file that a rewrite leads to; unknown where it routes by itself."""
    if handler.language in _READ:
        return Resolution(Verdict.ANSWERED, handler)
    if handler.language != "go":
        stem = handler.file.rpartition("/")[2].partition(".")[0]
        why = f"{handler.file} may route by itself, and {handler.language} is not read"
        is_entry = stem in _ENTRIES
        return Resolution(Verdict.UNKNOWN if is_entry else Verdict.ANSWERED, handler, why=why)
    text = _COMMENTS.sub(_blank, tree.read(handler.file))
    routing = _ROUTING.search(text)
    if routing is None:
        return Resolution(Verdict.ANSWERED, handler)
    registered = (match for match in _ROUTED.finditer(text) if match["path"] == path)
    match = None if _NESTING.search(text) else next(registered, None)
    if match is not None:
        return Resolution(Verdict.ANSWERED, replace(handler, line=_line(text, match.start())))
    why = f"it routes by itself ({handler.file}:{_line(text, routing.start())}), and that is not followed"
    return Resolution(Verdict.UNKNOWN, handler, why=why)


def _blank(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
