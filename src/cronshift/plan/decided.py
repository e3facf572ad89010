"""Stage 7, decided: the findings that count, the jobs that they stop, and so the plan.

A question whose answer depends on what else was found (is it accepted, is the job in service)
stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.model import Finding, Job, Location, Mode, Plan, Severity
from cronshift.plan.findings import ASKED_FIRST, AUDITED, leftovers
from cronshift.project.app_name import generated_id
from cronshift.project.ownership_file import read_ownership
from cronshift.project.settings import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cronshift.plan.placed import Placed
    from cronshift.project import Project
    from cronshift.project.settings import Settings


def decide(placed: Placed) -> Plan:
    """Return the plan.

    Raises:
        ConfigError: for an ownership file that cannot be read, where a job is in doubt.
    """
    project, placement = placed.opened.project, placed.placement
    findings, suppressed = suppress(placed.findings, project.settings)
    findings += _unused(project.settings, suppressed)
    doubted = {finding.job for finding in findings if finding.code in ASKED_FIRST}
    serving = _in_service(project, [job for job in placed.jobs if job.id in doubted])
    blocked = _blocked(placed.jobs, findings, serving)
    return Plan(
        framework=project.framework,
        config_file=project.config_file,
        target=placed.opened.target.name,
        app_id=placement.app_id or _app_id(project, placement.out),
        out=placement.out,
        jobs=tuple(
            replace(job, mode=Mode.BLOCKED, module=None, bridged_because=None)
            if job.id in blocked
            else job
            for job in placed.jobs
        ),
        findings=tuple(sorted(findings, key=reading_order)),
        suppressed=tuple(sorted(suppressed, key=reading_order)),
        bridge=project.settings.bridge,
        in_service=serving,
        called_paths=placement.called_paths,
        data=placement.data,
    )


def _app_id(project: Project, out: str) -> str:
    """Return the app's id: the user's, that of the generated client, else the app's name."""
    written = None if project.settings.app_id else generated_id(project.root, out)
    return written.app_id if written else project.app_id


def _blocked(
    jobs: Iterable[Job], findings: Iterable[Finding], serving: Collection[str]
) -> set[str | None]:
    """Return the jobs that an error stops, and those whose schedule means nothing, accepted or not."""
    stopped = {
        finding.job
        for finding in findings
        if finding.severity is Severity.ERROR
        and not (finding.code in ASKED_FIRST and finding.job in serving)
    }
    return stopped | {job.id for job in jobs if job.schedule is None}


def _in_service(project: Project, jobs: Sequence[Job]) -> frozenset[str]:
    """Return those of the doubted jobs that Inngest may already be running.

    A finding about what a handler does keeps a job from being started, and never stops one that is
    in service: that has its module in the package, or ticks that an epoch gave to Inngest. Leaving
    it out would lose those ticks, which is worse than what was found.

    Raises:
        ConfigError: for an ownership file that cannot be read.
    """
    epochs = read_ownership(project.root).jobs if jobs else {}
    return frozenset(
        job.id
        for job in jobs
        if (job.module and (project.root / job.module).is_file())
        or any(epoch.percent for epoch in epochs.get(job.id, ()))
    )


def is_left_out(plan: Plan, job: Job) -> bool:
    """Return whether ``migrate`` generates nothing for a job.

    An error stops it, and so does a handler whose success would mean nothing (``ASKED_FIRST``),
    a warning or not, until that is accepted. Jobs that are in service already go on: they would
    lose the ticks they have.
    """
    is_doubted = bool(doubts(plan, job)) and job.id not in plan.in_service
    return job.mode is Mode.BLOCKED or is_doubted


def stopping(plan: Plan, job: Job) -> tuple[str, ...]:
    """Return the codes of the findings that keep a job out of what is generated, those first that cannot be accepted."""
    if not is_left_out(plan, job):
        return ()
    of_job = {
        finding.code
        for finding in plan.findings
        if finding.job == job.id
        and (finding.code in ASKED_FIRST or finding.severity is Severity.ERROR)
    }
    return tuple(sorted(of_job, key=lambda code: (code in ASKED_FIRST, code)))


def way_in(plan: Plan, job: Job) -> str:
    """Return the remedy of a job that has no function: where something keeps it out, that comes first."""
    codes = stopping(plan, job)
    if not codes:
        return "cronshift audit" if is_left_out(plan, job) else f"cronshift migrate {job.id}"
    mended = f"cronshift explain {codes[0]}, and mend it"
    if not ASKED_FIRST.issuperset(codes):
        return mended
    accepted = " ".join(f"--accept {code}" for code in codes)
    return f"{mended}; as it is: cronshift migrate {job.id} {accepted}"


def doubts(plan: Plan, job: Job) -> tuple[str, ...]:
    """Return the codes of the findings by which a success of a job would mean nothing."""
    of_job = {finding.code for finding in plan.findings if finding.job == job.id}
    return tuple(sorted(of_job & ASKED_FIRST))


def suppress(
    findings: Iterable[Finding], settings: Settings
) -> tuple[list[Finding], list[Finding]]:
    """Part the findings in those that are shown and those that the user has accepted."""
    shown: list[Finding] = []
    hidden: list[Finding] = []
    for finding in findings:
        accepted = any(
            suppression.code == finding.code and suppression.job in {None, finding.job}
            for suppression in settings.suppressions
        )
        (hidden if accepted else shown).append(finding)
    return shown, hidden


def _unused(settings: Settings, suppressed: Sequence[Finding]) -> Iterable[Finding]:
    """Yield the suppressions that hide nothing; those of ``validate`` are not judged here."""
    hidden = {(finding.code, job) for finding in suppressed for job in (finding.job, None)}
    for accepted in settings.suppressions:
        code, job = accepted.code, accepted.job
        if code in AUDITED and (code, job) not in hidden:
            place = Location(settings.file or CONFIG_NAME, 1)
            text = f"{code} is suppressed{f' for {job}' if job else ''} and not found."
            yield leftovers.UNUSED_SUPPRESSION.finding(text, location=place)


def reading_order(finding: Finding) -> tuple[int, str, int, str]:
    """Return the sort key of findings: the worst first, then their place."""
    place = finding.location
    return (
        list(Severity).index(finding.severity),
        place.file if place else "",
        place.line if place else 0,
        finding.code,
    )
