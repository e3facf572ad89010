"""The verdicts of the evidence, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.moving.evidence.verdict import Decision
from cronshift.output.console import plain
from cronshift.project.thresholds import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cronshift.moving.evidence.testing import MetricTest
    from cronshift.moving.evidence.verdict import Judgement

_STYLES = {
    Decision.PROMOTE: "green",
    Decision.HOLD: "yellow",
    Decision.ROLL_BACK: "bold red",
    Decision.INCONCLUSIVE: "yellow",
}


def metrics_table(judgements: Sequence[Judgement]) -> Table:
    """Return one line for each job and metric: the bad ticks of both sides, and the test's answer.

    The transport of all jobs stands once, above them.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Job", overflow="fold")
    for column in ("Inngest", "Metric"):
        table.add_column(column, no_wrap=True)
    for column in ("Bad at Vercel", "at Inngest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    is_pooled = len(judgements) > 1
    shown: set[MetricTest] = set()
    for judgement in judgements:
        head = (judgement.job, f"{judgement.percent} %")
        for test in judgement.tests:
            sides = (f"{bad} of {ticks}" for ticks, bad in (test.vercel, test.inngest))
            outcome = str(test.outcome) + ("" if test.decides else " (told only)")
            if is_pooled and test.metric in TRANSPORT:
                if test not in shown:
                    table.add_row("all jobs", "", str(test.metric), *sides, outcome)
                shown.add(test)
                continue
            table.add_row(Text(plain(head[0])), head[1], str(test.metric), *sides, outcome)
            head = ("", "")
    return table


def verdicts_text(judgements: Iterable[Judgement]) -> Text:
    """Return a line for each job: the verdict, and why."""
    text = Text()
    for judgement in judgements:
        verdict = str(judgement.decision)
        if judgement.decision is Decision.PROMOTE and judgement.following is not None:
            verdict += f" to {judgement.following} %"
        text.append(f"{plain(judgement.job)}: ")
        text.append(verdict, style=_STYLES[judgement.decision])
        text.append(f". {plain(judgement.reason)}\n")
        if judgement.rehearsal.ticks:
            text.append(f"    {plain(judgement.rehearsal.sentence)}\n")
    return text[:-1] if text else Text("No job has a function whose ticks could be compared.")
