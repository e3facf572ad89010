"""The lists that a call is handed: how many elements they have, all told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import ListValue, ObjectValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.ledger import Site
    from cronshift.handlers.flow.values import Arguments

_BATCHES = ("data", "values", "rows", "records", "items", "documents", "messages")
"""The names under which clients are handed what they write, ``createMany({ data: rows })``."""


def take_in(site: Site, arguments: Arguments) -> None:
    """Add the elements of the lists that a call is handed to those before; of one that is not told, none are."""
    lists = list(_lists(arguments))
    is_told = all(each.elements.values or not each.elements.open for each in lists)
    if lists and is_told and (site.turns == 1 or site.handed is not None):
        site.handed = (site.handed or 0) + sum(len(each.elements.values) for each in lists)
    elif site.turns > 1 or not is_told:
        site.handed = None


def is_handed_less(failed: Site, site: Site) -> bool:
    """Return whether a call is handed fewer elements where something failed, or none at all."""
    if failed.handed is None or site.handed is None:
        return failed.handed == 0
    return failed.handed < site.handed


def _lists(arguments: Arguments) -> Iterator[ListValue]:
    for value in (*arguments.values, *arguments.named.values()):
        if isinstance(value, ListValue):
            yield value
        elif isinstance(value, ObjectValue):
            batches = (value.cell.get(name) for name in _BATCHES)
            yield from (each for each in batches if isinstance(each, ListValue))
