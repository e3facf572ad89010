"""GENERATE: a plan becomes the files of a target. Pure: nothing is read and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.runtime.jobs import CANCELLED_ID

if TYPE_CHECKING:
    from cronshift.model import Plan


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One file to write; ``path`` is POSIX, relative to the project's root."""

    path: str
    text: str


def generate(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the files of the plan's runnable jobs; the same plan gives the same bytes.

    Raises:
        CronshiftError: for a target that is not known, or a plan that it cannot write.
    """
    if any(job.id == CANCELLED_ID for job in plan.runnable):
        raise CronshiftError(
            f"The id {CANCELLED_ID} is that of a function of cronshift's own.",
            reason="taken-id",
            hint="Give the job another: `path` under [jobs.<id>] in cronshift.toml, the same as its entry has.",
            where=CANCELLED_ID,
        )
    if plan.target == "python":
        from cronshift.targets.python import generate_package

        return generate_package(plan)
    if plan.target == "nextjs":
        from cronshift.targets.nextjs import generate_app

        return generate_app(plan)
    raise CronshiftError(
        f"There is no target {plan.target!r}.",
        reason="unknown-target",
        hint="The targets are python and nextjs.",
    )
