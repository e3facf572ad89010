"""Imports as Node resolves them in ES modules: a file is named with its suffix, JSON by an attribute."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_RELATIVE = re.compile(r"""( from |^import )(["'])(\.{1,2}/[^"']*)\2""", re.MULTILINE)
_SUFFIX = re.compile(r"\.(?:[cm]?[jt]sx?|json|node)$")


def spelled(text: str, file: str, folders: Collection[str]) -> str:
    """Return a module whose relative imports say which file they mean.

    Args:
        text: TypeScript or JavaScript.
        file: its path.
        folders: those that stand for their index.
    """

    def whole(match: re.Match[str]) -> str:
        before, quote, path = match[1], match[2], match[3]
        if path.endswith(".json"):
            return f"{match[0]} with {{ type: {quote}json{quote} }}"
        if _SUFFIX.search(path):
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        end = "/index.js" if target in folders else ".js"
        return f"{before}{quote}{path}{end}{quote}"

    return _RELATIVE.sub(whole, text)
