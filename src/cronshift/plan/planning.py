"""PLAN: entries, handlers and settings become jobs and findings, in one line of stages.

Each stage is a function from one frozen value to the next, in a file of its own, whose first lines
say which questions have their place there:

    opened → identified → resolved → judged → placed → surveyed → decided

No network, and none of the user's code is run. An error-level finding blocks its job only.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cronshift.plan.decided import decide
from cronshift.plan.identified import identify
from cronshift.plan.judged import judge
from cronshift.plan.opened import open_project
from cronshift.plan.placed import place
from cronshift.plan.resolved import resolve
from cronshift.plan.surveyed import survey_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Plan
    from cronshift.project import Project


def make_plan(project: Project) -> Plan:
    """Return the plan of a project: one job for every entry, and all that was found.

    Raises:
        ConfigError: if cronshift.toml names an entry, a handler or a target that does not exist.
    """
    with _collecting_seldom():
        opened = open_project(project)
        identified = identify(opened)
        resolved = resolve(identified)
        judged = judge(resolved)
        placed = place(judged)
        surveyed = survey_project(placed)
        return decide(surveyed)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let garbage wait: a plan makes many objects that last, and looking through them takes a fifth.

    At its end they count as old: they are looked through with all that is old, and not at once.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.freeze()
        gc.unfreeze()
