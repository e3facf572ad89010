"""Globs of Vercel's ``functions`` that match no file any more: Vercel refuses such a configuration."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cronshift.vercel import edit

if TYPE_CHECKING:
    from collections.abc import Collection


def without_dead_globs(text: str, gone: Collection[str], files: Collection[str]) -> str:
    """Return a vercel.json without the globs that only matched files which are gone.

    Args:
        text: the configuration.
        gone: the files that Vercel made functions of until now.
        files: those that are there; of them Vercel makes functions below ``api/``.
    """
    globs = json.loads(text).get("functions")
    if not isinstance(globs, dict):
        return text
    kept = [file for file in files if file.startswith("api/") and file not in gone]
    dead = [
        glob
        for glob in globs
        if any(fnmatchcase(file, glob) for file in gone)
        and not any(fnmatchcase(file, glob) for file in kept)
    ]
    if dead and len(dead) == len(globs):
        return edit.remove_member(text, "functions")
    for glob in dead:
        text = edit.remove_member(text, "functions", glob)
    return text
