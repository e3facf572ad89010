"""Configurations of an app's tools: where they lie, and what they set for TypeScript."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_MOST_STARS = 12
"""In a glob; one with more could be matched forever, and matches nothing."""


def upward(folder: str) -> list[str]:
    """Return a folder and those that it is in, the project's last, each as the beginning of paths."""
    return [
        f"{place}/".removeprefix("./")
        for place in (PurePosixPath(folder), *PurePosixPath(folder).parents)
    ]


def for_typescript(
    document: Mapping[str, Any], key: str, place: str, folder: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the overrides of a configuration that are for a TypeScript file in a folder."""
    file = f"{folder}/a.ts".lstrip("/").removeprefix(place)
    overrides = document.get("overrides")
    for override in overrides if isinstance(overrides, list) else []:
        patterns = override.get(key) if isinstance(override, dict) else None
        globs = [patterns] if isinstance(patterns, str) else patterns
        if isinstance(globs, list) and any(matches(glob, file) for glob in globs):
            yield override


def table(document: Any, *names: str) -> dict[str, Any]:
    """Return a table within a configuration; an empty one where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def matches(glob: object, file: str) -> bool:
    """Return whether a file matches a glob; one without a slash is of the name alone."""
    for pattern in braced(glob) if isinstance(glob, str) else ():
        if pattern.count("*") > _MOST_STARS:
            continue
        anywhere = pattern if "/" in pattern else f"**/{pattern}"
        parts = (re.escape(part).replace(r"\*", "[^/]*") for part in anywhere.split("**/"))
        if re.fullmatch("(?:.*/)?".join(parts).replace("[^/]*[^/]*", ".*"), file):
            return True
    return False


def braced(pattern: str) -> Iterator[str]:
    """Yield the globs that ``{a,b}`` in a section's name stands for."""
    choice = re.search(r"\{([^{}]*)\}", pattern)
    for alternative in choice[1].split(",") if choice else ():
        yield (
            pattern[: choice.start()] + alternative.strip() + pattern[choice.end() :]
            if choice
            else ""
        )
    if choice is None:
        yield pattern
