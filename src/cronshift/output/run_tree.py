"""A run as a person reads it: a tree of its steps, while it goes on and when it has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

from cronshift.engine.executor.runs import Status
from cronshift.output.console import plain
from cronshift.runtime.schedule.durations import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from cronshift.engine.executor.runs import Attempt, Run, StepRecord

_SIGNS = {
    Status.RUNNING: ("…", "cyan"),
    Status.WAITING: ("◷", "yellow"),
    Status.COMPLETED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.CANCELLED: ("✗", "bold red"),
}
_LONGEST = 300  # characters of an output or an error


def run_tree(name: str, tick: datetime | None, run: Run) -> Tree:
    """Return the run as a tree: a branch a step, and under it the outcome of each attempt."""
    sign, style = _SIGNS[run.status]
    head = Text()
    head.append(f"{sign} {plain(name)}", style=style)
    head.append(f"  for {tick:%Y-%m-%d %H:%M} UTC" if tick else f"  {plain(run.event['name'])}")
    head.append(f"  {_tally(run)}", style="dim")
    tree = Tree(head)
    for step in run.steps:
        _add_step(tree, step)
    _add_failures(tree, run.failures)
    if run.error is not None:
        tree.add(Text(f"{run.error.name}: {_short(run.error.message)}", style="red"))
    elif run.output is not None and not (run.steps and run.steps[-1].output == run.output):
        tree.add(Text(f"→ {_json(run.output)}", style="dim"))
    for event in run.sent:
        tree.add(Text(f"sent {plain(event['name'])}", style="dim"))
    for note in run.notes:
        tree.add(Text(plain(note), style="yellow"))
    if run.failure_run is not None:
        is_cancelled = run.status is Status.CANCELLED
        told_to = "on_cancelled" if is_cancelled else "on_failure"
        tree.add(run_tree(told_to, None, run.failure_run))
    return tree


def _add_step(tree: Tree, step: StepRecord) -> None:
    sign, style = _SIGNS[step.status]
    line = Text()
    line.append(f"{sign} {plain(step.id)}", style=style)
    parts = [] if step.op == "StepRun" else [step.op]
    if step.attempts > 1:
        parts.append(f"{step.attempts} attempts")
    if step.detail:
        parts.append(plain(step.detail))
    if step.waited and step.op != "StepRun":
        parts.append(f"{_time(step.waited)} passed over" if step.status == "completed" else "")
    if step.ms:
        parts.append(f"{step.ms:,.0f} ms")
    line.append("  " + ", ".join(part for part in parts if part), style="dim")
    branch = tree.add(line)
    _add_failures(branch, step.failures)
    if step.status is Status.COMPLETED and step.output is not None:
        branch.add(Text(f"→ {_json(step.output)}", style="dim"))


def _add_failures(tree: Tree, failures: Iterable[Attempt]) -> None:
    for number, failure in enumerate(failures, 1):
        then = f"again after {_time(failure.wait)}" if failure.wait else "no more attempts"
        line = Text(f"attempt {number}: {_short(failure.error.message)}", style="red")
        line.append(f"  ({then})", style="dim")
        tree.add(line)


def _tally(run: Run) -> str:
    parts = [str(run.status), f"{run.ms:,.0f} ms"]
    if run.attempts > 1:
        parts.insert(1, f"{run.attempts} attempts")
    if run.waited:
        parts.append(f"{_time(run.waited)} of waiting passed over")
    return ", ".join(parts)


def _time(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:.0f}s" if seconds < 60 else format_duration(duration)  # noqa: PLR2004 - a minute


def _json(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    line = plain(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
