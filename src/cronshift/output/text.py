"""Plans, findings and changes as people read them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.model import Severity
from cronshift.operations import CallService, MakeMonitor, RunSql
from cronshift.output.console import DIFF_STYLES, plain
from cronshift.output.masking import masked_lines
from cronshift.plan import forecast
from cronshift.plan.findings import ASKED_FIRST
from cronshift.plan.forecast import executions, runs
from cronshift.project.counting import counted
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cronshift.model import Finding, Plan
    from cronshift.moving.fixing.mending import Mending
    from cronshift.moving.status import JobStatus
    from cronshift.operations import FileImage, Operation
    from cronshift.readiness.fact import Fact
    from cronshift.runtime.ownership import Epoch
    from cronshift.targets.changes import FileChange

_STYLES = {Knowledge.BAD: "bold red", Knowledge.UNKNOWN: "yellow"}


def facts_text(facts: Iterable[Fact]) -> Text:
    """Return the facts that are not known good, each with its evidence and its remedy.

    Those of one kind with one remedy stand together, and the remedy once.
    """
    text = Text()
    alike: dict[tuple[str, Knowledge, str], list[Fact]] = {}
    for fact in facts:
        if fact.answer is not Knowledge.GOOD:
            alike.setdefault((fact.kind.code, fact.answer, fact.remedy), []).append(fact)
    for (code, answer, remedy), facts_alike in alike.items():
        head = f"{answer.value.replace('-', ' ')} {code} {facts_alike[0].kind.name}\n"
        text.append(head, style=_STYLES[answer])
        for fact in facts_alike:
            text.append(f"  {plain(fact.message)} ({plain(fact.evidence)})\n")
        text.append(f"  → {plain(remedy)}\n", style="dim")
    return text[:-1] if text else text


def left_out_text(findings: Iterable[Finding]) -> Text:
    """Return a line for each job that these findings keep out, with the way to let it in."""
    codes: dict[str, list[str]] = {}
    for finding in findings:
        if finding.job and (finding.code in ASKED_FIRST or finding.severity is Severity.ERROR):
            codes_there = codes.setdefault(finding.job, [])
            codes_there += [finding.code] if finding.code not in codes_there else []
    text = Text(no_wrap=True)
    for job, codes_of_job in codes.items():
        text.append(f"  left out: {plain(job)} ({', '.join(codes_of_job)})", style="yellow")
        if ASKED_FIRST.issuperset(codes_of_job):
            words = " ".join(f"--accept {code}:{job}" for code in codes_of_job)
            text.append(f"; as it is: cronshift migrate {plain(job)} {plain(words)}")
        text.append("\n")
    return text


def mending_text(mending: Mending) -> Text:
    """Return a line for each finding that is mended, or cannot be."""
    text = Text()
    for finding in mending.mended:
        text.append(f"  repairs {finding.code} at {plain(str(finding.location))}\n", style="green")
    for finding, why in mending.unmended:
        sentence = f"{finding.code} at {finding.location} cannot be repaired mechanically: {why}."
        text.append(f"  {plain(sentence)}\n".replace("..\n", ".\n"))
    if not (mending.mended or mending.unmended):
        text.append("  Nothing is found that --fix repairs.\n")
    return text


def forecast_text(plan: Plan, now: datetime) -> Text:
    """Return the forecast of the jobs: their executions in 30 days, and their load."""
    total = sum(executions(job, now) for job in plan.jobs)
    year = sum(executions(job, now, forecast.YEAR) for job in plan.jobs)
    load, count = forecast.load_of(plan.runnable, now), forecast.functions(plan)
    fits = [
        f"{allowance.name} {allowance.executions:,}"
        f"{'' if total <= allowance.executions and count <= allowance.functions else ' (too small)'}"
        for allowance in forecast.allowances()
    ]
    mean = round(total / len(plan.jobs)) if plan.jobs else 0
    most = max(load.by_hour)
    bars = "".join(
        _BARS[-(-runs_then * (len(_BARS) - 1) // (most or 1))] for runs_then in load.by_hour
    )
    hears = ", and one hears of cancelled runs" if forecast.hears_of_cancelled(plan) else ""
    retried = f"{forecast.RETRY_RATE:.0%}"
    rows = {
        "Executions": f"{total:,} in 30 days, {year:,} a year; {mean:,} more for a job like these",
        "Retries": f"about {forecast.retries(plan.jobs, now):,} more, if {retried} of runs fail once",
        "Failures": f"about {forecast.failures(plan.jobs, now):,} more, if {retried} fail for good or are cancelled",
        "Functions": f"{count:,}: each has one for its failures{hears}",
        "Plans": ", ".join(fits),
        "Busiest": ", ".join(f"{busy} {busy.jobs}" for busy in load.busiest) or "never",
        "At once": f"{load.peak}; {load.staggered_peak} if spread over five minutes (jitter)",
        "By hour": f"{bars} runs, 00 to 23 UTC; {most:,} in the fullest",
    }
    lines = [f"  {name:<11}{value}" for name, value in rows.items()]
    lines += ["", "  Executions of each job: its runs, times one and its steps"]
    for job in sorted(plan.jobs, key=lambda job: -executions(job, now)):
        count, again = executions(job, now), forecast.retries([job], now)
        product = f"{runs(job, now):,} x (1 + {forecast.steps(job)})"
        lines.append(plain(f"  {count:>9,}  {job.id}  {product}; about {counted(again, 'retry')}"))
    return Text("\n".join(lines) + "\n")


_BARS = " ▁▂▃▄▅▆▇█"
_CHANGES = {  # action: sign, style, word in the count, note
    "create": ("+", "green", "to create", ""),
    "update": ("~", "yellow", "to update", ""),
    "edited": ("!", "bold red", "changed by hand", "  left alone without --force"),
    "stale": ("-", "dim", "no longer planned", "  its entry is gone: delete it when unused"),
    "unchanged": ("", "", "unchanged", ""),
}


def changes_summary(
    changes: Sequence[FileChange], edited: Sequence[FileImage] = (), *, force: bool = False
) -> Text:
    """Return one line for each file that is not as it should be, and a count.

    Args:
        changes: the generated files.
        edited: the user's own, which change beside them.
        force: those that were changed by hand are overwritten.
    """
    text = Text(no_wrap=True)
    for change in changes:
        sign, style, _, note = _CHANGES[change.action]
        note = "  overwritten; a copy is kept" if force and change.action == "edited" else note
        if sign:
            text.append(f"  {sign} {plain(change.path)}", style=style)
            text.append(f"{note}\n")
    beside = [("create" if image.before is None else "update", image.path) for image in edited]
    for action, path in beside:
        sign, style, *_ = _CHANGES[action]
        text.append(f"  {sign} {plain(path)}\n", style=style)
    counts = Counter([change.action for change in changes] + [action for action, _ in beside])
    parts = [f"{count} {_CHANGES[action][2]}" for action, count in counts.items()]
    text.append(f"{', '.join(parts) or 'No file to generate'}.")
    return text


def operations_table(operations: Iterable[Operation]) -> Table:
    """Return one line an operation."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Operation", no_wrap=True)
    table.add_column("When (UTC)", no_wrap=True)
    table.add_column("Command", overflow="fold")
    table.add_column("State", no_wrap=True)
    table.add_column("Files", justify="right")
    for operation in operations:
        table.add_row(
            operation.id,
            operation.created.strftime("%Y-%m-%d %H:%M"),
            Text(plain(operation.command)),
            operation.state.value,
            str(len(operation.images)),
        )
    return table


def operation_plan(operation: Operation, *, is_own: bool = True) -> Text:
    """Return the plan of an operation: a line a change, then the diffs; what is foreign to the letter."""
    text = Text(no_wrap=True)
    for change in operation.changes:
        text.append(f"  {change.kind.value}  ", style="bold")
        text.append(f"{plain(change.summary)}\n")
        if isinstance(change, RunSql | CallService | MakeMonitor):
            text.append("".join(f"    {plain(line)}\n" for line in change.lines()))
    for image in operation.images:
        if image.is_program:
            text.append(f"{plain(image.path)} may be run as a program\n", style="bold")
        for line in masked_lines(image.diff()) if is_own else image.diff():
            text.append(plain(line.rstrip("\n")) + "\n", style=DIFF_STYLES.get(line[:1], ""))
    return text


def _share_of(epoch: Epoch) -> str:
    """Return the share of an epoch, in a word."""
    return "paused" if epoch.owner is Owner.NOBODY else f"{epoch.percent} %"


def status_table(rows: Iterable[JobStatus]) -> Table:
    """Return one line a job: its owner now, the next change, and the next tick's owner."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Job", overflow="fold")
    table.add_column("Inngest", justify="right", no_wrap=True)
    table.add_column("Then", no_wrap=True)
    table.add_column("Next tick (UTC)", no_wrap=True)
    table.add_column("Goes to", no_wrap=True)
    for row in rows:
        upcoming = row.upcoming
        table.add_row(
            Text(row.job),
            "paused" if row.paused else f"{row.percent} %",
            f"{_share_of(upcoming)} {upcoming.effective_at:%d %b %H:%M}" if upcoming else "",
            f"{row.next_tick:%d %b %H:%M}" if row.next_tick else "never",
            row.next_owner.value if row.next_owner else "",
        )
    return table
