"""The files that ``.vercelignore`` leaves out of a deployment: no route of theirs is built.

Source: vercel.com/docs, ".vercelignore": patterns as in a .gitignore; the last that matches decides, and what
lies in a folder that is left out stays out.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.functions import glob
from cronshift.handlers.verdict import Resolution, Verdict

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_FILE = ".vercelignore"
_LONGEST = 200  # characters of a pattern
_MOST = 200  # patterns


class IgnorePattern(Struct, frozen=True):
    """One line: what it matches, and whether it takes back what others leave out."""

    regex: re.Pattern[str]
    folders_only: bool
    takes_back: bool


def deployed(tree: SourceTree, resolution: Resolution) -> Resolution:
    """Return the resolution of a path, dead where the file that answers it is not deployed."""
    file = resolution.handler.file if resolution.handler is not None else ""
    patterns = patterns_of(tree.read(_FILE)) if file else ()
    if not patterns or not leaves_out(patterns, file):
        return resolution
    return Resolution(Verdict.DEAD, why=f"{_FILE}, which leaves {file} out")


def patterns_of(text: str) -> tuple[IgnorePattern, ...]:
    """Return the patterns of a .vercelignore; one with a class of characters is passed over."""
    return tuple(_patterns(text.splitlines()[:_MOST]))


def _patterns(lines: list[str]) -> Iterator[IgnorePattern]:
    for line in map(str.strip, lines):
        bare = line.removeprefix("!")
        stem = bare.strip("/")
        if not stem or line.startswith("#") or len(stem) > _LONGEST or "[" in stem:
            continue
        anchored = stem if "/" in bare.rstrip("/") else f"**/{stem}"
        yield IgnorePattern(glob(anchored), bare.endswith("/"), line.startswith("!"))


def leaves_out(patterns: tuple[IgnorePattern, ...], file: str) -> bool:
    """Return whether patterns leave a file out, or a folder that it lies in."""
    places = list(accumulate(file.split("/"), "{}/{}".format))
    return any(_leaves_out(patterns, place, is_folder=place != file) for place in places)


def _leaves_out(patterns: tuple[IgnorePattern, ...], place: str, *, is_folder: bool) -> bool:
    for pattern in reversed(patterns):
        if (is_folder or not pattern.folders_only) and pattern.regex.fullmatch(place):
            return not pattern.takes_back
    return False
