"""The matcher of a Next.js middleware: its paths, and the edit that leaves some of them out.

Text in, text out. An edit is offered only with a proof: the patterns before and after are matched
against the paths that are left out, and against many others, which must be matched as before.

Rules: nextjs.org docs, Middleware, "Matcher"; path-to-regexp, which lets a trailing slash be.
"""

from __future__ import annotations

import json
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers import patterns
from cronshift.handlers.javascript import exports, line_of
from cronshift.handlers.literals import literal, pairs
from cronshift.handlers.tree import is_broken, language, parse
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ast_grep_py import SgNode


_PLAIN = lazy_pattern(r"(?:/[\w-]+)+")
_END = "(?:/|$)"  # or whatever else begins like the path would be left out too
_PREFIX = r"(?P<prefix>/(?:[\w.~-]+/)*)"
_GROUP = lazy_pattern(_PREFIX + r"(?::\w+)?\((?P<refuses>\(\?!)?")
_NAMED = lazy_pattern(_PREFIX + r":(?P<name>\w+)(?P<modifier>[*+?]?)(?P<rest>$|/.*)")
_WRAPPING = {"as_expression", "satisfies_expression", "parenthesized_expression"}
_OTHERS = (
    "/",
    "/a",
    "/a/b",
    "/a/b/c",
    "/en/api/a",
    "/api",
    "/api/a",
    "/api/a/b",
    "/apix",
    "/api.json",
    "/trpc",
    "/trpc/a.b",
    "/login",
    "/dashboard",
    "/dashboard/settings",
    "/favicon.ico",
    "/robots.txt",
    "/logo.png",
    "/images/logo.svg",
    "/_next/image",
    "/_next/static/chunks/a.js",
    "/_next/data/build/a.json",
)


class NotExactError(Exception):
    """The edit cannot be worked out for sure; the message says which lines to write by hand."""


class Matcher(Struct, frozen=True):
    """The matcher of a middleware: the paths that it runs before.

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
        taking = (source for source in self.sources if runs_before(_value(source), path))
        return next((line_of(source) for source in taking), None)


class MatcherEdit(Struct, frozen=True):
    """A middleware that leaves paths out.

    Attributes:
        text: the whole file.
        summary: the edit in a few words, ``write … for …``; empty where nothing has to be done.
    """

    text: str
    summary: str


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
    for element in listed:
        source = dict(pairs(element)).get("source") if element.kind() == "object" else element
        if source is not None and isinstance(literal(source), str):
            sources.append(source)
    return Matcher(config, tuple(sources), len(sources) == len(listed))


def runs_before(source: str, path: str) -> bool:
    """Return whether a pattern takes in a path, or would without its trailing slash."""
    pattern = patterns.from_source(source)
    if pattern is None:
        return False
    return any(pattern.match(written) is not None for written in {path, path.removesuffix("/")})


def leave_out(
    text: str, name: str, paths: Sequence[str], routes: Iterable[str] = ()
) -> MatcherEdit:
    """Return a middleware that runs before the same paths but for some.

    Args:
        text: the whole file.
        name: the file's name, which tells the language.
        paths: what to leave out, each with all below it: ``/api/inngest``.
        routes: the project's own paths, which must be matched as before.

    Raises:
        NotExactError: where that cannot be written, or not be proved.
    """
    root = parse(text, language(name))
    matcher = matcher_of(root) if root is not None and not is_broken(root) else None
    if root is None or matcher is None or not matcher.complete:
        raise _by_hand("Code computes the matcher", paths)
    if not all(map(_PLAIN.fullmatch, paths)):
        raise _by_hand("A path is not plain", paths)
    if any(patterns.from_source(_value(node)) is None for node in matcher.sources or ()):
        raise _by_hand("A pattern of its matcher cannot be read", paths)
    others = [
        other for other in (*_OTHERS, *_around(paths), *routes) if not _is_below(other, paths)
    ]
    if matcher.sources is None:
        return _first_matcher(text, root, matcher.config, paths, others)
    splices, words = [], []
    for node in matcher.sources:
        old = _value(node)
        if any(runs_before(old, path) for path in paths):
            new = _narrowed(old, paths, others)
            splices.append(_within(node, old, new))
            words.append(f"`{new}` for `{old}`")
    return MatcherEdit(spliced(text, splices), f"write {', '.join(words)}" if words else "")


def let_in(text: str, name: str, path: str) -> str:
    """Return a middleware that runs before a path again that ``leave_out`` left out; as it is where that is not sure."""
    root = parse(text, language(name))
    matcher = matcher_of(root) if root is not None and not is_broken(root) else None
    splices = []
    for node in (matcher.sources or ()) if matcher is not None else ():
        old = _value(node)
        for new in _admitting(old, path):
            others = [
                other for other in (*_OTHERS, *_around([path])) if not _is_below(other, [path])
            ]
            if _is_proved(new, old, [path], others):
                splices.append(_within(node, old, new))
                break
    return spliced(text, splices)


def _admitting(source: str, path: str) -> Iterator[str]:
    """Yield patterns that may be ``source`` before a path was left out."""
    parts = path.split("/")[1:]
    for first in range(len(parts)):
        rest = "/".join(parts[first:]) + _END
        for refused, left in ((f"(?!{rest}|", "(?!"), (f"|{rest}", ""), (f"(?!{rest})", "")):
            if refused in source:
                yield source.replace(refused, left, 1)


def _first_matcher(
    text: str, root: SgNode, config: SgNode | None, paths: Sequence[str], others: Sequence[str]
) -> MatcherEdit:
    """Return a middleware without a matcher, with one that takes in everything else."""
    listed = "|".join(path.removeprefix("/") + _END for path in paths)
    source = f"/((?!{listed}).*)"
    if not _is_proved("/(.*)", source, paths, others):
        raise _by_hand("A matcher that leaves it out cannot be written", paths)
    if config is not None:
        at = config.range().start.index + 1
        pair = f" matcher: [{json.dumps(source)}],"
        return MatcherEdit(spliced(text, [Splice(at, at, pair)]), f"write `{pair.strip()}` in it")
    if not any(child.kind() == "export_statement" for child in root.children()):
        raise _by_hand("It is no ES module", paths)
    end = "\r\n" if "\r\n" in text else "\n"
    line = f"export const config = {{ matcher: [{json.dumps(source)}] }};"
    gap = end if text.endswith("\n") else end * 2
    return MatcherEdit(f"{text}{gap}{line}{end}", f"add `{line}`")


def _narrowed(source: str, paths: Sequence[str], others: Sequence[str]) -> str:
    """Return a pattern that no longer takes in ``paths``, and all else as before."""
    grown = [source]
    for path in reversed(paths):
        if any(runs_before(pattern, path) for pattern in grown):
            grown = [new for pattern in grown for new in _refusing(pattern, path)]
    for new in grown:
        if _is_proved(source, new, paths, others):
            return new
    raise _by_hand(f"`{source}` cannot be narrowed as text", paths)


def _refusing(source: str, path: str) -> Iterator[str]:
    """Yield patterns that may be ``source`` without ``path``, the simplest first."""
    group, named = _GROUP.match(source), _NAMED.fullmatch(source)
    match = group or named
    if match is None or not path.startswith(match["prefix"]):
        return
    prefix, rest = match["prefix"], path.removeprefix(match["prefix"]) + _END
    if group is not None:
        refused = f"{rest}|" if group["refuses"] else f"(?!{rest})"
        yield source[: group.end()] + refused + source[group.end() :]
    elif named is not None and named["modifier"] == "*" and not named["rest"]:
        yield f"{prefix}((?!{rest}).*)"
        yield f"{prefix}((?!{rest}).*)?"
    elif named is not None and named["modifier"] == "+" and not named["rest"]:
        yield f"{prefix}((?!{rest}).+)"
    elif named is not None and named["modifier"] in {"", "?"}:
        yield f"{prefix}:{named['name']}((?!{rest})[^/]+){named['modifier']}{named['rest']}"


def _is_proved(old: str, new: str, paths: Sequence[str], others: Iterable[str]) -> bool:
    """Return whether ``new`` takes in none of ``paths``, and the others as ``old`` does."""
    if patterns.from_source(new) is None or patterns.from_source(old) is None:
        return False
    below = [variant for path in paths for variant in (path, f"{path}/", f"{path}/a")]
    return not any(runs_before(new, other) for other in below) and all(
        runs_before(old, other) == runs_before(new, other) for other in others
    )


def _around(paths: Iterable[str]) -> Iterator[str]:
    """Yield the folders that paths lie in, their neighbours, and their ends alone."""
    for path in paths:
        for folder in accumulate(
            path.split("/")[1:-1], lambda folder_above, two: f"{folder_above}/{two}"
        ):
            yield f"/{folder}"
            yield f"/{folder}/{path.rpartition('/')[2][:-1]}"
        yield path.rpartition("/")[0] + "/a" + path.rpartition("/")[2]
        yield f"{path}-a"
        yield f"{path}.a"
        yield f"/a{path}"
        yield f"/{path.rpartition('/')[2]}"


def _is_below(path: str, paths: Iterable[str]) -> bool:
    return any(path == above or path.startswith(f"{above}/") for above in paths)


def _within(node: SgNode, old: str, new: str) -> Splice:
    """Return the splice that makes a string's ``old`` value ``new``, its escapes left alone."""
    raw, start = node.text()[1:-1], node.range().start.index + 1
    same = _alike(old, new)
    tail = _alike(old[same:][::-1], new[same:][::-1])
    gone = old[same : len(old) - tail]
    if not raw.startswith(old[:same] + gone):
        raise NotExactError(f"Write {json.dumps(new)} for {node.text()} in the matcher.")
    return Splice(start + same, start + same + len(gone), new[same : len(new) - tail])


def _alike(text: str, other: str) -> int:
    """Return the length of the beginning that two texts share."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))
    )


def _by_hand(why: str, paths: Iterable[str]) -> NotExactError:
    listed = "|".join(path.replace("/", "\\/") for path in paths)
    asked = f"/^({listed})(\\/|$)/.test(request.nextUrl.pathname)"
    return NotExactError(f"{why}: write `if ({asked}) return NextResponse.next();` first in it.")


def _value(node: SgNode) -> str:
    value = literal(node)
    return value if isinstance(value, str) else ""


def _elements(array: SgNode) -> list[SgNode]:
    return [child for child in array.children() if child.is_named() and child.kind() != "comment"]


def _bare(node: SgNode | None) -> SgNode | None:
    """Return an expression without its types."""
    while node is not None and node.kind() in _WRAPPING:
        node = node.child(1 if node.kind() == "parenthesized_expression" else 0)
    return node


__all__ = [
    "Matcher",
    "MatcherEdit",
    "NotExactError",
    "leave_out",
    "let_in",
    "matcher_of",
    "runs_before",
]
