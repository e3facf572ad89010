"""``cronshift audit``: the plan, every finding, the next ticks."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import tell_next
from cronshift.errors import ExitCode
from cronshift.model import Severity

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.model import Plan


class AuditFormat(StrEnum):
    """How the audit is printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def audit(
    context: typer.Context,
    output: Annotated[
        AuditFormat | None,
        typer.Option("--format", help="text for people, the others for programs and code hosts."),
    ] = None,
    outlook: Annotated[
        bool, typer.Option("--forecast", help="Show what the jobs add up to, and when.")
    ] = False,
    ticks: Annotated[
        int, typer.Option("--next", min=1, max=100, help="How many next ticks to list (JSON).")
    ] = 3,
    every: Annotated[
        bool, typer.Option("--all", help="Show every place, where one screen would not do.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
) -> ExitCode:
    """Show what every cron entry does, when it runs next, and what is wrong with it.

    Reads files only: no network, and none of your code is run.

    Exits 1 when a finding is an error (with --strict: or a warning).

    Examples:
      cronshift audit
      cronshift -C apps/web audit --strict
      cronshift audit --all
      cronshift audit --json | jq '.jobs[].next'
      cronshift audit --forecast
    """
    from cronshift.output.github import github_lines
    from cronshift.output.plan_document import plan_document
    from cronshift.plan.planning import make_plan
    from cronshift.project.ownership_file import read_ownership

    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    plan = make_plan(invocation.project)
    match output or (AuditFormat.JSON if invocation.json else AuditFormat.TEXT):
        case AuditFormat.JSON:
            ownership = read_ownership(invocation.project.root)
            invocation.console.document(plan_document(plan, now, ticks=ticks, ownership=ownership))
        case AuditFormat.SARIF:
            suppressions = invocation.project.settings.suppressions
            reasons = {
                (suppression.code, suppression.job): suppression.reason
                for suppression in suppressions
            }
            from cronshift.output.sarif import sarif_log

            invocation.console.document(sarif_log(plan, reasons))
        case AuditFormat.GITHUB:
            for line in github_lines(plan.findings):
                sys.stdout.write(f"{line}\n")
        case AuditFormat.TEXT:
            _show(invocation, plan, now, outlook=outlook, every=every)
    worst = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    bad = any(finding.severity in worst for finding in plan.findings)
    return ExitCode.NOT_WELL if bad else ExitCode.OK


def _show(invocation: Invocation, plan: Plan, now: datetime, *, outlook: bool, every: bool) -> None:
    from cronshift.output.audit_text import audit_text
    from cronshift.output.text import forecast_text
    from cronshift.plan.forecast import executions

    console = invocation.console
    if plan.jobs or plan.findings:
        console.result(audit_text(plan, now, console.out.width, every=every))
    monthly = sum(executions(job, now) for job in plan.jobs)
    console.result(
        f"{len(plan.jobs)} entries in {plan.config_file}; {len(plan.runnable)} can move. "
        f"About {monthly:,} Inngest executions in 30 days."
    )
    if outlook:
        console.result(forecast_text(plan, now))
    tell_next(invocation, "audit")
