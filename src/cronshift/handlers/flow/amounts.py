"""The amount that a call of Python's is given to write, where all goes well and where something failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.refusals import WORDS
from cronshift.handlers.flow.values import (
    ListValue,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
)

if TYPE_CHECKING:
    from cronshift.handlers.flow.ledger import Site
    from cronshift.handlers.flow.values import Arguments

_OF_ERRORS = {"error", "errors", "reason", "detail", "last_error", "error_message"}
_DEEPEST = 4  # lists and objects inside each other


def give(site: Site, arguments: Arguments) -> None:
    """Add what a call is given to what it was given before; no call of another language is given anything."""
    if not is_python(arguments.place.file):
        return
    for value in (*arguments.values, *arguments.named.values()):
        count, vague = _amount(value)
        site.amount += count
        site.vague += vague
        site.words = site.words or _is_worded(value)


def is_given_less(failed: Site, site: Site) -> bool:
    """Return whether a call is given less where something failed: an element less, an empty list, a zero.

    A value that is not told may be as much as any: where there are more of them, nothing is said.
    """
    is_told = failed.vague <= site.vague
    return is_told and failed.amount + failed.vague < site.amount + site.vague


def is_content(failed: Site) -> bool:
    """Return whether a call of the work is given the text of an error for what it was to write or to send."""
    return failed.words and not failed.rescuing


def _is_worded(value: object) -> bool:
    if isinstance(value, ObjectValue):
        return any(_is_worded(part) for name, part in value.cell.items() if name not in _OF_ERRORS)
    return isinstance(value, Unknown) and value.name == WORDS


def _amount(value: object, depth: int = _DEEPEST) -> tuple[int, int]:
    """Return the amount that a value holds, and how many of its parts are not told."""
    if isinstance(value, NativeObject) and value.name == "json":  # a text that says a value
        return _amount(value.data, depth)
    if isinstance(value, PlainValue):  # a zero that a failure leaves stands for no number
        is_zero = type(value.value) in {int, float} and not value.value
        return int(not (is_zero and Taint.FAILURE in value.taints)), 0
    if isinstance(value, ListValue) and depth:
        elements = value.elements
        return _whole([*elements.values], depth, is_open=elements.open)
    if isinstance(value, ObjectValue) and depth:
        count, vague = _whole([*value.cell.values()], depth, is_open=value.open)
        return count + bool(value.cell), vague
    return 0, int(isinstance(value, Unknown))


def _whole(parts: list[object], depth: int, *, is_open: bool) -> tuple[int, int]:
    """Return the amount of the parts of a list or an object together."""
    amounts = [_amount(part, depth - 1) for part in parts]
    return sum(count for count, _ in amounts), sum(vague for _, vague in amounts) + is_open
