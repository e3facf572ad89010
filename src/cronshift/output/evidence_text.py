"""The verdicts of the evidence, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.evidence.verdict import Decision
from cronshift.output.console import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.evidence.verdict import Judgement

_STYLES = {
    Decision.PROMOTE: "green",
    Decision.HOLD: "yellow",
    Decision.ROLL_BACK: "bold red",
    Decision.INCONCLUSIVE: "yellow",
}


def metrics_table(judgements: Iterable[Judgement]) -> Table:
    """Return one line for each job and metric: the bad ticks of both sides, and what that shows."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in ("Job", "Inngest", "Metric"):
        table.add_column(column, no_wrap=column != "Job")
    for column in ("Bad at Vercel", "Bad at Inngest"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for judgement in judgements:
        head = (Text(plain(judgement.job)), f"{judgement.percent} %")
        for test in judgement.tests:
            sides = (f"{bad} of {ticks}" for ticks, bad in (test.vercel, test.inngest))
            outcome = str(test.outcome) + ("" if test.decides else " (told only)")
            table.add_row(*head, str(test.metric), *sides, outcome)
            head = (Text(), "")
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
    return text[:-1] if text else Text("No job has a function whose ticks could be compared.")
