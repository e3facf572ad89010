"""The rule behind a kind of finding: its words, severity, stage, example and check.

A rule is one place. To add one about a handler, write it into the module of its family here, with
its check, and its example into ``examples/``; the catalogue, the documentation, ``explain``, what
``audit`` says and what ``migrate`` asks about follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import path_to_show
from cronshift.model import Finding, Location, Severity
from cronshift.plan.findings.example import Example, example_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cronshift.handlers.behaviour import SourceSpot
    from cronshift.plan.findings.subject import JobSubject, ProjectSubject

    JobCheck = Callable[[JobSubject], Iterable["Evidence"]]
    ProjectCheck = Callable[[ProjectSubject], Iterable["Evidence"]]


class FindingStage(StrEnum):
    """The command that can report a finding."""

    AUDIT = "audit"
    """Planning: from the project's files alone."""
    VALIDATE = "validate"
    """Only with what an Inngest app registers."""


class Evidence(Struct, frozen=True):
    """One place where a rule is broken.

    Attributes:
        location: where; ``None`` is the entry's own line.
        fix: what to do here, where that is more than the rule's own words.
        job: whose it is, where the check is one of the whole project.
    """

    message: str
    location: Location | None = None
    fix: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding.

    Attributes:
        fix: what the user does about it, as an instruction.
        asked_first: whether ``migrate`` asks before it moves a job that has it: the success of its
            handler would mean nothing on Inngest.
        of_job: its check of one entry, with the handler that answers it.
        of_project: its check of the project as a whole. A rule without a check is found by what
            reads the entries, or by ``validate``.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    fix: str
    stage: FindingStage = field(default=FindingStage.AUDIT, kw_only=True)
    asked_first: bool = field(default=False, kw_only=True)
    of_job: JobCheck | None = field(default=None, kw_only=True)
    of_project: ProjectCheck | None = field(default=None, kw_only=True)

    @property
    def example(self) -> Example | None:
        """A project that has the finding, and one that has not; ``validate`` needs none."""
        return example_of(self.code)

    def finding(
        self,
        message: str,
        *,
        job: str | None = None,
        location: Location | None = None,
        fix: str | None = None,
    ) -> Finding:
        """Return this rule's finding for one place."""
        words = path_to_show(message), path_to_show(fix or self.fix)
        return Finding(self.code, self.name, self.severity, *words, job, location)

    def in_job(self, subject: JobSubject) -> Iterator[Finding]:
        """Yield this rule's findings about one entry and its handler."""
        for evidence in self.of_job(subject) if self.of_job is not None else ():
            yield self.finding(
                evidence.message,
                job=subject.id,
                location=evidence.location or subject.entry.source,
                fix=evidence.fix,
            )

    def in_project(self, subject: ProjectSubject) -> Iterator[Finding]:
        """Yield this rule's findings about the project as a whole."""
        for evidence in self.of_project(subject) if self.of_project is not None else ():
            yield self.finding(
                evidence.message, job=evidence.job, location=evidence.location, fix=evidence.fix
            )


def at(spots: Iterable[SourceSpot | None], text: str) -> Iterator[Evidence]:
    """Yield the evidence of each spot; ``{}`` in ``text`` is the spot's own words."""
    for spot in spots:
        if spot is not None:
            place = Location(spot.file, spot.line, spot.column)
            yield Evidence(text.replace("{}", spot.what), place)
