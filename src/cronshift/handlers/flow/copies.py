"""Values apart from those that are given, as far as they are plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import ListValue, ObjectValue, PlainValue, items_of

if TYPE_CHECKING:
    from cronshift.handlers.flow.values import Value


def copied(value: Value) -> Value | None:
    """Return a value apart from the one that is given; ``None`` where it is more than plain data."""
    if isinstance(value, PlainValue):
        return value
    if isinstance(value, ListValue):
        parts = [copied(part) for part in value.elements.values]
        whole = tuple(part for part in parts if part is not None)
        is_whole = len(whole) == len(parts)
        return (
            items_of(*whole, is_open=value.elements.open, taints=value.taints) if is_whole else None
        )
    if isinstance(value, ObjectValue) and value.of is None:
        cells = {key: copied(part) for key, part in value.cell.items()}
        cell = {key: part for key, part in cells.items() if part is not None}
        is_whole = len(cell) == len(cells)
        return ObjectValue(cell, value.open, value.taints) if is_whole else None
    return None
