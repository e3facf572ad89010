"""Monitors as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.operations.services.monitoring import DueByCron
from cronshift.output.console import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.readiness.setup.monitors import WatchedJob


def monitors_table(jobs: Iterable[WatchedJob]) -> Table:
    """Return one line a job: when its monitor expects it, where its address is, and what there is."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("Job", "Due", "Grace", "Address in", "At the service"):
        table.add_column(name, overflow="fold")
    for watched in jobs:
        due, place = watched.monitor.due, watched.variable if watched.is_told else "nowhere"
        if isinstance(due, DueByCron):
            expected = f"{due.expression} ({due.zone})"
        else:
            expected = f"every {due.seconds:,} s"
        table.add_row(
            Text(plain(watched.job)),
            Text(plain(expected)),
            f"{watched.monitor.grace // 60} min",
            Text(plain(place)),
            watched.state.value.replace("-", " "),
        )
    return table
