"""Rules that answer a path before any code does: redirects, slashes, legacy routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.handlers import patterns
from cronshift.handlers.vercel_rules import applies_to, matched_by, rules_of
from cronshift.handlers.verdict import Resolution, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.next_config import NextConfig

_REFUSED = 400  # a status from here on is no answer
_SOURCES = (".html", ".ts", ".js", ".py", ".go")
COMPUTED = "an address that code computes"


def redirect_of(
    document: dict[str, Any],
    config: NextConfig | None,
    path: str,
    query: str,
    is_function: Callable[[str], bool],
) -> Resolution | None:
    """Return the redirect of a path, if there is one; an unknown one where its conditions may hold.

    Args:
        document: vercel.json, as data.
        config: of Next.js, where the app is one.
        path: without its query.
        query: of the entry.
        is_function: whether a path names the file of a function.
    """
    ruled = _by_rule(document, config, path, query)
    if ruled is not None:
        return ruled
    target = _by_slash(document, config, path)
    if target is not None:
        return Resolution(Verdict.REDIRECTED, target=target, why="trailingSlash")
    if document.get("cleanUrls") is True and path.endswith(_SOURCES):
        stem = path.rpartition(".")[0]
        if is_function(path) or path.endswith(".html"):
            return Resolution(Verdict.REDIRECTED, target=stem, why="cleanUrls")
    return None


def _by_rule(
    document: dict[str, Any], config: NextConfig | None, path: str, query: str
) -> Resolution | None:
    rules = rules_of(document, "redirects")
    for rule in config.redirects if config is not None else ():
        base = "" if rule.get("basePath") is False or config is None else config.base_path
        rules.append({**rule, "source": base + rule["source"]})
    for rule in rules:
        matched = matched_by(rule, path, query)
        if matched is not None:
            there = rule.get("destination", "")
            is_text = isinstance(there, str)
            target = patterns.substituted(there, matched.values) if is_text else COMPUTED
            why = f"the redirect from {rule['source']}"
            if matched.sure:
                return Resolution(Verdict.REDIRECTED, target=target, why=why)
            return Resolution(Verdict.UNKNOWN, target=target, why=f"{why} hangs on its conditions")
    return None


def _by_slash(document: dict[str, Any], config: NextConfig | None, path: str) -> str | None:
    """Return the path with the slash at its end that the configuration wants, or without it."""
    wants_slash = document.get("trailingSlash")
    if config is not None and not config.skips_slash_redirect and wants_slash is None:
        wants_slash = config.trailing_slash
    slashed = path != "/" and path.endswith("/")
    has_extension = "." in path.rpartition("/")[2]
    if wants_slash is True and not slashed and path != "/" and not has_extension:
        return f"{path}/"
    return path.rstrip("/") if wants_slash is False and slashed else None


def led_by_rewrites(
    rules: list[dict[str, Any]], path: str, query: str
) -> Resolution | tuple[str, str] | None:
    """Return the destination of the first rewrite that takes a path, and why; unknown where it hangs."""
    for rule in rules:
        matched = matched_by(rule, path, query)
        why = f"the rewrite from {rule['source']}"
        if matched is not None and not matched.sure:
            return Resolution(Verdict.UNKNOWN, why=f"{why} hangs on its conditions")
        if matched is not None and isinstance(there := rule.get("destination", ""), str):
            return patterns.substituted(there, matched.values), why
        if matched is not None:
            return Resolution(Verdict.UNKNOWN, why=f"{why} leads to {COMPUTED}")
    return None


def by_legacy_route(rule: dict[str, Any], path: str, query: str) -> Resolution | str | None:
    """Return the result of a rule of ``routes`` for a path: an answer, or the path it leads to."""
    source, methods = rule.get("src"), rule.get("methods")
    pattern = patterns.from_regex(source) if isinstance(source, str) else None
    matched = pattern.match(path) if pattern else None
    applies = applies_to(rule, query)
    if matched is None or (isinstance(methods, list) and "GET" not in methods) or applies is False:
        return None
    if applies is None:
        return Resolution(Verdict.UNKNOWN, why=f"the route {source} hangs on its conditions")
    headers = rule.get("headers")
    location = headers.get("Location") if isinstance(headers, dict) else None
    if isinstance(location, str):
        target = patterns.substituted(location, matched)
        return Resolution(Verdict.REDIRECTED, target=target, why=f"the route {source}")
    status, destination = rule.get("status"), rule.get("dest")
    if isinstance(status, int) and status >= _REFUSED and not rule.get("continue"):
        return Resolution(Verdict.DEAD, why=f"the route {source}: {status}")
    return patterns.substituted(destination, matched) if isinstance(destination, str) else None
