"""URL patterns of configurations: Vercel's and Next's ``source`` (path-to-regexp) and legacy ``src``.

A pattern that cannot be read safely is ``None``: then it is not known what it matches.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern

_LONGEST = 1000
_BRANCHING = lazy_pattern(r"\([^()]*\|[^()]*\)(?:[+*]|\{\d+,)")  # a choice, repeated
_MOST_REPEATED = 3  # in one segment, or across segments
_NESTED = lazy_pattern(r"\([^()]*[*+][^()]*\)[*+{]|\(\?\(")
_NAME = lazy_pattern(r"[A-Za-z_]\w*")
_REFERENCE = lazy_pattern(r"\$(\d|[A-Za-z_]\w*)|:([A-Za-z_]\w*)[*+?]?")


class Pattern(Struct, frozen=True):
    """A compiled pattern; ``names`` are its groups, in order, numbers for those without a name."""

    regex: re.Pattern[str]
    names: tuple[str, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the values of the groups when the whole of ``path`` matches."""
        groups = self.regex.fullmatch(path)
        if groups is None:
            return None
        return {name: groups[number + 1] or "" for number, name in enumerate(self.names)}


def is_slow(regex: str) -> bool:
    """Return whether a pattern repeats so much that refusing a text may take forever."""
    bare = re.sub(r"\\.", "", regex).replace("[^/]", "S")
    most = max(len(re.findall(r"[*+]", piece)) for piece in bare.split("/"))
    return most > _MOST_REPEATED or len(re.findall(r"\.[*+]", bare)) > _MOST_REPEATED


@cache
def from_source(source: str) -> Pattern | None:
    """Return the pattern of a ``source`` or a middleware's matcher."""
    if len(source) > _LONGEST or _NESTED.search(source):
        return None
    out: list[str] = []
    names: list[str] = []
    at = 0
    while at < len(source):
        char = source[at]
        name = _NAME.match(source, at + 1) if char == ":" else None
        if char == "\\" and at + 1 < len(source):
            out.append(re.escape(source[at + 1]))
            at += 2
        elif name or char == "(":
            at = name.end() if name else at
            inner, at = _group(source, at) if source[at : at + 1] == "(" else ("[^/]+?", at)
            if inner is None:
                return None
            names.append(name[0] if name else str(sum(n.isdecimal() for n in names) + 1))
            at = _repeated(source, at, inner, out)
        elif char in "{}":
            out.append("(?:" if char == "{" else ")")
            at += 1
            if char == "}" and source[at : at + 1] in {"?", "*", "+"}:
                out.append(source[at])
                at += 1
        else:
            out.append(re.escape(char))
            at += 1
    regex = "".join(out)
    return None if is_slow(regex) else _compiled(regex, tuple(names))


@cache
def from_regex(text: str) -> Pattern | None:
    """Return the pattern of a legacy route's ``src``, a regular expression of JavaScript's."""
    if len(text) > _LONGEST or _NESTED.search(text) or _BRANCHING.search(text):
        return None
    python = text.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")
    python = python.removeprefix("^").removesuffix("$")
    if is_slow(python):
        return None
    try:
        compiled = re.compile(python)
    except (re.error, OverflowError, RecursionError):
        return None
    named = {number: name for name, number in compiled.groupindex.items()}
    names = tuple(named.get(number, str(number)) for number in range(1, compiled.groups + 1))
    return Pattern(compiled, names)


def substituted(destination: str, values: dict[str, str]) -> str:
    """Return a destination with the matched values in place of ``:name`` and ``$1``."""
    return _REFERENCE.sub(
        lambda match: values.get(match[1] or match[2], "" if match[1] else match[0]), destination
    )


def _compiled(regex: str, names: tuple[str, ...]) -> Pattern | None:
    try:
        compiled = re.compile(regex)
    except (re.error, OverflowError, RecursionError):
        return None
    return Pattern(compiled, names) if compiled.groups == len(names) else None


def _group(source: str, at: int) -> tuple[str | None, int]:
    """Return the inside of the parenthesis at ``at``, its groups not capturing, and its end."""
    depth, inner, start = 0, [], at
    while at < len(source):
        char = source[at]
        if char == "\\":
            inner.append(source[at : at + 2])
            at += 2
            continue
        if char == "(":
            depth += 1
            if at > start:
                inner.append("(" if source[at + 1 : at + 2] == "?" else "(?:")
        elif char == ")":
            depth -= 1
            if depth == 0:
                return "".join(inner), at + 1
            inner.append(")")
        else:
            inner.append(char)
        at += 1
    return None, at


def _repeated(source: str, at: int, inner: str, out: list[str]) -> int:
    """Append a group with the modifier behind it; a slash before it repeats with it."""
    modifier = source[at : at + 1]
    if modifier not in {"?", "*", "+"}:
        out.append(f"({inner})")
        return at
    slash = bool(out) and out[-1] == "/"
    if slash:
        out.pop()
    lead = "/" if slash else ""
    body = f"{inner}" if modifier == "?" else f"{inner}(?:/{inner})*"
    out.append(f"(?:{lead}({body}))" + ("" if modifier == "+" else "?"))
    return at + 1
