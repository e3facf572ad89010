"""Stage 6, surveyed: findings about all jobs together, or about the project as a whole.

A question that takes more than one job, or none, stands in ``project_findings``, which this stage
asks once. What it finds blocks no job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.plan.findings.subject import ProjectSubject
from cronshift.plan.project_findings import survey
from cronshift.targets.registry import passed_over

if TYPE_CHECKING:
    from cronshift.plan.placed import Placed


def survey_project(placed: Placed) -> Placed:
    """Return the jobs, with the findings of the whole project beside the others."""
    project, resolver = placed.opened.project, placed.opened.judge.resolver
    handlers = [job.handler for job in placed.jobs if job.handler is not None]
    subject = ProjectSubject(
        placed.opened.judge,
        placed.jobs,
        project.config_file,
        placed.placement.called_paths,
        is_planned=project.is_planned,
        sessions=project.settings.sessions,
        bridge=project.settings.bridge,
        addresses=project.settings.addresses,
        passed_over=passed_over(project, resolver, handlers),
    )
    return replace(placed, findings=(*placed.findings, *survey(subject)))
