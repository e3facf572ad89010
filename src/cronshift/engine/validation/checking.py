"""A registration against the plan and the engine's limits, as findings."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.engine.validation.limits import MAX_RETRIES, check_options
from cronshift.engine.validation.schedules import check_triggers, same_ticks, schedules
from cronshift.plan.decided import is_left_out, stopping, way_in
from cronshift.plan.findings import registration as rules
from cronshift.plan.findings.inngest import REFUSED_SDK
from cronshift.plan.functions import function_ids
from cronshift.plan.lasting import longest
from cronshift.project.counting import counted
from cronshift.project.inngest_sdk import is_refused
from cronshift.runtime.schedule.durations import format_duration
from cronshift.runtime.schedule.engine_durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import timedelta

    from cronshift.engine.validation.registration import FunctionConfig, Registration
    from cronshift.model import Finding, Job, JobOptions, Plan
    from cronshift.runtime.schedule import Schedule

_JS_SDK = re.compile(r"(?:inngest-)?js:v?(\d+)\.(\d+)\.(\d+)")


def check(
    plan: Plan, registration: Registration, *, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Return the findings about a registration: beside the plan, and for the engine.

    Args:
        plan: the jobs that should be served; blocked ones need no function.
        registration: what is served.
        now: the instant from which ticks are compared; the current one when absent.
    """
    instant = now or datetime.now(UTC)
    findings = [*_app(plan, registration)]
    if registration.functions is None:
        return (*findings, *_count(plan, registration))
    functions = registration.functions
    findings += _coverage(plan, registration, functions)
    for function in functions:
        job = plan.job_of(registration.local_id(function.id))
        fires = "triggers" not in function.computed
        problems = [*(check_triggers(function, instant) if fires else ()), *check_options(function)]
        findings += [
            rule.finding(
                f"{function.id} {text}", job=job.id if job else None, location=function.location
            )
            for rule, text in problems
        ]
        findings += _drift(job, function, instant) if job else ()
        findings += _fit(job, function) if job else ()
    findings += _unloaded(registration)
    return (*findings, *_computed(plan, registration, functions))


def _unloaded(registration: Registration) -> Iterator[Finding]:
    """Yield the findings about handlers that jobs call in process and cannot import."""
    for app in registration.unloaded:
        rule = rules.APP_DIES if app.is_wrong else rules.APP_NOT_LOADED
        text = f"{app.reference} cannot be imported: {app.error}."
        yield rule.finding(text, location=app.location)


def _app(plan: Plan, registration: Registration) -> Iterator[Finding]:
    if registration.app_id not in (None, plan.app_id):
        yield rules.OTHER_APP.finding(
            f"The app is {registration.app_id!r}, and the plan's is {plan.app_id!r}."
        )
    version = _JS_SDK.fullmatch(registration.sdk or "")
    if version and is_refused(tuple(map(int, version.groups()))):
        yield REFUSED_SDK.finding(f"The endpoint runs {registration.sdk}.")
    if registration.mode == "cloud" and registration.has_signing_key is False:
        yield rules.NO_SIGNING_KEY.finding("The endpoint is in cloud mode and has no signing key.")


def _count(plan: Plan, registration: Registration) -> Iterator[Finding]:
    """Check the one thing that an endpoint without a list of functions tells."""
    jobs, count = sum(len(function_ids(job)) for job in plan.runnable), registration.count
    for job in plan.runnable if registration.answering is not None else ():
        if f"{plan.app_id}-{function_ids(job)[0]}" not in (registration.answering or ()):
            yield rules.MISSING.finding(f"{job.id} has no function there.", job=job.id)
    yield rules.NOT_CHECKED.finding(registration.unlisted or rules.NOT_CHECKED.summary)
    counts_handlers = "js" in (registration.sdk or "")  # measured: with those for failures
    most = (2 * jobs if counts_handlers else jobs) + 1  # one tells what is cancelled
    text = f"The plan has {counted(jobs, 'job')}, and the endpoint serves {counted(count or 0, 'function')}."
    if count is not None and count < jobs:
        yield rules.COUNT_DIFFERS.finding(text)
    elif count is not None and count > most:  # the app's own, as a list would tell
        yield rules.WITHOUT_JOB.finding(text)


def _coverage(
    plan: Plan, registration: Registration, functions: tuple[FunctionConfig, ...]
) -> Iterator[Finding]:
    """Yield the jobs without a function, the functions without a job, and ids in use twice."""

    def job_of(function_id: str) -> str | None:
        job = plan.job_of(registration.local_id(function_id))
        return job.id if job else None

    ids = [function.id for function in functions]
    ids += [function.id for function in registration.undeclared]
    ids += [function.id for function in registration.unreadable]
    yield from _missing(plan, registration, ids)
    for left in registration.undeclared:
        text = f"{left.id} is not in `functions`."
        yield rules.LEFT_OUT.finding(text, job=job_of(left.id), location=left.location)
    for broken in registration.unreadable:
        text = f"{broken.id} cannot be registered: {broken.problem}"
        yield rules.UNREADABLE.finding(text, job=job_of(broken.id), location=broken.location)
    for function_id, count in Counter(function.id for function in functions).items():
        places = [twin.location for twin in functions if twin.id == function_id]
        if count > 1:
            where = " and ".join(str(place) for place in places if place)
            text = f"{count} functions have the id {function_id}{': ' if where else ''}{where}."
            yield rules.DUPLICATE_ID.finding(text, job=job_of(function_id), location=places[-1])
    yield from _without_job(plan, registration, functions)


def _missing(plan: Plan, registration: Registration, ids: Collection[str]) -> Iterator[Finding]:
    seen = {registration.local_id(function_id) for function_id in ids}
    for job in plan.runnable if not registration.unread else ():
        for name in function_ids(job):
            if name not in seen:
                yield _missing_function(plan, job, name)


def _missing_function(plan: Plan, job: Job, name: str) -> Finding:
    if not is_left_out(plan, job):
        return rules.MISSING.finding(f"{name} has no function.", job=job.id)
    text = f"{name} has no function: {stopping(plan, job)[0]} keeps it out."
    return rules.MISSING.finding(text, job=job.id, fix=way_in(plan, job))


def _without_job(
    plan: Plan, registration: Registration, functions: tuple[FunctionConfig, ...]
) -> Iterator[Finding]:
    planned = {name for job in plan.jobs for name in function_ids(job)}
    for function in functions:
        is_ours = function.is_failure_handler or function.tells_cancelled
        if not is_ours and registration.local_id(function.id) not in planned:
            text = f"{function.id} belongs to no cron entry."
            yield rules.WITHOUT_JOB.finding(text, location=function.location)


def _computed(
    plan: Plan, registration: Registration, functions: tuple[FunctionConfig, ...]
) -> Iterator[Finding]:
    """Yield the findings about parts not checked, because the source alone does not tell them."""
    for part in registration.unread:
        text = f"Only running the code would tell {part.what}."
        yield rules.COMPUTED.finding(text, location=part.location)
    for function in functions:
        if function.computed:
            job = plan.job_of(registration.local_id(function.id))
            options = " and ".join(f"`{name}`" for name in function.computed)
            yield rules.COMPUTED.finding(
                f"{function.id} computes {options}.",
                job=job.id if job else None,
                location=function.location,
            )
    if registration.unread:
        read = {registration.local_id(function.id) for function in functions}
        unseen = [job.id for job in plan.runnable if function_ids(job)[0] not in read]
        if unseen:
            text = f"Whether a function is served was not told for {', '.join(unseen)}."
            yield rules.COMPUTED.finding(text, location=registration.unread[0].location)


def _drift(job: Job, function: FunctionConfig, now: datetime) -> Iterator[Finding]:
    """Yield a finding when a job's function does not fire exactly when the job is due."""
    if job.schedule is None or not function.crons:
        return
    planned = job.schedule
    meant = schedules(function)
    if len(meant) < len(function.crons):
        return  # a trigger that means nothing is a finding of its own
    if len(meant) == 1 and same_ticks(planned, meant[0], now):
        return
    texts = " and ".join(repr(trigger.cron) for trigger in function.crons)
    yield rules.DRIFTED.finding(
        f"{function.id} fires by {texts}, next {_next(meant, now)}; "
        f"the plan says {planned.trigger!r}, next {_next((planned,), now)}.",
        job=job.id,
        location=function.location,
    )


def _fit(job: Job, function: FunctionConfig) -> Iterator[Finding]:
    """Yield the findings about a function's times that do not fit together, or not its job."""
    limit, needed = _read(function.finish_timeout), longest(_served(job, function), job.handler)
    if limit is not None and limit < needed:
        yield rules.CANCELLED_TOO_SOON.finding(
            f"{function.id} is cancelled after {format_duration(limit)}; a run may take"
            f" {format_duration(needed)} with all its attempts.",
            job=job.id,
            location=function.location,
        )
    stale = job.options.stale_after
    for jitter in (_read(trigger.jitter) for trigger in function.crons):
        if stale is not None and jitter is not None and stale < jitter:
            yield rules.STALE_WITHIN_JITTER.finding(
                f"{function.id} may begin {format_duration(jitter)} after its tick, and skips it after"
                f" {format_duration(stale)}.",
                job=job.id,
                location=function.location,
            )


def _served(job: Job, function: FunctionConfig) -> JobOptions:
    """Return the job's options, those that are served in place of the planned ones."""
    limits = [limit.limit for limit in function.concurrency if limit.key is None]
    retries = job.options.retries if function.retries is None else function.retries
    served = replace(job.options, concurrency=min(limits, default=None))
    return replace(served, retries=min(max(retries, 0), MAX_RETRIES))


def _read(text: str | None) -> timedelta | None:
    """Return the time that a text means; ``None`` for one that is a finding of its own."""
    try:
        return read_duration(text) if text and text.strip() else None
    except ValueError:
        return None


def _next(meant: tuple[Schedule, ...], now: datetime) -> str:
    ticks = [tick for schedule in meant for tick in islice(schedule.after(now), 1)]
    return f"{min(ticks):%Y-%m-%d %H:%M} UTC" if ticks else "never"
