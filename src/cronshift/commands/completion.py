"""Shell completion: the names of jobs, the codes of findings."""

from __future__ import annotations

from pathlib import Path


def job_names(incomplete: str) -> list[tuple[str, str]]:
    """Return the jobs of the project in the current folder, with what they call."""
    from cronshift.errors import CronshiftError
    from cronshift.plan.planning import make_plan
    from cronshift.project import load_project

    try:
        plan = make_plan(load_project(Path()))
    except CronshiftError:
        return []  # no project here: there is nothing to complete
    return [(job.id, job.entry.path) for job in plan.jobs if job.id.startswith(incomplete)]


def finding_codes(incomplete: str) -> list[tuple[str, str]]:
    """Return the codes that begin with what was typed, each with its name."""
    from cronshift.plan.findings import CATALOGUE

    wanted = incomplete.upper()
    return [(code, rule.name) for code, rule in CATALOGUE.items() if code.startswith(wanted)]
