"""SURVEY: what only the whole project shows: routes nobody calls, the Inngest side, leftovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.plan.findings import CATALOGUE
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.plan.findings.subject import ProjectSubject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.model import Finding, Job
    from cronshift.plan.handler_findings import Judge


def survey(
    judge: Judge,
    jobs: Sequence[Job],
    config_file: str,
    paths: Sequence[str] = (ENDPOINT,),
    *,
    is_planned: bool = False,
) -> Iterator[Finding]:
    """Yield what the project as a whole gives to say; findings of no job block nothing.

    Args:
        judge: of the project.
        jobs: all of them.
        config_file: Vercel's.
        paths: what no middleware may stand before.
        is_planned: whether a migration is what the project is looked at for.
    """
    subject = ProjectSubject(judge, jobs, config_file, paths, is_planned)
    for rule in CATALOGUE.values():
        yield from rule.in_project(subject)
