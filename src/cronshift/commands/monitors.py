"""``cronshift monitors``: the monitors that raise an alarm when a job does not run."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    DECLINED,
    Confirmation,
    DryRun,
    Jobs,
    SavePlan,
    Yes,
    carry_out,
)
from cronshift.commands.environments import EnvironmentName, environment_of
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.commands.invocation import Invocation
    from cronshift.model import Finding, Job
    from cronshift.operations.services.monitoring import MonitorService, RemoteMonitor
    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.setup.monitors import WatchedJob

_PATIENCE = timedelta(seconds=20)
_GOING_SILENT = ("CS535", "CS548")


class ServiceName(StrEnum):
    """The services that ``--service`` takes."""

    BETTER_STACK = "better-stack"
    HEALTHCHECKS = "healthchecks"
    SENTRY = "sentry"


Service = Annotated[
    ServiceName | None,
    typer.Option("--service", help="Where; the one whose token is set, by default."),
]
Grace = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="How late a run may end; what the job's limits come to, by default."
    ),
]


def monitors() -> None:
    """Make the monitors that raise an alarm when a job does not run, or fails.

    Each expects its job exactly when it is due, on the clock of the schedule's zone. Better Stack
    takes no schedule: there it is the longest time between two ticks. Tokens come from variables:
    BETTERSTACK_API_TOKEN; HEALTHCHECKS_API_KEY, with CRONSHIFT_HEALTHCHECKS_API for a server of your
    own; SENTRY_AUTH_TOKEN, SENTRY_ORG and SENTRY_PROJECT.

    Examples:
      cronshift monitors list
      cronshift monitors create --dry-run
    """


def list_monitors(
    context: typer.Context,
    jobs: Jobs = None,
    service: Service = None,
    grace: Grace = None,
    env: EnvironmentName = None,
) -> ExitCode:
    """List each job's monitor beside what its service has, and what in the app will go silent.

    Exits 1 when a service was asked, and lacks a monitor or has another schedule.

    Examples:
      cronshift monitors list
      cronshift monitors list --service sentry prediction-check
    """
    from cronshift.output.monitors_text import monitors_table
    from cronshift.output.plan_document import finding_document
    from cronshift.readiness.setup.monitors import MonitorState, watched_jobs

    invocation: Invocation = context.obj
    asking, wanted = _asking(invocation, env), _service(service)
    chosen = _chosen(asking, jobs)
    is_asked = wanted is not None and _may_ask(wanted)
    remote = _find(asking, wanted, chosen) if wanted is not None and is_asked else None
    shown = wanted or _default_service()
    watched = watched_jobs(asking, shown, chosen, remote, _span(grace))
    silent = _going_silent(asking, chosen)
    if invocation.json:
        invocation.console.document(
            {
                "service": wanted.value if wanted is not None else None,
                "monitors": [each.to_json() for each in watched],
                "findings": [finding_document(finding) for finding in silent],
            }
        )
    else:
        invocation.console.result(monitors_table(watched))
        _tell_silent(invocation, silent)
        if not is_asked:
            invocation.console.say("No service was asked: what it has is not known.")
    right = {MonitorState.AS_PLANNED, MonitorState.UNKNOWN}
    is_well = all(each.state in right for each in watched)
    return ExitCode.OK if is_well else ExitCode.NOT_WELL


def create(
    context: typer.Context,
    jobs: Jobs = None,
    service: Service = None,
    grace: Grace = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    env: EnvironmentName = None,
) -> ExitCode:
    """Make the monitors that are missing, change those that differ, and have the jobs ping them.

    That is one operation, shown first. A job that names no variable for its monitor's address gets one in
    cronshift.toml. Where the functions run on Vercel and VERCEL_TOKEN is set, the address goes into
    that variable there, unless it is set; else copy it from the service. It is a secret, and never
    shown. A monitor that is as it is to be is not touched, so that this can be run again at any time.

    Examples:
      cronshift monitors create --dry-run
      cronshift monitors create --service healthchecks --yes
      cronshift monitors create prediction-check --grace 10m
    """
    from cronshift.readiness.setup.monitors import prepare_monitors, watched_jobs

    invocation: Invocation = context.obj
    asking, wanted = _asking(invocation, env), _service(service)
    if wanted is None:
        raise CronshiftError(
            "Name the service: not exactly one has its token set here.",
            reason="usage",
            hint="--service better-stack, healthchecks or sentry, with its token in a variable.",
        )
    chosen = _chosen(asking, jobs)
    if not (may_ask := _may_ask(wanted)) and not dry_run:
        raise _lacking(wanted)
    remote = _find(asking, wanted, chosen) if may_ask else None
    watched = watched_jobs(asking, wanted, chosen, remote, _span(grace))
    prepared = prepare_monitors(asking, wanted, watched)
    if not invocation.json:
        _tell_notes(invocation, watched)
    question = Confirmation(
        "Make them?",
        yes,
        dry_run,
        save_plan,
        nothing="Every monitor is there, as it is to be.",
        declined=DECLINED,
    )
    carried = carry_out(invocation, prepared.operation, question)
    if carried.applied:
        _tell_next(invocation, watched, asking)
    if invocation.json:
        document = {"service": wanted.value, "monitors": [each.to_json() for each in watched]}
        invocation.console.document(carried.to_json() | document)
    return carried.code


def _asking(invocation: Invocation, env: str | None) -> Asking:
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.doctor.asking import Asking

    environment, project = environment_of(invocation, env), invocation.project
    return Asking(project, make_plan(project), environment, os.environ, datetime.now(UTC))


def _service(name: ServiceName | None) -> MonitorService | None:
    """Return the service that is named, else the only one whose variables are set here."""
    from cronshift.operations.services.monitoring import MonitorService
    from cronshift.operations.services.monitors import only_service

    return only_service(os.environ) if name is None else MonitorService(name.value)


def _default_service() -> MonitorService:
    from cronshift.operations.services.monitoring import MonitorService

    return MonitorService.HEALTHCHECKS


def _may_ask(service: MonitorService) -> bool:
    from cronshift.operations.services.monitors import names_missing

    return not names_missing(service, os.environ)


def _lacking(service: MonitorService) -> CronshiftError:
    from cronshift.operations.services.monitors import names_missing

    name = names_missing(service, os.environ)[0]
    return CronshiftError(
        f"{name} is not set, and {service} cannot be asked without it.",
        reason="missing-secret",
        hint=f"Set {name}, and try again. Nothing was changed.",
        where=name,
    )


def _chosen(asking: Asking, names: Collection[str] | None) -> list[Job]:
    """Return the jobs that are named, or all that are ever due.

    Raises:
        CronshiftError: for a name that is no job's.
    """
    from cronshift.plan.job_ids import unknown_job
    from cronshift.readiness.setup.expecting import is_due

    there = {job.id: job for job in asking.plan.runnable}
    for name in names or ():
        if name not in there:
            raise unknown_job(name, list(there))
    due = [job for job in there.values() if is_due(job)]
    return [there[name] for name in dict.fromkeys(names)] if names else due


def _find(
    asking: Asking, service: MonitorService, jobs: Collection[Job]
) -> dict[str, RemoteMonitor]:
    from cronshift.operations.services.monitoring import slug_of
    from cronshift.operations.services.monitors import monitors_at

    async def find() -> dict[str, RemoteMonitor]:
        slugs = [slug_of(asking.plan.app_id, job.id) for job in jobs]
        async with monitors_at(service, os.environ, timeout=_PATIENCE) as remote:
            return await remote.find(slugs)

    return asyncio.run(find())


def _span(text: str | None) -> timedelta | None:
    from cronshift.runtime.schedule.durations import parse_duration

    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CronshiftError(f"--grace: {error}.", reason="usage", where="--grace") from None


def _going_silent(asking: Asking, jobs: Collection[Job]) -> list[Finding]:
    """Return the findings of monitors that go silent when a job leaves Vercel."""
    ids = {job.id for job in jobs}
    silent = [finding for finding in asking.plan.findings if finding.code in _GOING_SILENT]
    return [finding for finding in silent if finding.job is None or finding.job in ids]


def _tell_silent(invocation: Invocation, findings: Collection[Finding]) -> None:
    from cronshift.output.audit_text import findings_text

    if findings:
        invocation.console.result(findings_text(findings))


def _tell_notes(invocation: Invocation, watched: Collection[WatchedJob]) -> None:
    for each in watched:
        if each.note:
            invocation.console.say(f"{each.job}: {each.note}.")


def _tell_next(invocation: Invocation, watched: Collection[WatchedJob], asking: Asking) -> None:
    console = invocation.console
    at_vercel = asking.vercel_token and asking.vercel_project and asking.serves_itself
    if not at_vercel:
        names = ", ".join(dict.fromkeys(each.variable for each in watched))
        console.say(f"Copy each monitor's address from the service into: {names}.")
    if not all(each.is_told for each in watched):
        console.say("Next: cronshift migrate, and deploy: the functions ping it.", style="bold")


SUBCOMMANDS = {"list": list_monitors, "create": create}
