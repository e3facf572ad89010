"""Functions of Python's packages that give coroutines: nothing is done until these are awaited."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import Outside, Unknown, Value
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree

_OF_BOTS = (
    r"(?:answer|approve|ban|copy|create|decline|delete|edit|forward|get|leave|pin|promote|reply|restrict|"
    r"send|set|unban|unpin)_\w+"
)
_COROUTINES = {
    "telegram": lazy_pattern(rf"\.{_OF_BOTS}$"),
    "aiogram": lazy_pattern(rf"\.{_OF_BOTS}$"),
    "aiosmtplib": lazy_pattern(r"(?:^|\.)send(?:_message|mail)?$"),
    "httpx": lazy_pattern(r"AsyncClient\.(?:get|post|put|patch|delete|head|request|send)$"),
    "motor": lazy_pattern(r"\.(?:insert|update|delete|replace)_(?:one|many)$"),
}
"""By the package that is imported."""
_SINCE = {"telegram": ("python-telegram-bot", 20)}
"""The distribution of a package, and its first version of coroutines."""
_LISTS = ("requirements.txt", "pyproject.toml", "Pipfile")


def gives_coroutine(tree: SourceTree, called: Value) -> bool:
    """Return whether a call of a package's function surely gives a coroutine."""
    if not isinstance(called, Outside | Unknown):
        return False
    package = called.package.partition(".")[0]
    names = _COROUTINES.get(package)
    return names is not None and names.search(called.name) is not None and _is_new(tree, package)


@lru_cache(maxsize=64)
def _is_new(tree: SourceTree, package: str) -> bool:
    """Return whether every list of requirements takes a version whose functions give coroutines."""
    distribution, first = _SINCE.get(package, ("", 0))
    pinned = re.compile(rf"{re.escape(distribution)}[^\n]*?(?:==|<=?|~=|\^)\s*[\"']?(\d+)")
    texts = (tree.read(file) for file in tree.files if file.endswith(_LISTS)) if first else ()
    return all(int(version) >= first for text in texts for version in pinned.findall(text))
