"""The SDK in package.json: one member more, and nothing else in the text changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cronshift.vercel.json_text import JsonSpan, children, find, parse_object
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Sequence

SDK = "inngest"
SDK_RANGE = "^4.24.0"
"""The version that is generated for where the app has none."""

_KINDS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_BYTE_ORDER_MARK = "\ufeff"
_BEFORE = ("scripts", "version", "name")
"""The members that ``dependencies`` stands behind, where it is new."""


def with_dependency(text: str, name: str = SDK, version: str = SDK_RANGE) -> str:
    """Return package.json with a dependency; as it is, where any version is named already.

    The dependency stands where the order of the others puts it, else behind them.

    Raises:
        ConfigError: if the text is not a JSON object.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    bare = text.removeprefix(mark)
    document = parse_object(bare, "package.json")
    tables = [table for kind in _KINDS if isinstance(table := document.get(kind), dict)]
    if any(name in table for table in tables):
        return text
    member = f"{json.dumps(name)}: {json.dumps(version)}"
    table = find(bare, "dependencies")
    if table is None:
        return mark + _with_table(bare, member)
    if not isinstance(document["dependencies"], dict):
        return text
    members = list(children(bare, table.start))
    if not members:
        return mark + bare[: table.start] + _table(bare, table.key, member) + bare[table.end :]
    return mark + _inserted(bare, table.start, members, member, _place(members, name))


def _inserted(text: str, start: int, members: Sequence[JsonSpan], member: str, place: int) -> str:
    """Return ``text`` with a member at ``place`` of the object at ``start``, laid out like the rest."""
    lead = text[start + 1 : members[0].key]
    if place == len(members):
        end = members[-1].end
        joint = text[members[-2].end : members[-1].key] if len(members) > 1 else f",{lead or ' '}"
        return spliced(text, [(end, end, joint + member)])
    at = members[place].key
    joint = text[members[0].end : members[1].key] if len(members) > 1 else f",{lead or ' '}"
    return spliced(text, [(at, at, member + joint)])


def _place(members: Sequence[JsonSpan], name: str) -> int:
    """Return the position of a name among sorted ones; the last, where they are not sorted."""
    names = [str(member.name) for member in members]
    if names != sorted(names) and names != sorted(names, key=str.casefold):
        return len(names)
    return next((at for at, other in enumerate(names) if other.casefold() > name), len(names))


def _with_table(text: str, member: str) -> str:
    """Return ``text`` with new ``dependencies``, before the other kinds or behind the scripts."""
    start = text.index("{")
    members = list(children(text, start))
    table = '"dependencies": '
    if not members:
        return text[: start + 1] + f"{table}{{{member}}}" + text[start + 1 :].lstrip(" \t\r\n")
    table += _table(text, members[0].key, member)
    names = [member.name for member in members]
    before = [at for at, member in enumerate(names) if member in _KINDS]
    behind = [names.index(member) + 1 for member in _BEFORE if member in names]
    return _inserted(text, start, members, table, (before or behind or [len(members)])[0])


def _table(text: str, key: int, member: str) -> str:
    """Return an object of one member, indented like the line that its key at ``key`` begins."""
    line = text[text.rfind("\n", 0, key) + 1 : key]
    if line.strip() or "\n" not in text[:key]:
        return f"{{ {member} }}"
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{{{newline}{line * 2}{member}{newline}{line}}}"
