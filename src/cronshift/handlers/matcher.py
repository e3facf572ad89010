"""The matcher of a Next.js middleware: which paths it runs before.

Rules: nextjs.org docs, Middleware, "Matcher"; path-to-regexp, which lets a trailing slash be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.handlers import patterns
from cronshift.handlers.javascript import exports, line_of
from cronshift.handlers.literals import literal, pairs

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_WRAPPING = {"as_expression", "satisfies_expression", "parenthesized_expression"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a middleware runs before.

    Attributes:
        config: the object that ``config`` is, where there is one.
        sources: its patterns, as the strings stand there; ``None``: it runs before every path.
        complete: whether these are all; code computes the others.
    """

    config: SgNode | None = None
    sources: tuple[SgNode, ...] | None = None
    complete: bool = True

    def line_before(self, path: str) -> int | None:
        """Return the line of the pattern that takes in a path; 1 for all, ``None`` for none."""
        if self.sources is None:
            return line_of(self.config) if self.config is not None else 1
        taking = (one for one in self.sources if runs_before(text_of(one), path))
        return next((line_of(one) for one in taking), None)


def matcher_of(root: SgNode) -> Matcher | None:
    """Return the matcher of a middleware; ``None`` where only running the code would tell."""
    declared = exports(root).get("config")
    if declared is None:
        return Matcher()
    config = _bare(declared.node)
    if config is None or config.kind() != "object":
        return None
    value = _bare(dict(pairs(config)).get("matcher"))
    if value is None:
        computed = any(child.kind() == "spread_element" for child in config.children())
        return None if computed else Matcher(config)
    listed = _elements(value) if value.kind() == "array" else [value]
    sources = []
    for one in listed:
        source = dict(pairs(one)).get("source") if one.kind() == "object" else one
        if source is not None and isinstance(literal(source), str):
            sources.append(source)
    return Matcher(config, tuple(sources), len(sources) == len(listed))


def runs_before(source: str, path: str) -> bool:
    """Return whether a pattern takes in a path, or would without its trailing slash."""
    pattern = patterns.from_source(source)
    if pattern is None:
        return False
    return any(pattern.match(one) is not None for one in {path, path.removesuffix("/")})


def text_of(node: SgNode) -> str:
    """Return what a string spells; nothing for what is none."""
    value = literal(node)
    return value if isinstance(value, str) else ""


def _elements(array: SgNode) -> list[SgNode]:
    return [one for one in array.children() if one.is_named() and one.kind() != "comment"]


def _bare(node: SgNode | None) -> SgNode | None:
    """Return an expression without what only types it."""
    while node is not None and node.kind() in _WRAPPING:
        node = node.child(1 if node.kind() == "parenthesized_expression" else 0)
    return node
