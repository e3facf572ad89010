"""The subject of facts: a project, its plan, and the jobs that are to move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cronshift.errors import path_to_show
from cronshift.readiness.fact import Fact, Kind, Knowledge, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cronshift.handlers import Resolver
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Job, Plan
    from cronshift.project import Project


@dataclass(frozen=True)
class Subject:
    """The project, plan and jobs that facts are about.

    Attributes:
        jobs: those that are to move.
        stage: how.
        percent: of their ticks, Inngest's after the move.
        now: the present instant.
    """

    project: Project
    plan: Plan
    jobs: Sequence[Job]
    now: datetime
    stage: Stage = Stage.SHARE
    percent: int = 100

    @cached_property
    def resolver(self) -> Resolver:
        """The resolver of the project's paths."""
        return self.project.resolver()

    @property
    def tree(self) -> SourceTree:
        """The project's files."""
        return self.resolver.tree

    def good(self, kind: Kind, message: str, evidence: object, *jobs: str) -> Fact:
        """Return a fact that is known good."""
        return Fact(kind, Knowledge.GOOD, path_to_show(message), str(evidence), self.now, jobs=jobs)

    def bad(self, kind: Kind, message: str, evidence: object, remedy: str, *jobs: str) -> Fact:
        """Return a fact that is known bad."""
        return Fact(
            kind, Knowledge.BAD, path_to_show(message), str(evidence), self.now, remedy, jobs
        )

    def unknown(self, kind: Kind, message: str, evidence: object, remedy: str, *jobs: str) -> Fact:
        """Return a fact that nobody knows."""
        return Fact(
            kind, Knowledge.UNKNOWN, path_to_show(message), str(evidence), self.now, remedy, jobs
        )
