"""The promises that are in a value: in a list, or in one of a few that it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import ListValue, Promise, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.machine import Machine


def promises_in(*values: Value) -> Iterator[Promise]:
    """Yield the promises among values, those in lists and of several ways too."""
    for value in values:
        if isinstance(value, Promise):
            yield value
        elif isinstance(value, ListValue):
            yield from promises_in(*value.elements.values)
        elif isinstance(value, Unknown):
            yield from promises_in(*value.alternatives)


def keep_together(machine: Machine, whole: Value, results: Sequence[Value]) -> None:
    """Take note that who waits for one of several waits for those too that are not kept in the whole."""
    kept = {id(promise) for promise in promises_in(whole)}
    for promise in promises_in(*results):
        if id(promise) not in kept:
            machine.consume(promise)
