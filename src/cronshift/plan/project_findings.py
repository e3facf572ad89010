"""SURVEY: findings that only the whole project shows: uncalled routes, Inngest, leftovers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.plan.findings import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Finding
    from cronshift.plan.findings.subject import ProjectSubject


def survey(subject: ProjectSubject) -> Iterator[Finding]:
    """Yield the findings about the project as a whole; those of no job block nothing."""
    for rule in CATALOGUE.values():
        yield from rule.in_project(subject)
