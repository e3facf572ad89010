"""The usual results of a job at Vercel, and the odd ones beside them. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cronshift.runtime.ledger import TickStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from cronshift.runtime.ledger import TickRecord

_ENOUGH = 20  # runs, before one is odd beside them
_SHARE = 0.95


class UsualResult:
    """The results of Vercel's runs: their digests, sizes, numbers and times.

    Args:
        records: of runs that went well.
    """

    def __init__(self, records: Iterable[TickRecord]) -> None:
        runs = list(records)
        self._runs = len(runs)
        self._digests = {record.digest for record in runs}
        self._statuses = {record.http_status for record in runs}
        self._ranges: defaultdict[str, list[float]] = defaultdict(list)
        for record in runs:
            for name, value in _numbers(record):
                self._ranges[name].append(value)
        times = sorted(taken for record in runs if (taken := _taken(record)) is not None)
        is_enough = len(times) >= _ENOUGH
        self._slowest = times[int(_SHARE * (len(times) - 1))] if is_enough else None

    def is_slow(self, record: TickRecord, slower: float) -> bool | None:
        """Return whether a run took so many times what nearly all take; ``None`` where it is not known."""
        taken = _taken(record)
        return None if taken is None or self._slowest is None else taken > slower * self._slowest

    def is_odd(self, record: TickRecord) -> bool | None:
        """Return whether a result is none that runs usually give; ``None`` where it is not known.

        It is usual to be the same as another one; or to have a status that others have, and numbers
        and a size within what others span, and as much again to both sides.
        """
        if self._runs < _ENOUGH or record.status is not TickStatus.COMPLETED:
            return None
        if record.digest is not None and record.digest in self._digests:
            return False
        is_strange = record.http_status not in self._statuses
        return is_strange or any(self._is_outside(*number) for number in _numbers(record))

    def _is_outside(self, name: str, value: float) -> bool:
        values = self._ranges.get(name)
        if values is None:
            return True
        least, most = min(values), max(values)
        room = max(most - least, abs(most) * 0.1)
        return not least - room <= value <= most + room


def _numbers(record: TickRecord) -> Iterable[tuple[str, float]]:
    yield from record.numbers.items()
    if record.size is not None:
        yield "", record.size


def _taken(record: TickRecord) -> timedelta | None:
    if record.started is None or record.ended is None or record.status is not TickStatus.COMPLETED:
        return None
    return record.ended - record.started
