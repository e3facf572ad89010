"""Numbers with their nouns: ``1 entry``, ``1,200 entries``."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number and the noun in its form for that many.

    Args:
        number: how many there are.
        noun: in the singular; where it has several words, the first of two around ``of`` or the last
            of all is the one that changes.
    """
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    head, of, rest = noun.partition(" of ")
    ends_in_y = head.endswith("y") and head[-2] not in "aeou"
    return f"{head[:-1]}ies{of}{rest}" if ends_in_y else f"{head}s{of}{rest}"
