"""The parameters of routes whose names stand in brackets: ``[id]``, ``[[id]]``, ``[...rest]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARAMETER = lazy_pattern(r"\[(\[)?(\.\.\.)?([^\[\]=]+)(?:=[^\[\]]*)?\]\]?")
_PLAIN = lazy_pattern(r"[A-Za-z0-9._~-]+")


def bracket_params(parts: Sequence[str], path: str) -> dict[str, str | list[str]] | None:
    """Return the parameters of a route for a path; empty for a route without.

    ``None`` where the path does not spell the route, or spells it with characters that are decoded.
    The rest of a path is one text, as SvelteKit, Astro and Nitro have it.
    """
    asked = [part for part in path.split("/") if part]
    params: dict[str, str | list[str]] = {}
    for part in (part for part in parts if not (part.startswith("(") and part.endswith(")"))):
        match = _PARAMETER.fullmatch(part)
        if match is None:
            if "[" in part or not asked or asked.pop(0) != part:
                return None
        elif match[2]:
            params[match[3]] = "/".join(asked)
            asked = []
        elif asked:
            params[match[3]] = asked.pop(0)
        elif not match[1]:
            return None
    texts = [piece for value in params.values() for piece in str(value).split("/") if piece]
    return params if not asked and all(map(_PLAIN.fullmatch, texts)) else None
