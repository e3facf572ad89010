"""A diagnosis as people read it: causes, what they explain, what is not known, what is good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from cronshift.output.console import plain
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.setup.steps import StepState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cronshift.readiness.doctor.diagnosis import Diagnosis, Explained
    from cronshift.readiness.setup.steps import SetupStep

_STEPS = {
    StepState.DONE: ("✓", "green"),
    StepState.TO_DO: ("✗", "bold red"),
    StepState.UNKNOWN: ("not known", "yellow"),
}
_SIGNS = {
    Knowledge.BAD: ("✗", "bold red"),
    Knowledge.UNKNOWN: ("not known", "yellow"),
    Knowledge.GOOD: ("✓", "green"),
}


def diagnosis_text(diagnosis: Diagnosis, now: datetime) -> Text:
    """Return every fact with evidence and age; one that another explains is told in short, below it."""
    text = Text(no_wrap=True)
    alike: dict[tuple[str, Knowledge, str], list[Explained]] = {}
    for item in diagnosis.facts:
        if item.cause is None:
            key = (item.fact.kind.code, item.fact.answer, item.fact.remedy)
            alike.setdefault(key, []).append(item)
    for first, *others in alike.values():
        _append(text, first, now, others)
        _append_explained(text, diagnosis, first)
    count = len(diagnosis.causes)
    unknown = sum(item.fact.answer is Knowledge.UNKNOWN for item in diagnosis.facts)
    verdict = "all that was asked is well" if not count else f"{count} to mend"
    summary = f"{diagnosis.environment}: {verdict}, {unknown} not known; asked for {diagnosis.seconds:.1f} s."
    text.append(plain(summary), style="bold")
    return text


def _append(text: Text, item: Explained, now: datetime, others: Sequence[Explained]) -> None:
    """Append a fact, and those of its kind with the same remedy: by number, where they are good."""
    fact, is_good = item.fact, item.fact.answer is Knowledge.GOOD
    sign, style = _SIGNS[fact.answer]
    text.append(f"{sign} {fact.kind.code} {fact.kind.name}", style=style)
    more = f" And {len(others)} more." if is_good and others else ""
    text.append(f"  {plain(fact.message)}{more}")
    age = max(0, round((now - fact.seen).total_seconds()))
    text.append(f" ({plain(fact.evidence)}; {age} s ago)\n", style="dim")
    for other in () if is_good else others:
        text.append(f"  {plain(other.fact.message)} ({plain(other.fact.evidence)})\n")
    if fact.remedy and not is_good:
        text.append(f"  → {plain(fact.remedy)}\n")


def _append_explained(text: Text, diagnosis: Diagnosis, cause: Explained) -> None:
    """Append what a cause explains, once below the first fact of its kind."""
    first = next(item for item in diagnosis.facts if item.fact.kind == cause.fact.kind)
    behind = [item for item in diagnosis.facts if item.cause == cause.fact.kind.code]
    if first is cause and behind:
        words = (
            f"{_SIGNS[item.fact.answer][0]} {item.fact.kind.code} {item.fact.kind.name}"
            for item in behind
        )
        text.append(f"  explains: {', '.join(dict.fromkeys(words))}\n", style="dim")


def steps_text(steps: Iterable[SetupStep]) -> Text:
    """Return the checklist of a set-up: a line a step, and below it the way to what is open."""
    text = Text(no_wrap=True)
    for step in steps:
        sign, style = _STEPS[step.state]
        text.append(f"{sign} {step.name}", style=style)
        text.append(f"  {plain(step.title)}")
        since = f"; {step.mark.by}, {step.mark.at}" if step.mark is not None else ""
        text.append(f" ({plain(step.evidence)}{plain(since)})\n", style="dim")
        if step.how:
            text.append(f"  → {plain(step.how)}\n")
    text.right_crop()
    return text
