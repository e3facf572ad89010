"""Stage 1, opened: a project with its sources at hand and its target known.

A question about the app as a whole that decides what is planned at all stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.plan.handler_findings import Judge
from cronshift.targets.registry import target_of

if TYPE_CHECKING:
    from cronshift.project import Project
    from cronshift.targets.target import Target


class Opened(Struct, frozen=True):
    """A project to plan.

    Attributes:
        judge: reads its sources, each once.
        target: what its functions are generated as.
    """

    project: Project
    judge: Judge
    target: Target


def open_project(project: Project) -> Opened:
    """Return a project, opened.

    Raises:
        CronshiftError: for a target that there is none of, or that does not fit.
    """
    judge = Judge(project.resolver())
    return Opened(project, judge, target_of(project, judge.resolver))
