"""VALIDATE, whole: the project's own package or an endpoint, beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.executor.transport import Endpoint
from cronshift.findings.inngest import OUT_OF_DATE
from cronshift.model import Location
from cronshift.targets import generate
from cronshift.targets.changes import FileAction, compare
from cronshift.validation import check, inspect_endpoint, inspect_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Finding, Plan
    from cronshift.validation import Registration


def validate_package(root: Path, plan: Plan) -> tuple[Registration, tuple[Finding, ...]]:
    """Return what the generated package would register, and all that is wrong with it.

    Raises:
        ConfigError: ``not-generated`` when there is no package.
        NotWellError: if it cannot be imported.
    """
    if plan.target != "python":
        raise CronshiftError(
            "The app's own functions are validated where the app runs.",
            reason="needs-endpoint",
            hint="Start it with INNGEST_DEV=1 and say --endpoint http://localhost:3000/api/inngest.",
        )
    registration = inspect_package(root, plan.out.replace("/", "."))
    return registration, (*check(plan, registration), *_out_of_date(root, plan))


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
