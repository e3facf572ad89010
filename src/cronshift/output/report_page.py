"""A report as one page of HTML: no script, nothing from elsewhere, light and dark."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.observing.fates import Fate
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from jinja2 import Environment

    from cronshift.moving.report import Lane, MoveReport
    from cronshift.observing.fates import TickFate

WIDTH = 960
_COLUMNS = 240  # dots that a lane has room for
_MOST_LISTED = 200
_WORST_FIRST = (
    Fate.DOUBLED,
    Fate.MISSED,
    Fate.FAILED,
    Fate.NOT_KNOWN,
    Fate.LATE,
    Fate.SKIPPED,
    Fate.ON_TIME,
)
_SHAPES = {  # each another form, so that no colour is needed to tell them apart
    Fate.ON_TIME: "M{x} 12h0",
    Fate.LATE: "M{x} 14h0",
    Fate.SKIPPED: "M{x} 12h2",
    Fate.NOT_KNOWN: "M{x} 19h0",
    Fate.FAILED: "M{x} 9l5 5m0-5l-5 5",
    Fate.MISSED: "M{x} 5v14",
    Fate.DOUBLED: "M{x} 8h0m0 7h0",
}
_SIGNS = {Knowledge.GOOD: "✓", Knowledge.BAD: "✗", Knowledge.UNKNOWN: "?"}


class Stroke(Struct, frozen=True):
    """The dots of one lane that look alike: whose, what became of them, and a path of SVG."""

    owner: str
    fate: str
    path: str


def report_page(report: MoveReport, now: datetime) -> str:
    """Return the page; all that it says comes from the report, and is escaped."""
    lanes = [
        (lane, list(_strokes(report, lane)), list(_lines(report, lane))) for lane in report.lanes
    ]
    wrong = [fate for lane in report.lanes for fate in lane.fates if _is_wrong(fate)]
    wrong.sort(key=lambda fate: fate.tick)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            lanes=lanes,
            marks=[(_x(report, mark.at), mark) for mark in report.marks],
            wrong=wrong[:_MOST_LISTED],
            unlisted=max(0, len(wrong) - _MOST_LISTED),
            fates=list(Fate),
            signs=_SIGNS,
            width=WIDTH,
            now=now,
        )
    )


def _strokes(report: MoveReport, lane: Lane) -> Iterator[Stroke]:
    """Yield the paths of a lane's dots; where there are more ticks than room, the worst of some stands for them."""
    paths: dict[tuple[str, Fate], list[str]] = defaultdict(list)
    for tick in _thinned(lane.fates):
        shape = _SHAPES[tick.fate].format(x=_x(report, tick.tick))
        paths[tick.owner.value, tick.fate].append(shape)
    for (owner, fate), shapes in paths.items():
        yield Stroke(owner, fate.name.lower().replace("_", "-"), "".join(shapes))


def _thinned(fates: Sequence[TickFate]) -> Iterator[TickFate]:
    size = -(-len(fates) // _COLUMNS) or 1
    for start in range(0, len(fates), size):
        yield min(fates[start : start + size], key=lambda fate: _WORST_FIRST.index(fate.fate))


def _lines(report: MoveReport, lane: Lane) -> Iterator[tuple[int, str]]:
    for epoch in lane.epochs:
        who = (
            "paused"
            if epoch.owner is not None and epoch.owner.value == "nobody"
            else f"{epoch.percent} %"
        )
        yield _x(report, epoch.effective_at), who


def _x(report: MoveReport, at: datetime) -> int:
    share = (at - report.since) / (report.until - report.since)
    return round(4 + share * (WIDTH - 8))


def _is_wrong(fate: TickFate) -> bool:
    return fate.fate in {Fate.MISSED, Fate.DOUBLED, Fate.FAILED}


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cronshift.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
