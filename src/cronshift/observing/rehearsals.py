"""The sight that rehearsals give of a job: where the other side's answers differ by more than chance. Pure.

What both sides answer to one tick is compared value by value. The acting side is rehearsed too, and
what differs between its own two answers, a clock or a counter, is the floor that counts for nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.project.counting import counted
from cronshift.runtime.comparing import PREFIX
from cronshift.runtime.dry_runs import FLOOR
from cronshift.runtime.ledger import Role, TickStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cronshift.runtime.ledger import TickRecord

STATUS = "the status"
_MOST = 100  # rehearsals, which are looked at
_LEAST = 0.03
"""The share of rehearsals that may differ in a value, whatever the floor."""
_ABOVE = 0.2
"""By so much of both together is a difference more often than on the floor."""


class ValueDifference(Struct, frozen=True):
    """A value that differed between the side that acted and a rehearsal.

    Attributes:
        path: of the value, in the answer.
        ticks: how many rehearsals of the other side differed in it.
        floor: how many of the acting side's own did.
    """

    path: str
    ticks: int
    floor: int


class RehearsalSight(Struct, frozen=True):
    """The sight that rehearsals give of a job.

    Attributes:
        ticks: how many of the side that stands by there are to compare.
        floor: how many of the acting side's own there are.
        failed: how many of those that stand by failed where the acting side did not.
        differences: the values that differed at all, the most frequent first.
    """

    ticks: int = 0
    floor: int = 0
    failed: int = 0
    differences: tuple[ValueDifference, ...] = ()

    @property
    def beyond(self) -> tuple[ValueDifference, ...]:
        """The values that differ more often than the acting side differs from itself."""
        return tuple(value for value in self.differences if self._is_beyond(value))

    @property
    def problem(self) -> str:
        """The differences beyond the floor, in a sentence; empty for none."""
        if not self.beyond:
            return ""
        of_all = f"of {counted(self.ticks, 'rehearsal')}"
        parts = [f"{value.ticks:,} in {value.path}" for value in self.beyond[:3]]
        more = len(self.beyond) - len(parts)
        return f"Differences {of_all}: {', '.join(parts)}{f', and {more} more' if more else ''}."

    @property
    def sentence(self) -> str:
        """The sight in a sentence; empty where nothing was rehearsed."""
        if not self.ticks:
            return ""
        floor = (
            f"asked again {counted(self.floor, 'time')}, the acting side differed from itself in {self._noisy}"
            if self.floor
            else "how the acting side differs from itself is not known"
        )
        alike = self.problem.rstrip(".") or "no value differs by more than chance"
        return f"{counted(self.ticks, 'rehearsal')}; {alike}; {floor}."

    def to_json(self) -> dict[str, Any]:
        """Return the sight's part of a document."""
        beyond = {value.path for value in self.beyond}
        return {
            "ticks": self.ticks,
            "floor_ticks": self.floor,
            "failed": self.failed,
            "differences": [
                {
                    "path": value.path,
                    "ticks": value.ticks,
                    "floor_ticks": value.floor,
                    "beyond_floor": value.path in beyond,
                }
                for value in self.differences
            ],
        }

    @property
    def _noisy(self) -> str:
        values = [value.path for value in self.differences if value.floor]
        return f"{', '.join(values[:3])}{' …' if len(values) > 3 else ''}" or "nothing"  # noqa: PLR2004

    def _is_beyond(self, value: ValueDifference) -> bool:
        share = value.ticks / self.ticks if self.ticks else 0.0
        floor = value.floor / self.floor if self.floor else 0.0
        return share > _LEAST and share - floor > _ABOVE * (share + floor)


def rehearsed(records: Iterable[TickRecord]) -> RehearsalSight:
    """Return the sight that one job's records give; of ticks whose work is over, and was compared."""
    by_tick: defaultdict[datetime, list[TickRecord]] = defaultdict(list)
    for record in records:
        if record.status in {TickStatus.COMPLETED, TickStatus.FAILED}:
            by_tick[record.tick].append(record)
    counts = {False: Counter[str](), True: Counter[str]()}
    ticks, failed = Counter[bool](), 0
    for of_tick in by_tick.values():
        acted = next((record for record in of_tick if record.role is Role.ACTED), None)
        for record in of_tick:
            if acted is None or record.role is not Role.REHEARSED or not _is_comparable(acted):
                continue
            is_floor = is_of_floor(record)
            ticks[is_floor] += 1
            counts[is_floor].update(_differing(acted, record))
            failed += not is_floor and _has_failed(record) and not _has_failed(acted)
    paths = counts[False] | counts[True]
    differences = (ValueDifference(path, counts[False][path], counts[True][path]) for path in paths)
    return RehearsalSight(
        ticks[False],
        ticks[True],
        failed,
        tuple(sorted(differences, key=lambda value: (-value.ticks, -value.floor, value.path))),
    )


def of_newest(records: Iterable[TickRecord]) -> list[TickRecord]:
    """Return the records of the newest ticks, since the side that stands by was deployed last."""
    ordered = sorted(records, key=lambda record: (record.tick, record.arrived))
    standing = [
        record for record in ordered if record.role is Role.REHEARSED and not is_of_floor(record)
    ]
    if not standing:
        return []
    last = standing[-1]
    others = [record.tick for record in standing if record.deployment != last.deployment]
    ticks = sorted({record.tick for record in standing if not others or record.tick > others[-1]})
    return [record for record in ordered if record.tick >= ticks[-_MOST:][0]]


def is_of_floor(record: TickRecord) -> bool:
    """Return whether a record is of a rehearsal by the side that acted."""
    return record.role is Role.REHEARSED and (record.run_id or "").endswith(FLOOR)


def _is_comparable(acted: TickRecord) -> bool:
    """Return whether the work's own answer is known, value by value, or failed."""
    return _has_failed(acted) or any(name.startswith(PREFIX) for name in acted.seen)


def _differing(acted: TickRecord, record: TickRecord) -> set[str]:
    """Return the paths of the values that two answers do not share."""
    if _has_failed(record) or _has_failed(acted):
        return set() if _has_failed(record) is _has_failed(acted) else {STATUS}
    mine, other = _values(acted), _values(record)
    return {path for path in mine.keys() | other.keys() if mine.get(path) != other.get(path)}


def _values(record: TickRecord) -> dict[str, str]:
    tokens = {
        name.removeprefix(PREFIX): token
        for name, token in record.seen.items()
        if name.startswith(PREFIX)
    }
    return tokens | {STATUS: str(record.http_status)}


def _has_failed(record: TickRecord) -> bool:
    return record.status is TickStatus.FAILED
