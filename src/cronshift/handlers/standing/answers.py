"""What becomes of a call at the code that stands before its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.model import Location


@dataclass(frozen=True, slots=True)
class LetsBy:
    """The call goes on to its path."""


@dataclass(frozen=True, slots=True)
class Stops:
    """The call is answered before it reaches its path; ``how`` reads on from the place."""

    place: Location
    how: str


@dataclass(frozen=True, slots=True)
class Untold:
    """Only running the code would tell; ``why`` reads on from the place."""

    place: Location
    why: str


Answer = LetsBy | Stops | Untold


def together(answers: Iterable[Answer]) -> Answer:
    """Return what holds of all branches: untold, where they differ."""
    listed = list(dict.fromkeys(answers))
    untold = next((answer for answer in listed if isinstance(answer, Untold)), None)
    stopping = [answer for answer in listed if isinstance(answer, Stops)]
    if untold is not None:
        return untold
    if not stopping:
        return LetsBy()
    if len(stopping) == len(listed):
        return stopping[0]
    return Untold(stopping[0].place, f"{stopping[0].how} in some cases")
