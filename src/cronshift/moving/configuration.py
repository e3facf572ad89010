"""Vercel's configuration without some of its entries, and with them again: text in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import ConfigError, RefusedError
from cronshift.model import Origin
from cronshift.project.workflows.sources import workflow_entries
from cronshift.vercel import ConfigFormat, VercelConfig, edit, parse_config, toml_edit
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import CronEntry
    from cronshift.project.settings import MovedEntry, Settings

SIDE_BY_SIDE = {ConfigFormat.JSON, ConfigFormat.TOML}


def without_entries(source: VercelConfig, entries: Sequence[CronEntry]) -> str | None:
    """Return Vercel's file without entries; ``None`` where that cannot be done as text."""
    indexes = [entry.index for entry in entries if entry.index is not None]
    others = [entry.pointer for entry in entries if entry.origin is Origin.SCHEDULES]
    if source.format not in SIDE_BY_SIDE or len(indexes) + len(others) != len(entries):
        return None
    if source.format is ConfigFormat.TOML:
        without = toml_edit.remove_entries(source.text, indexes, file=source.file)
        return None if others else without
    text = (
        edit.remove_entries(source.text, indexes, drop_empty=True, file=source.file)
        if indexes
        else source.text
    )
    return edit.remove_schedules(text, others, file=source.file) if others else text


def with_entries(
    source: VercelConfig, now: bytes, befores: Sequence[bytes], entries: Sequence[MovedEntry]
) -> bytes:
    """Return Vercel's file with entries back, as and where they were in ``befores``, newest first."""
    text, file = now.decode(), source.file
    insert = edit.insert_entry if source.format is ConfigFormat.JSON else toml_edit.insert_entry
    for entry in entries:
        key = key_of(entry)
        holding = [before for before in befores if key in entries_of(before, file)]
        there = entries_of(text.encode(), file)
        if there.count(key) >= max(
            [entries_of(before, file).count(key) for before in holding[:1]], default=1
        ):
            continue  # somebody has put it back by hand
        if any(_pointer(before, key, file) for before in holding):
            text = _with_schedule(text, holding, key, file)
            continue
        whole = (_restored(text, before.decode(), key, source) for before in holding)
        restored = next((whole_text for whole_text in whole if whole_text is not None), None)
        if restored is None:
            restored = insert(text, _place(key, holding, there, file), *key, file=file)
        text = restored
    return text.encode()


def _pointer(before: bytes, key: tuple[str, str], file: str) -> str | None:
    """Return the place of an entry among ``schedules``; ``None`` where it stands elsewhere."""
    entries = parse_config(before.decode(), file).entries
    listed = (e.pointer for e in entries if e.origin is Origin.SCHEDULES and key_of(e) == key)
    return next(listed, None)


def _with_schedule(text: str, befores: Sequence[bytes], key: tuple[str, str], file: str) -> str:
    """Return ``text`` with an entry of ``schedules`` back, as it stood in one of ``befores``.

    Raises:
        RefusedError: where somebody has edited the rest since.
    """
    left = entries_of(text.encode(), file)
    for before in befores:
        there = [
            e for e in parse_config(before.decode(), file).entries if e.origin is Origin.SCHEDULES
        ]
        out = [e.pointer for e in there if key_of(e) not in left]
        if out and edit.remove_schedules(before.decode(), out, file=file) == text:
            still = [e.pointer for e in there if key_of(e) not in {*left, key}]
            return (
                edit.remove_schedules(before.decode(), still, file=file)
                if still
                else before.decode()
            )
    raise RefusedError(
        f"{file} was edited since {key[0]} left its `schedules`, so it cannot come back as text.",
        reason="not-editable",
        hint="Write that entry into it by hand, as git has it.",
        where=file,
    )


def _restored(text: str, before: str, key: tuple[str, str], source: VercelConfig) -> str | None:
    if source.format is not ConfigFormat.JSON:
        return None
    original = _called_as_in(text, before, source.file)
    index = entries_of(before.encode(), source.file).index(key)
    return edit.restore_entries(text, original, [index])


def _place(
    key: tuple[str, str], befores: Sequence[bytes], now: Sequence[tuple[str, str]], file: str
) -> int:
    """Return the index behind the entries that stood before this one, where most are known."""
    orders = [entries_of(before, file) for before in befores]
    order = max(orders, key=lambda candidate: len(set(candidate) & set(now)), default=None)
    if order is None:
        return len(now)
    sooner = order[: order.index(key)]
    return max((at for at, entry in enumerate(now, 1) if entry in sooner), default=0)


def _called_as_in(text: str, original: str, file: str) -> str:
    """Return ``original`` with the entries that ``text`` has too called where they are called there.

    Some may have gone to the dispatcher, or come back from it, since; that is no edit by hand.
    """
    called = {(e.path, e.schedule): e.called for e in parse_config(text, file).entries}
    for entry in parse_config(original, file).entries:
        now = called.get((entry.path, entry.schedule), entry.called)
        if entry.index is None or (now is None) == (entry.called is None):
            continue
        base = (now or entry.called or "").partition(f"{MOUNT}/")[0]
        old, new = (base, base + MOUNT) if now else (base + MOUNT, base)
        original = edit.replace_path_start(original, entry.index, old, new, file=file)
    return original


def entries_of(data: bytes, file: str, settings: Settings | None = None) -> list[tuple[str, str]]:
    """Return path and schedule of each entry of a configuration, or of a workflow that the settings name."""
    try:
        if settings is not None and file in settings.workflows:
            entries_of = workflow_entries(data.decode(), file, settings)
            return [(entry.path, entry.schedule) for entry in entries_of]
        entries = parse_config(data.decode(), file).entries
    except (ConfigError, UnicodeDecodeError):
        return []
    return [(entry.path, entry.schedule) for entry in entries]


def key_of(entry: MovedEntry | CronEntry) -> tuple[str, str]:
    """Return path and schedule of an entry."""
    return entry.path, entry.schedule
