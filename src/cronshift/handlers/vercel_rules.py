"""The rules of vercel.json that lead a path elsewhere: redirects, rewrites, legacy routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from msgspec import Struct

from cronshift.handlers import patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN = {"user-agent": "vercel-cron/1.0", "x-forwarded-proto": "https"}
_SOME_HOST = "some-project-a1b2c3.vercel.app"
_SENT = ("authorization", "host", "accept", "x-vercel-", "x-forwarded-", "x-real-ip", "forwarded")
"""What begins the names of headers that a call may bring."""


def rules_of(
    document: dict[str, Any], name: str, needs: Sequence[str] = ("source",)
) -> list[dict[str, Any]]:
    """Return the rules of one list, without those that lack a required member."""
    listed = document.get(name)
    return [
        rule
        for rule in (listed if isinstance(listed, list) else [])
        if isinstance(rule, dict) and all(isinstance(rule.get(key), str) for key in needs)
    ]


class RuleMatch(Struct, frozen=True):
    """A rule whose source takes in a path.

    Attributes:
        values: what its source matches, by name.
        sure: whether its conditions surely hold for Vercel's call.
    """

    values: dict[str, str]
    sure: bool


def matched_by(rule: dict[str, Any], path: str, query: str = "") -> RuleMatch | None:
    """Return the match of a rule's source, unless its ``has`` or ``missing`` surely keep it off."""
    pattern = patterns.from_source(rule["source"])
    values = pattern.match(path) if pattern else None
    applies = applies_to(rule, query)
    return (
        RuleMatch(values, applies is True) if values is not None and applies is not False else None
    )


def applies_to(rule: dict[str, Any], query: str) -> bool | None:
    """Return whether a rule's conditions hold for Vercel's call; ``None`` where nobody can tell.

    Sources: vercel.com docs, "Conditional rewrites" (all of ``has``, none of ``missing``), and "How
    cron jobs work": the call goes to the production deployment's own address, ``*.vercel.app``.
    """
    wanted = [_holds(condition, query) for condition in _conditions(rule.get("has"))]
    unwanted = [_holds(condition, query) for condition in _conditions(rule.get("missing"))]
    if False in wanted or True in unwanted:
        return False
    return None if None in [*wanted, *unwanted] else True


def _conditions(listed: Any) -> list[Any]:
    if isinstance(listed, list):
        return listed
    return [] if listed is None else [listed]


def _holds(condition: Any, query: str) -> bool | None:
    """Return whether one condition holds: the request without a cookie is known in part."""
    kind, key = (
        (condition.get("type"), condition.get("key"))
        if isinstance(condition, dict)
        else (None, None)
    )
    value = condition.get("value") if isinstance(condition, dict) else None
    if kind == "host":
        return True if value is None else _is_host(value)
    if kind == "cookie":
        return False
    if kind == "query" and isinstance(key, str):
        texts = [text for name, text in parse_qsl(query, keep_blank_values=True) if name == key]
        return _fits(value, texts[-1]) if texts else False
    if kind != "header" or not isinstance(key, str):
        return None
    if key.lower() in {"host", "x-forwarded-host"}:
        return True if value is None else _is_host(value)
    if key.lower() in _KNOWN:
        return _fits(value, _KNOWN[key.lower()])
    return None if key.lower().startswith(_SENT) else False


def _is_host(value: Any) -> bool | None:
    if isinstance(value, str) and "vercel" in value and not _fits(value, _SOME_HOST):
        return None  # it may be this project's
    return _fits(value, _SOME_HOST)


def _fits(value: Any, text: str) -> bool | None:
    """Return whether a text meets a condition: all of it, as a regular expression."""
    if value is None:
        return True
    pattern = patterns.from_regex(value) if isinstance(value, str) else None
    return None if pattern is None else pattern.match(text) is not None
