"""Edits of cron entries: text in, text out, and nothing else in the text changes."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError
from cronshift.vercel.json_text import JsonSpan, children, find, parse_object
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_UNIT = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_FILE = "vercel.json"


def remove_entries(
    text: str, indexes: Collection[int], *, drop_empty: bool = False, file: str = _FILE
) -> str:
    """Return ``text`` without the entries ``crons[i]``.

    Args:
        text: a vercel.json.
        indexes: which entries, counted in ``text``.
        drop_empty: remove the ``crons`` key too when no entry is left.
        file: how to call the text in errors.

    Raises:
        ConfigError: if the text is not JSON, or has no such entry.
    """
    array, entries = _entries(text, file)
    _check(indexes, len(entries), file)
    if not indexes:
        return text
    if len(indexes) == len(entries):
        if drop_empty:
            return _without_member(text, "crons")
        return text[: array.start] + "[]" + text[array.end :]
    return spliced(text, _cuts(entries, indexes))


def remove_schedules(text: str, pointers: Collection[str], *, file: str = _FILE) -> str:
    """Return ``text`` without entries of ``schedules``; without the key when none is left.

    Args:
        text: a vercel.json.
        pointers: which entries, ``schedules[2]`` or ``schedules.nightly``, as in ``text``.
        file: how to call the text in errors.

    Raises:
        ConfigError: if the text is not JSON, or has no such entry.
    """
    document = parse_object(text, file)
    listed, holder = document.get("schedules"), find(text, "schedules")
    names = [pointer.removeprefix("schedules").strip("[].") for pointer in pointers]
    if holder is None or not isinstance(listed, list | dict):
        raise ConfigError(f"{file} has no `schedules`.", reason="no-crons", where=file)
    if len(names) == len(listed):
        return _without_member(text, "schedules")
    if isinstance(listed, list):
        cuts = _cuts(list(children(text, holder.start)), {int(name) for name in names})
        return spliced(text, cuts)
    for name in names:
        text = remove_member(text, "schedules", name, file=file)
    return text


def _cuts(spans: Sequence[JsonSpan], indexes: Collection[int]) -> list[tuple[int, int, str]]:
    """Return the cuts that take some of a list's items out; one at least stays."""
    kept_last = max(index for index in range(len(spans)) if index not in indexes)
    cuts = [(spans[at].start, spans[at + 1].start, "") for at in indexes if at < kept_last]
    if kept_last < len(spans) - 1:
        cuts.append((spans[kept_last].end, spans[-1].end, ""))
    return cuts


def insert_entry(text: str, index: int, path: str, schedule: str, *, file: str = _FILE) -> str:
    """Return ``text`` with a new entry that becomes ``crons[index]``, laid out like its neighbours.

    Raises:
        ConfigError: if the text is not JSON, or ``crons`` has fewer entries than ``index``.
    """
    document = parse_object(text, file)
    if "crons" not in document:
        text = _with_empty_crons(text)
    array, entries = _entries(text, file)
    if not 0 <= index <= len(entries):
        raise _no_entry(index, file)
    if not entries:
        laid_out = _first_entry(text, array, path, schedule)
        return text[: array.start] + laid_out + text[array.end :]
    lead = text[array.start + 1 : entries[0].start]
    between = text[entries[0].end : entries[1].start] if len(entries) > 1 else f",{lead}"
    neighbour = entries[min(index, len(entries) - 1)]
    new = _like(text, neighbour, path, schedule)
    if index == len(entries):
        return spliced(text, [(entries[-1].end, entries[-1].end, between + new)])
    return spliced(text, [(neighbour.start, neighbour.start, new + between)])


def replace_entry(
    text: str,
    index: int,
    *,
    path: str | None = None,
    schedule: str | None = None,
    file: str = _FILE,
) -> str:
    """Return ``text`` with the path or the schedule of ``crons[index]`` replaced.

    Raises:
        ConfigError: if the text is not JSON, or the entry lacks what is to be replaced.
    """
    _, entries = _entries(text, file)
    _check([index], len(entries), file)
    splices = []
    for name, value in (("path", path), ("schedule", schedule)):
        if value is not None:
            span = find(text, "crons", index, name)
            if span is None:
                raise _no_entry(index, file)
            splices.append((span.start, span.end, _quoted(value)))
    return spliced(text, splices)


def replace_path_start(text: str, index: int, old: str, new: str, *, file: str = _FILE) -> str:
    """Return ``text`` with the beginning of ``crons[index].path`` replaced; not a byte more.

    What ``old`` and ``new`` have in common keeps its spelling, escapes and all.

    Raises:
        ConfigError: if the text is not JSON, or its path does not begin so.
    """
    _, entries = _entries(text, file)
    _check([index], len(entries), file)
    span = find(text, "crons", index, "path")
    if span is None:
        raise _no_entry(index, file)
    return with_start(text, (span.start + 1, span.end - 1), old, new, file=file)


def with_start(text: str, inner: tuple[int, int], old: str, new: str, *, file: str) -> str:
    """Return ``text`` with the beginning of one string in it replaced.

    Args:
        text: a configuration.
        inner: where the string stands, without its quotes.
        old: how it begins.
        new: how it is to begin.
        file: how to call the text in errors.

    Raises:
        ConfigError: if that string does not begin with ``old``.
    """
    common = os.path.commonprefix([old, new])  # noqa: RUF071 - characters are meant
    start, source = inner[0], text[slice(*inner)]
    kept, replaced = (_spelled(source, wanted) for wanted in (common, old))
    if kept is None or replaced is None:
        raise ConfigError(
            f"{file}: {source} does not begin with {old}.",
            reason="other-path",
            where=file,
        )
    return spliced(text, [(start + kept, start + replaced, new[len(common) :])])


def _spelled(source: str, wanted: str) -> int | None:
    """Return the length of source that spells ``wanted``; ``None`` where it begins otherwise."""
    text, end = "", 0
    for unit in _UNIT.finditer(source):
        if text == wanted or not wanted.startswith(text):
            break
        try:
            text += json.loads(f'"{unit[0]}"', strict=False)
        except ValueError:  # an escape that JSON does not have
            return None
        end = unit.end()
    return end if text == wanted else None


def restore_entries(text: str, original: str, indexes: Collection[int]) -> str | None:
    """Return ``text`` with entries of ``original`` back at their places, byte for byte.

    ``None`` when ``text`` is not ``original`` with some entries removed: then somebody has edited
    it since, and the bytes of before are gone.

    Args:
        text: what the file holds now.
        original: what it held before entries were removed.
        indexes: which entries to put back, counted in ``original``.
    """
    for index in sorted(indexes):
        restored = _restore(text, original, index)
        if restored is None:
            return None
        text = restored
    return text


def _restore(text: str, original: str, index: int) -> str | None:
    """Return ``text`` with one entry of ``original`` back; as it is, when the entry is there."""
    now, before = _dumped(text), _dumped(original)
    for missing in ({index}, set[int]()):  # of twins, the one that is asked for is the missing one
        removed = _removed(now, before, missing)
        for drop_empty in (False, True):
            if remove_entries(original, removed, drop_empty=drop_empty) == text:
                return remove_entries(original, removed - {index}, drop_empty=drop_empty)
    return None


def _removed(now: Sequence[str], before: Sequence[str], missing: set[int]) -> set[int]:
    """Return the entries of ``before`` that are not in ``now``, ``missing`` being among them."""
    removed = set(range(len(before)))
    position = 0
    for index, entry in enumerate(before):
        if index not in missing and position < len(now) and now[position] == entry:
            removed.discard(index)
            position += 1
    return removed


def _dumped(text: str) -> list[str]:
    return [json.dumps(entry) for entry in parse_object(text, _FILE).get("crons", [])]


def _entries(text: str, file: str) -> tuple[JsonSpan, list[JsonSpan]]:
    document = parse_object(text, file)
    array = find(text, "crons")
    if array is None or not isinstance(document["crons"], list):
        raise ConfigError(f"{file} has no `crons` list.", reason="no-crons", where=file)
    return array, list(children(text, array.start))


def _check(indexes: Collection[int], count: int, file: str) -> None:
    for index in indexes:
        if not 0 <= index < count:
            raise _no_entry(index, file)


def _no_entry(index: int, file: str) -> ConfigError:
    return ConfigError(f"{file} has no crons[{index}].", reason="no-such-entry", where=file)


def remove_member(text: str, *path: str, file: str = _FILE) -> str:
    """Return ``text`` without the member that ``path`` leads to through objects.

    Raises:
        ConfigError: if the text is not JSON, or has no such member.
    """
    parse_object(text, file)
    holder = find(text, *path[:-1])
    if holder is None or find(text, *path) is None:
        raise ConfigError(f"{file} has no `{'.'.join(path)}`.", reason="no-member", where=file)
    return _without_member(text, path[-1], holder.start)


def _without_member(text: str, name: str, start: int | None = None) -> str:
    """Return ``text`` without a member of one object, every time it stands there."""
    start = text.index("{") if start is None else start
    members = list(children(text, start))
    if all(member.name == name for member in members):
        return text[: start + 1] + text[members[-1].end :].lstrip(" \t\r\n")
    kept_last = max(at for at, member in enumerate(members) if member.name != name)
    cuts = [
        (member.key, members[at + 1].key, "")
        for at, member in enumerate(members)
        if member.name == name and at < kept_last
    ]
    if kept_last < len(members) - 1:
        cuts.append((members[kept_last].end, members[-1].end, ""))
    return spliced(text, cuts)


def _with_empty_crons(text: str) -> str:
    """Return ``text`` with an empty ``crons`` as its last member."""
    start = text.index("{")
    members = list(children(text, start))
    if not members:
        return text[: start + 1] + '"crons": []' + text[start + 1 :].lstrip(" \t\r\n")
    lead = text[start + 1 : members[0].key]
    end = members[-1].end
    return text[:end] + f',{lead}"crons": []' + text[end:]


def _first_entry(text: str, array: JsonSpan, path: str, schedule: str) -> str:
    """Return the text of a ``crons`` list with one entry, indented like the rest of the file."""
    entry = f'{{ "path": {_quoted(path)}, "schedule": {_quoted(schedule)} }}'
    line = text[text.rfind("\n", 0, array.key) + 1 : array.key]
    if line.strip() or "\n" not in text:
        return f"[{entry}]"
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"[{newline}{line * 2}{entry}{newline}{line}]"


def _like(text: str, neighbour: JsonSpan, path: str, schedule: str) -> str:
    """Return a new entry in the layout of its neighbour."""
    members = list(children(text, neighbour.start)) if text[neighbour.start] == "{" else []
    if sorted(str(member.name) for member in members) != ["path", "schedule"]:
        return f'{{ "path": {_quoted(path)}, "schedule": {_quoted(schedule)} }}'
    values = {"path": path, "schedule": schedule}
    shift = neighbour.start
    return spliced(
        text[neighbour.start : neighbour.end],
        [(m.start - shift, m.end - shift, _quoted(values[str(m.name)])) for m in members],
    )


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=not value.isprintable())
