"""Texts in the path of an entry that stand for a variable: Vercel calls them as they are written."""

from __future__ import annotations

from urllib.parse import parse_qsl

from cronshift.runtime.lazy_pattern import lazy_pattern

_ANYWHERE = lazy_pattern(
    r"\$\{[^}]*\}|\$[A-Za-z_]\w*|\{\{[^}]*\}\}|<[A-Za-z][\w-]*>|%[A-Z][A-Z0-9]*_[A-Z0-9_]*%|"
    r"\b(?:process|import\.meta)\.env\.\w+"
)
_WHOLE = lazy_pattern(
    r"@[A-Za-z_][\w-]*|(?i:your|replace|change|insert)(?:[-_]?(?i:me|this|it)|[-_][\w-]+)|"
    r"\[?[A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|API_KEY)[A-Z0-9_]*\]?"
)
_LONGEST = 2000  # characters; Vercel takes a path of 512
_SEGMENT = lazy_pattern(r"\[\[?[^/\]]+\]\]?|:[A-Za-z_]\w*[?*+]?|\*{1,2}|\{\w+\}")


def stand_in_of(value: str) -> str | None:
    """Return the part of a query's parameter that stands for a variable."""
    if len(value) > _LONGEST:
        return None
    match = _WHOLE.fullmatch(value) or _ANYWHERE.search(value)
    return match[0] if match is not None else None


def stand_in_of_path(whole: str) -> str | None:
    """Return the part of a path with its query that stands for a variable, or for any value."""
    if len(whole) > _LONGEST:
        return None
    path, _, query = whole.partition("?")
    match = _ANYWHERE.search(path) or _ANYWHERE.search(query)
    match = match or next(filter(None, map(_SEGMENT.fullmatch, path.split("/"))), None)
    if match is not None:
        return match[0]
    values = (value for _, value in parse_qsl(query))
    return next(filter(None, map(stand_in_of, values)), None)
