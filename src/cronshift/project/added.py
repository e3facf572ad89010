"""A manifest without the packages that migrate added, whatever an install made of it since."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cronshift.project.requirements import names_in, without_packages
from cronshift.vercel.json_text import children, find
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_PYTHON = ("requirements.txt", "pyproject.toml")


def without_added(name: str, before: bytes, after: bytes, current: bytes) -> bytes | None:
    """Return a manifest as it is now, less the packages that one change of it added.

    Args:
        name: the file's name, without its folder.
        before: the manifest before the change.
        after: the manifest behind it.
        current: the manifest now, with other packages, another order or other versions.

    Returns:
        ``None`` where it is no manifest, where the change was more than packages, or where what is
        there now cannot be edited.
    """
    with suppress(ValueError, RecursionError):
        texts = before.decode(), after.decode(), current.decode()
        if name == "package.json":
            return _without_members(*texts)
        if name in _PYTHON:
            old, new, now = texts
            added = names_in(new, name) - names_in(old, name)
            return without_packages(now, name, added).encode() if added else None
    return None


def _without_members(before: str, after: str, current: str) -> bytes | None:
    old, new, now = json.loads(before), json.loads(after), json.loads(current)
    added = _packages(new).keys() - _packages(old).keys()
    if not added or _less(new, added, old) != old:
        return None
    text = current
    for table in _TABLES:
        for package in sorted(added):
            text = _without_member(text, table, package)
        if table not in old and isinstance(now.get(table), dict) and not json.loads(text)[table]:
            text = _without_member(text, table)
    return text.encode() if json.loads(text) == _less(now, added, old) else None


def _packages(document: Mapping[str, Any]) -> dict[str, Any]:
    tables = [table for kind in _TABLES if isinstance(table := document.get(kind), dict)]
    return {package: version for table in tables for package, version in table.items()}


def _less(document: Mapping[str, Any], added: set[str], old: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without packages, and without the tables that this empties and ``old`` lacks."""
    less = dict(document)
    for kind in _TABLES:
        if isinstance(table := document.get(kind), dict):
            less[kind] = {name: version for name, version in table.items() if name not in added}
            if not less[kind] and kind not in old:
                del less[kind]
    return less


def _without_member(text: str, *path: str) -> str:
    """Return a text of JSON without one member, with the comma and the line that were its own."""
    parent, span = find(text, *path[:-1]), find(text, *path)
    if parent is None or span is None:
        return text
    members = list(children(text, parent.start))
    at = next(place for place, member in enumerate(members) if member.key == span.key)
    if len(members) == 1:
        return spliced(text, [(parent.start + 1, parent.end - 1, "")])
    if at == 0:
        return spliced(text, [(span.key, members[1].key, "")])
    return spliced(text, [(members[at - 1].end, span.end, "")])
