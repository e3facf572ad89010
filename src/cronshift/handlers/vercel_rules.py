"""The rules of vercel.json that lead a path elsewhere: redirects, rewrites, legacy routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.handlers import patterns

if TYPE_CHECKING:
    from collections.abc import Sequence


def rules_of(
    document: dict[str, Any], name: str, needs: Sequence[str] = ("source",)
) -> list[dict[str, Any]]:
    """Return the rules of one list, those left out that lack what every rule has."""
    listed = document.get(name)
    return [
        rule
        for rule in (listed if isinstance(listed, list) else [])
        if isinstance(rule, dict) and all(isinstance(rule.get(key), str) for key in needs)
    ]


def matched_by(rule: dict[str, Any], path: str) -> dict[str, str] | None:
    """Return what a rule's source matches; one that asks for a header or a cookie never does."""
    if rule.get("has"):
        return None
    pattern = patterns.from_source(rule["source"])
    return pattern.match(path) if pattern else None
