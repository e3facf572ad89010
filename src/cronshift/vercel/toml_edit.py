"""Edits of the ``[[crons]]`` of a vercel.toml; tomlkit keeps the rest as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AoT, String

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection


def remove_entries(text: str, indexes: Collection[int], *, file: str) -> str:
    """Return ``text`` without the entries ``crons[i]``; without the key when none is left.

    Raises:
        ConfigError: if there is no such entry.
    """
    document = tomlkit.parse(text)
    crons = _crons(document, file)
    for index in sorted(indexes, reverse=True):
        if not 0 <= index < len(crons):
            raise ConfigError(f"{file} has no crons[{index}].", reason="no-such-entry", where=file)
        del crons[index]
    if not crons:
        del document["crons"]
    return tomlkit.dumps(document)


def insert_entry(text: str, index: int, path: str, schedule: str, *, file: str) -> str:
    """Return ``text`` with a new entry that becomes ``crons[index]``, or the last one."""
    document = tomlkit.parse(text)
    entry = tomlkit.table()
    entry["path"], entry["schedule"] = path, schedule
    if "crons" not in document:
        document["crons"] = AoT([entry])
    else:
        crons = _crons(document, file)
        crons.insert(min(index, len(crons)), entry)
    return tomlkit.dumps(document)


def replace_path_start(text: str, index: int, old: str, new: str, *, file: str) -> str:
    """Return ``text`` with the beginning of ``crons[index].path`` replaced, its quotes kept.

    Raises:
        ConfigError: if there is no such entry, or its path does not begin so.
    """
    document = tomlkit.parse(text)
    crons = _crons(document, file)
    path = crons[index]["path"] if index < len(crons) else None
    if not isinstance(path, String) or not path.startswith(old):
        raise ConfigError(f"{file} has no crons[{index}].", reason="no-such-entry", where=file)
    quoted = path.as_string()
    start = len(quoted) - len(quoted.lstrip("\"'"))
    quotes, rest = quoted[:start], quoted[start:]
    if not rest.startswith(old):
        raise ConfigError(f"{file} has no crons[{index}].", reason="no-such-entry", where=file)
    replaced: Any = tomlkit.parse(f"path = {quotes}{new}{rest[len(old) :]}")["path"]
    replaced.trivia.__dict__.update(path.trivia.__dict__)
    crons[index]["path"] = replaced
    return tomlkit.dumps(document)


def _crons(document: tomlkit.TOMLDocument, file: str) -> AoT:
    crons = document.get("crons")
    if not isinstance(crons, AoT):
        raise ConfigError(
            f"{file} has no [[crons]].",
            reason="no-crons",
            hint="Write each entry as a table of its own: [[crons]].",
            where=file,
        )
    return crons
