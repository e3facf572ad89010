"""Ticks and what was seen of them, as people read it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.observing.fates import Fate
from cronshift.observing.judging import spoken
from cronshift.output.console import plain
from cronshift.readiness.fact import Knowledge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cronshift.observing.fates import TickFate
    from cronshift.observing.judging import JobSight

_MARKS = {Knowledge.GOOD: "✓", Knowledge.BAD: "✗", Knowledge.UNKNOWN: "?"}
_STYLES = {Knowledge.GOOD: "green", Knowledge.BAD: "bold red", Knowledge.UNKNOWN: "yellow"}


def sights_text(sights: Iterable[JobSight]) -> Text:
    """Return a line a job with what both sides saw, and what is bad or not known below it."""
    text = Text()
    for sight in sights:
        text.append(f"{_MARKS[sight.answer]} ", style=_STYLES[sight.answer])
        text.append(f"{plain(sight.job)}  {plain(sight.sentence)}\n")
        if sight.rehearsal.ticks and not sight.rehearsal.problem:
            text.append(f"    {plain(sight.rehearsal.sentence)}\n")
        for problem in sight.problems:
            text.append(f"    {plain(problem)}\n", style="bold red")
        for gap in sight.gaps:
            text.append(f"    not known: {plain(gap)}\n", style="yellow")
    return text[:-1] if text else Text("No job runs.")


def fates_table(fates: Sequence[TickFate]) -> Table:
    """Return one line a job: how many ticks came to which fate."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Job", overflow="fold")
    for fate in Fate:
        table.add_column(fate.value.capitalize(), justify="right", no_wrap=True)
    for job in dict.fromkeys(tick.job for tick in fates):
        count = Counter(tick.fate for tick in fates if tick.job == job)
        table.add_row(Text(job), *(f"{count[fate]:,}" if count[fate] else "" for fate in Fate))
    return table


def ticks_table(fates: Iterable[TickFate]) -> Table:
    """Return one line a tick: whose it was, and what became of it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("Tick (UTC)", "Job", "Owner", "Became", "Late", "Why"):
        table.add_column(name, overflow="fold")
    for tick in fates:
        table.add_row(
            f"{tick.tick:%d %b %H:%M}",
            Text(tick.job),
            tick.owner.value,
            tick.fate.value,
            "" if tick.late is None else spoken(tick.late),
            Text(plain(tick.reason)),
        )
    return table
