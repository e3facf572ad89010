"""Edits of the ``[[crons]]`` of a vercel.toml; tomlkit keeps the rest as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.items import AoT

from cronshift.errors import ConfigError, RefusedError
from cronshift.vercel.edit import with_start

if TYPE_CHECKING:
    from collections.abc import Collection

_HEADER = re.compile(r"""^[ \t]*\[\[[ \t]*["']?crons["']?[ \t]*\]\]""", re.MULTILINE)
_PATH = re.compile(
    r"""(?:(?![ \t]*\[).*\n)*?  # lines of the table
        [ \t]*["']?path["']?[ \t]*=[ \t]*
        (?P<quotes>\"{3}|'{3}|["'])(?:(?<=\"{3}|'{3})\r?\n)?  # whose first line end does not count""",
    re.VERBOSE,
)


def remove_entries(text: str, indexes: Collection[int], *, file: str) -> str:
    """Return ``text`` without the entries ``crons[i]``; without the key when none is left.

    Raises:
        ConfigError: if there is no such entry.
        RefusedError: if other tables stand between them.
    """
    document = tomlkit.parse(text)
    crons = _crons(document, file)
    if tomlkit.dumps(document) != text:  # tables between them would be moved
        raise RefusedError(
            f"The [[crons]] of {file} do not stand together, so none can be taken out as text.",
            reason="not-editable",
            hint="Put them one after the other.",
            where=file,
        )
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
    """Return ``text`` with the beginning of ``crons[index].path`` replaced; not a byte more.

    Raises:
        ConfigError: if there is no such entry, or its path does not begin so.
    """
    headers = [match.end() for match in _HEADER.finditer(text)]
    table = text[headers[index] :] if index < len(headers) else ""
    path = _PATH.match(table)
    if path is None:
        raise ConfigError(f"{file} has no crons[{index}].", reason="no-such-entry", where=file)
    start = headers[index] + path.end()
    inner = start, text.index(path["quotes"], start)
    return with_start(text, inner, old, new, file=file)


def _crons(document: tomlkit.TOMLDocument, file: str) -> AoT:
    crons = document.get("crons")
    if not isinstance(crons, AoT):
        raise RefusedError(
            f"{file} has no [[crons]].",
            reason="not-editable",
            hint="Write each entry as a table of its own: [[crons]].",
            where=file,
        )
    return crons
