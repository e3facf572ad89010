"""VALIDATE, whole: the generated package, or an endpoint, against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.validation import check, inspect_endpoint
from cronshift.model import Location
from cronshift.plan.findings.registration import IN_DEV_MODE, OUT_OF_DATE, UNCHECKED
from cronshift.plan.functions import function_ids
from cronshift.runtime.web import is_public
from cronshift.targets import generate, target_named
from cronshift.targets.changes import FileAction, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cronshift.engine.validation import Registration
    from cronshift.model import Finding, Plan


def validate_package(
    root: Path, plan: Plan, *, compiles: bool = True
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return the registration of the generated modules, and their findings.

    How they are looked at is their target's to say.

    Args:
        root: the project's folder.
        plan: its plan.
        compiles: whether to run the project's own compiler, for a target that has one.

    Raises:
        ConfigError: ``not-generated`` when there are no modules.
        NotWellError: if a Python package cannot be imported.
    """
    registration, findings = target_named(plan.target).validate(root, plan, compiles=compiles)
    return registration, tuple(findings)


async def validate_endpoint(
    plan: Plan, url: str, signing_key: str | None, bypass: Mapping[str, str] | None = None
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return the registration of an endpoint, and its findings.

    Raises:
        CronshiftError: if it cannot be reached, is none, or refuses the caller.
    """
    async with Endpoint.http(url, signing_key, bypass=bypass) as endpoint:
        ids = [f"{plan.app_id}-{function_ids(job)[0]}" for job in plan.runnable]
        registration = await inspect_endpoint(endpoint, ids)
    findings = check(plan, registration)
    if registration.mode == "dev" and is_public(url):
        findings = (*findings, IN_DEV_MODE.finding(f"{url} is in dev mode."))
    return registration, findings


def has_unchecked(findings: Iterable[Finding]) -> bool:
    """Return whether something that was asked for was not looked at, so that nothing is called valid."""
    return any(finding.code in UNCHECKED for finding in findings)


def out_of_date(root: Path, plan: Plan) -> Iterator[Finding]:
    """Yield the generated files that differ from those that the plan gives today for the jobs that are there."""
    there = [job for job in plan.jobs if job.module and (root / job.module).is_file()]
    modules = {job.module: job.id for job in plan.runnable}
    for change in compare(root, generate(replace(plan, jobs=tuple(there))), plan.out):
        if change.action is FileAction.UPDATE or change.conflict:
            yield OUT_OF_DATE.finding(
                f"{change.path} differs from what the plan gives today.",
                job=modules.get(change.path),
                location=Location(change.path, 1),
            )
