"""Runs as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.observing.judging import spoken
from cronshift.output.console import plain
from cronshift.runtime.ledger import TickStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.observing.runs import JobRun

MARKS = {
    TickStatus.COMPLETED: ("✓", "green"),
    TickStatus.FAILED: ("✗", "bold red"),
    TickStatus.CANCELLED: ("✗", "bold red"),
    TickStatus.RUNNING: ("…", "yellow"),
    TickStatus.SKIPPED: ("·", "dim"),
}


def runs_table(runs: Iterable[JobRun]) -> Table:
    """Return one line a run."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("Tick (UTC)", "Job", "By", "Status", "Tries", "Took", "Error", "Run"):
        table.add_column(name, overflow="fold")
    for run in runs:
        took = run.took
        table.add_row(
            f"{run.tick:%d %b %H:%M}" if run.tick else "",
            Text(plain(run.job)),
            run.side.value,
            Text(run.status.value, style=MARKS[run.status][1]),
            "?" if run.attempts is None else str(run.attempts),
            "" if took is None else spoken(took),
            Text(plain(_wrong(run))),
            Text(plain(run.id)),
        )
    return table


def run_text(run: JobRun) -> Text:
    """Return a run with its steps."""
    mark, style = MARKS[run.status]
    text = Text()
    text.append(f"{mark} ", style=style)
    text.append(f"{plain(run.job)}  {plain(run.id)}  {run.status.value}\n")
    took = run.took
    rows = {
        "Tick": f"{run.tick:%Y-%m-%d %H:%M} UTC" if run.tick else "",
        "Begun by": run.event,
        "By": run.side.value,
        "Owner": run.owner,
        "Attempts": "not known" if run.attempts is None else str(run.attempts),
        "Arrived": f"{run.arrived:%Y-%m-%d %H:%M:%S} UTC" if run.arrived else "",
        "Took": spoken(took) if took is not None else "",
        "Answer": str(run.http_status or ""),
        "Why": run.reason,
        "Error": run.error,
    }
    for name, value in rows.items():
        if value:
            text.append(f"  {name:<9} {plain(value)}\n")
    for step in run.steps:
        took_text = "" if step.milliseconds is None else f"  {step.milliseconds:,} ms"
        tries = "" if step.attempts == 1 else f"  {step.attempts} attempts"
        text.append(f"  · {plain(step.name)}  {plain(step.status)}{tries}{took_text}\n")
        if step.error:
            text.append(f"      {plain(step.error)}\n", style="red")
    return text[:-1]


def _wrong(run: JobRun) -> str:
    return (
        run.error
        or run.reason
        or (f"answered {run.http_status}" if run.is_dead and run.http_status else "")
    )
