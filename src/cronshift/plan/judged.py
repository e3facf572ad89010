"""Stage 4, judged: the behaviour of each handler, as far as its code tells.

A question about one handler (does it await, who may call it, who stands before its path, is it ready)
stands in ``handler_findings``, which this stage asks once for every entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import CronEntry, Finding, Handler, JobOptions
from cronshift.plan.lasting import fitted

if TYPE_CHECKING:
    from cronshift.plan.opened import Opened
    from cronshift.plan.resolved import Resolved, ResolvedEntry
    from cronshift.runtime.schedule import Schedule


class JudgedEntry(Struct, frozen=True):
    """One entry with its handler, as it was read.

    Attributes:
        findings: about the handler, and about the way from the path to it.
    """

    job: str
    entry: CronEntry
    options: JobOptions
    schedule: Schedule | None
    handler: Handler | None
    findings: tuple[Finding, ...]


class Judged(Struct, frozen=True):
    """All entries with their handlers, and the findings so far."""

    opened: Opened
    entries: tuple[JudgedEntry, ...]
    findings: tuple[Finding, ...]


def judge(resolved: Resolved) -> Judged:
    """Return the entries with their handlers judged; one that the settings name is taken as good."""
    entries = tuple(_judged(each, resolved.opened) for each in resolved.entries)
    findings = [finding for each in entries for finding in each.findings]
    return Judged(resolved.opened, entries, (*resolved.findings, *findings))


def _judged(resolved: ResolvedEntry, opened: Opened) -> JudgedEntry:
    entry, schedule, answer = resolved.entry, resolved.schedule, resolved.answer
    handler: Handler | None
    findings: list[Finding]
    if isinstance(answer, Handler):
        handler, findings = answer, []
    else:
        handler, findings = opened.judge.of(entry, answer, schedule, resolved.job)
    options = fitted(resolved.options, handler, resolved.set_here)
    return JudgedEntry(resolved.job, entry, options, schedule, handler, tuple(findings))
