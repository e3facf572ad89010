"""VALIDATE, whole: the project's own package or an endpoint, beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Location
from cronshift.plan.findings.registration import OUT_OF_DATE
from cronshift.server.endpoint import Endpoint
from cronshift.targets import generate
from cronshift.targets.changes import FileAction, compare
from cronshift.validation import check, inspect_app, inspect_endpoint, inspect_package
from cronshift.validation.compiling import check_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Finding, Plan
    from cronshift.validation import Registration


_OF_THE_APP = {"CS430", "CS431", "CS432"}
"""What planning found in the app's source that keeps its functions from being called."""


def validate_package(
    root: Path, plan: Plan, *, compiles: bool = True
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return what the generated modules would register, and all that is wrong with them.

    Python is imported, in a process of its own. TypeScript is read, and its types are checked by
    the project's own compiler.

    Args:
        root: the project's folder.
        plan: its plan.
        compiles: whether to run that compiler.

    Raises:
        ConfigError: ``not-generated`` when there are no modules.
        NotWellError: if a Python package cannot be imported.
    """
    if plan.target == "nextjs":
        return _validate_app(root, plan, compiles=compiles)
    registration = inspect_package(root, plan.out.replace("/", "."))
    return registration, (*check(plan, registration), *_out_of_date(root, plan))


def _validate_app(
    root: Path, plan: Plan, *, compiles: bool
) -> tuple[Registration, tuple[Finding, ...]]:
    registration = inspect_app(root, plan)
    found = [finding for finding in plan.findings if finding.code in _OF_THE_APP]
    found += check(plan, registration)
    refused = any(finding.code == "CS423" for finding in (*found, *plan.findings))
    if plan.endpoint_file is not None and not refused:
        found += _out_of_date(root, plan)
    if compiles:
        found += check_types(root, plan)
    return registration, tuple(found)


async def validate_endpoint(
    plan: Plan, url: str, signing_key: str | None
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return what an endpoint would register, and all that is wrong with it.

    Raises:
        CronshiftError: if it cannot be reached, is none, or refuses the caller.
    """
    async with Endpoint.http(url, signing_key) as endpoint:
        registration = await inspect_endpoint(endpoint)
    return registration, check(plan, registration)


def _out_of_date(root: Path, plan: Plan) -> Iterator[Finding]:
    modules = {job.module: job.id for job in plan.runnable}
    for change in compare(root, generate(plan), plan.out):
        if change.action is FileAction.UPDATE or change.conflict:
            yield OUT_OF_DATE.found(
                f"{change.path} differs from what the plan gives today.",
                job=modules.get(change.path),
                location=Location(change.path, 1),
            )
