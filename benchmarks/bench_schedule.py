"""Schedules beside croniter: iterating, reading, counting, and answering that nothing comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from time import perf_counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

from cronshift.runtime.schedule import Schedule
from table import Row

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
MINUTES = 365 * 24 * 60
PEER_TICKS = 20_000  # enough to tell the peer's rate; a whole year would take it long


def rows() -> list[Row]:
    return [
        _year("UTC"),
        _year("America/New_York"),
        _reading(),
        _never(),
        _counting(),
    ]


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _year(zone: str) -> Row:
    schedule = Schedule.parse(f"TZ={zone} * * * * *")
    end = START + YEAR
    ticks = 0

    def iterate() -> None:
        nonlocal ticks
        ticks = sum(1 for _ in takewhile(lambda tick: tick <= end, schedule.after(START)))

    ours = _seconds(iterate)
    assert ticks == MINUTES
    peer = croniter("* * * * *", START.astimezone(ZoneInfo(zone)), ret_type=datetime)
    theirs = _seconds(lambda: sum(1 for _ in islice(peer, PEER_TICKS))) * MINUTES / PEER_TICKS
    name = f"a year of every-minute ticks, {zone}"
    return Row(name, f"{ours:.2f} s", f"croniter {theirs:.1f} s", ours / theirs, "< 1 s", ours < 1)


def _reading() -> Row:
    expressions = [f"*/{n} 9-17 1,15 */3 *" for n in range(1, 60)] * 20
    ours = _seconds(lambda: [Schedule.parse(text) for text in expressions]) / len(expressions)
    theirs = _seconds(lambda: [croniter(text, START) for text in expressions]) / len(expressions)
    told, peer = f"{ours * 1e6:.0f} µs", f"croniter {theirs * 1e6:.0f} µs"
    return Row("reading an expression", told, peer, ours / theirs, "< croniter", ours < theirs)


def _never() -> Row:
    ours = _seconds(lambda: next(Schedule.parse("0 0 30 2 *").after(START), None))

    def search() -> None:
        try:
            croniter("0 0 30 2 *", START).get_next(datetime)
        except CroniterBadDateError:
            return
        raise AssertionError("30 February came")

    theirs = _seconds(search)
    told, peer = f"{ours * 1e3:.2f} ms", f"croniter {theirs * 1e3:.2f} ms"
    return Row("30 February never comes", told, peer, ours / theirs, "< 1 ms", ours < 1e-3)


def _counting() -> Row:
    schedule = Schedule.parse("*/5 * * * *")
    ours = _seconds(lambda: schedule.count(START, START + YEAR))
    theirs = _seconds(lambda: sum(1 for _ in takewhile(_within, schedule.after(START))))
    told, peer = f"{ours * 1e3:.2f} ms", f"iterating {theirs * 1e3:.2f} ms"
    return Row(
        "a year's ticks counted", told, peer, ours / theirs, "< iterating / 5", ours < theirs / 5
    )


def _within(tick: datetime) -> bool:
    return tick <= START + YEAR
