"""Stage 6, surveyed: what only all jobs together, or the project as a whole, show.

A question that takes more than one job, or none, stands in ``project_findings``, which this stage
asks once. What it finds blocks no job.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cronshift.plan.project_findings import survey

if TYPE_CHECKING:
    from cronshift.plan.placed import Placed


def survey_project(placed: Placed) -> Placed:
    """Return the jobs, with the findings of the whole project beside the others."""
    opened = placed.opened
    findings = survey(
        opened.judge,
        placed.jobs,
        opened.project.config_file,
        placed.placement.called_paths,
        is_planned=opened.project.is_planned,
    )
    return replace(placed, findings=(*placed.findings, *findings))
