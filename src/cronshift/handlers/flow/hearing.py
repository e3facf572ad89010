"""The answer of a run that failed: how much of the failure its body tells."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from cronshift.handlers.flow.refusals import REFUSED, hangs
from cronshift.handlers.flow.values import (
    ListValue,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
    same,
    taints_of,
    truth,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_INSIDE = 5  # lists and objects inside each other
_FAILING = lazy_pattern(r"fail|error|problem|skipped|reject", re.IGNORECASE)
"""Names under which an answer tells of failures, whatever stands there."""
_DENIED = frozenset({"ok", "success"})
"""Names that an answer leaves out, or denies, where something failed."""


class Heard(IntEnum):
    """The measure of what a caller hears of a failure, the least first."""

    NOTHING = 0
    """No part of the body hangs on it, and all of the body is known."""
    UNCLEAR = 1
    """A part comes out otherwise and says nothing of it, ``sent: 0``, or is not known."""
    WORDS = 2
    """A part says so: the error, a text of it, a ``false``."""
    NAME = 3
    """A part is named so: ``failed: 2``, ``errors: […]``, ``ok: false``."""


def heard(
    body: Value | None, usual: Iterable[Value | None], elsewhere: Iterable[Value | None] = ()
) -> Heard:
    """Return the measure in which a body tells of a failure.

    Args:
        body: of the answer where the work failed.
        usual: the bodies where nothing fails.
        elsewhere: those of them that are answered at another place.
    """
    apart = _apart(body, tuple(elsewhere))
    if names_it(apart):
        return Heard.NAME
    if (
        names_it(apart, stale=True)
        or speaks_of_it(apart)
        or any(_turns(body, whole) for whole in usual)
    ):
        return Heard.WORDS
    return Heard.NOTHING if _is_whole(apart) else Heard.UNCLEAR


def _apart(body: Value | None, usual: Iterable[Value | None]) -> Value | None:
    """Return a body without the fields that say what they say where nothing fails."""
    if not isinstance(body, ObjectValue):
        is_usual = any(_are_same(body, whole) for whole in usual)
        return None if is_usual else body
    wholes = [whole.cell for whole in usual if isinstance(whole, ObjectValue)]
    cell = {
        key: value
        for key, value in body.cell.items()
        if not any(_are_same(value, whole.get(key)) for whole in wholes)
    }
    return ObjectValue(cell, body.open, body.taints, body.of)


def _are_same(first: Value | None, second: Value | None) -> bool:
    return isinstance(first, PlainValue) and isinstance(second, PlainValue) and same(first, second)


def names_it(value: Value | None, *, stale: bool = False) -> bool:
    """Return whether a part of a body that hangs on the failure is named so: ``failed``, ``ok``.

    Args:
        value: the body, or a part of it.
        stale: whether the count of what did not change is enough, ``failed: all - sent``.
    """
    fields = value.cell.items() if isinstance(value, ObjectValue) else ()
    return any(
        ((_FAILING.search(key) and not _is_empty(part)) or (key in _DENIED and _is_false(part)))
        and hangs_on_it(part)
        and (stale or Taint.STALE not in taints_of(part))
        for key, part in fields
    ) or any(names_it(part, stale=stale) for part in _parts(value))


def hangs_on_it(value: Value | None, depth: int = _MOST_INSIDE) -> bool:
    """Return whether a value hangs on the failure, or a part of it does."""
    if value is None:
        return False
    if Taint.FAILURE in taints_of(value) or _is_refused(value):
        return True
    return depth > 0 and any(hangs_on_it(part, depth - 1) for part in _parts(value))


def speaks_of_it(value: Value | None, depth: int = _MOST_INSIDE) -> bool:
    """Return whether a value is the error, a text of it or a ``false``, or a part of it is."""
    if value is None:
        return False
    if few := _few(value):
        speaking = [part for part in few if speaks_of_it(part, 0)]
        return len(speaking) == len(few) or any(map(_is_word, speaking))
    if Taint.LOUD in value.taints or _is_refused(value):
        return True
    return depth > 0 and any(speaks_of_it(part, depth - 1) for part in _parts(value))


def _is_refused(value: Value) -> bool:
    return isinstance(value, NativeObject) and value.data == REFUSED


def _few(value: Value) -> tuple[Value, ...]:
    """Return the texts, numbers and their like of which a value is one; none where it is another."""
    few = value.alternatives if isinstance(value, Unknown) else ()
    return few if all(isinstance(part, PlainValue | Unknown) for part in few) else ()


def _is_word(value: Value) -> bool:
    """Return whether a value is the error itself or a text of it, and no count that may be another's."""
    if not isinstance(value, PlainValue):
        return True
    return value.value is True or (isinstance(value.value, str) and bool(value.value))


def _turns(body: Value | None, usual: Value | None) -> bool:
    """Return whether a body denies what it says where nothing fails, or leaves that out."""
    if not isinstance(body, ObjectValue) or not isinstance(usual, ObjectValue):
        return False
    denied = {key for key, value in body.cell.items() if _is_false(value)}
    denied |= set() if body.open or _DENIED & body.cell.keys() else _DENIED
    return any(key in usual.cell and not _is_false(usual.cell[key]) for key in denied)


def _is_whole(value: Value | None, depth: int = _MOST_INSIDE) -> bool:
    """Return whether all of a value is known, and none of it hangs on the failure."""
    if value is None or isinstance(value, PlainValue):
        return value is None or not hangs(value.taints)
    is_open = value.open if isinstance(value, ObjectValue) else not isinstance(value, ListValue)
    if is_open or depth == 0 or hangs(value.taints):
        return False
    is_open = isinstance(value, ListValue) and value.elements.open
    return not is_open and all(_is_whole(part, depth - 1) for part in _parts(value))


def _is_empty(value: Value) -> bool:
    """Return whether a value is a zero, nothing or an empty list: none failed, it says."""
    if isinstance(value, ListValue):
        return not value.elements.values and not value.elements.open
    return isinstance(value, PlainValue) and truth(value) is False


def _is_false(value: Value) -> bool:
    return isinstance(value, PlainValue) and value.value is False


def _parts(value: Value | None) -> Iterable[Value]:
    """Return the parts of a value: its elements, its fields, the few that it may be."""
    if isinstance(value, ListValue):
        return value.elements.values
    if isinstance(value, ObjectValue):
        return value.cell.values()
    return value.alternatives if isinstance(value, Unknown) else ()
