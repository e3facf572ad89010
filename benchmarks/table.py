"""One row a measurement: ours, the peer's, the ratio, the target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement beside its peer, taken in the same run.

    ``ratio`` is ours divided by the peer's, in the unit given; ``ok`` says whether the target holds.
    """

    name: str
    ours: str
    peer: str
    ratio: float | None
    target: str
    ok: bool
