"""The jobs' health, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.observing.fates import Fate
from cronshift.observing.judging import spoken
from cronshift.output.console import plain
from cronshift.plan.forecast import allowances
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from cronshift.observing.health import Health, JobHealth
    from cronshift.observing.spending import Spending

_MARKS = {
    Fate.ON_TIME: ("✓", "green"),
    Fate.LATE: ("l", "yellow"),
    Fate.MISSED: ("m", "bold red"),
    Fate.DOUBLED: ("2", "bold red"),
    Fate.FAILED: ("✗", "bold red"),
    Fate.SKIPPED: ("·", "dim"),
    Fate.NOT_KNOWN: ("?", "dim"),
}
LEGEND = "✓ on time, l late, ✗ failed, m missed, 2 doubled, · skipped, ? not known"


def health_table(health: Health) -> Table:
    """Return one line a job: its last ticks as a strip, how many went well, how long they took."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Job", overflow="fold")
    table.add_column("Last ticks", no_wrap=True)
    for name in ("Well", "p50", "p95", "Missed"):
        table.add_column(name, justify="right", no_wrap=True)
    for job in health.jobs.values():
        rate, took = job.success_rate, job.took
        table.add_row(
            Text(plain(job.job)),
            strip(job),
            "?" if rate is None else f"{_percent(rate)} of {job.ended:,}",
            "?" if took is None else spoken(took.p50),
            "?" if took is None else spoken(took.p95),
            "?" if job.missed is None else f"{job.missed:,}",
        )
    return table


def spending_text(spending: Spending) -> str:
    """Return the cost of this month so far, in a sentence or two."""
    projected = spending.projected or 0
    plans = [
        f"{allowance.name} {allowance.executions:,}"
        f"{'' if projected <= allowance.executions else ' (too small)'}"
        for allowance in allowances()
    ]
    more = f", {spending.failures:,} of them for runs that failed or were cancelled"
    return (
        f"Inngest executions since {spending.since:%d %b}: {spending.executions:,}"
        f"{more if spending.failures else ''}; {counted(spending.retries, 'retry')} besides."
        f" At this rate {projected:,} this month; {spending.forecast:,} were every tick Inngest's."
        f" Plans: {', '.join(plans)}."
    )


def strip(job: JobHealth) -> Text:
    """Return a sign for each of the job's last ticks, the newest at the end."""
    text = Text()
    for tick in job.ticks:
        text.append(*_MARKS[tick.fate])
    return text


def _percent(rate: float) -> str:
    """Return a share that is never rounded to all."""
    return "100 %" if rate == 1 else f"{min(rate * 100, 99.9):.1f} %"
