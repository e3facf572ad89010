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
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.model import Plan
    from cronshift.project import Project


class AuditFormat(StrEnum):
    """The formats that an audit is printed in."""

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
    run_config: Annotated[
        bool,
        typer.Option("--run-config", help="Run a vercel.ts that computes its entries; asks first."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> ExitCode:
    """Show what every cron entry does, when it runs next, and what is wrong with it.

    Reads files only: no network, and none of your code is run, but for a configuration that is a
    script, with --run-config, when it has been shown and you have agreed.

    Exits 1 when a finding is an error (with --strict: or a warning).

    Examples:
      cronshift audit
      cronshift -C apps/web audit --strict
      cronshift audit --all
      cronshift audit --json | jq '.jobs[].next'
      cronshift audit --forecast
      cronshift audit --run-config
    """
    from cronshift.output.github import github_lines
    from cronshift.output.plan_document import plan_document
    from cronshift.plan.planning import make_plan
    from cronshift.project.ownership_file import read_ownership

    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    project = _run(invocation, yes=yes) if run_config else invocation.project
    plan = make_plan(project)
    match output or (AuditFormat.JSON if invocation.json else AuditFormat.TEXT):
        case AuditFormat.JSON:
            ownership = read_ownership(project.root)
            invocation.console.document(plan_document(plan, now, ticks=ticks, ownership=ownership))
        case AuditFormat.SARIF:
            suppressions = project.settings.suppressions
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


def _run(invocation: Invocation, *, yes: bool) -> Project:
    """Return the project with what its configuration's script makes, if the user lets it run."""
    from cronshift.project import load_project
    from cronshift.project.running import computed_script, run_script
    from cronshift.project.settings import load_settings
    from cronshift.runtime.regular_files import read_regular

    console, root = invocation.console, invocation.root
    script = computed_script(root, load_settings(root, invocation.config).vercel_config)
    if script is None:
        console.say("The configuration is written out: there is nothing to run.")
        return invocation.project
    console.say(f"{script.name} would run with Node.js, with your rights and your variables:")
    console.say(read_regular(script).decode(errors="replace").rstrip())
    if not console.confirm(f"Run {script.name}?", yes=yes):
        return invocation.project
    return load_project(invocation.directory, invocation.config, run_script(root, script))


def _show(invocation: Invocation, plan: Plan, now: datetime, *, outlook: bool, every: bool) -> None:
    from cronshift.output.audit_text import audit_text
    from cronshift.output.text import forecast_text
    from cronshift.plan.forecast import SOME_DAY, monthly

    console = invocation.console
    if plan.jobs or plan.findings:
        console.result(audit_text(plan, now, console.out.width, every=every))
    console.result(
        f"{counted(len(plan.jobs), 'entry')} in {plan.config_file}; {len(plan.runnable)} can move. "
        f"About {counted(monthly(plan.jobs), 'Inngest execution')} in 30 days."
    )
    if outlook:
        console.result(forecast_text(plan, SOME_DAY))
    tell_next(invocation, "audit", plan=plan)
