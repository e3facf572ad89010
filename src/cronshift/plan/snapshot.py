"""A project as it is, or as edits will have made it, with its plan, made once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.plan.planning import make_plan
from cronshift.project.settings import CONFIG_NAME, parse_settings
from cronshift.vercel import ConfigFormat, parse_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.model import Plan
    from cronshift.operations import Edit
    from cronshift.project import Project


@dataclass(frozen=True)
class Snapshot:
    """One state of a project, whose plan and parts are worked out once."""

    project: Project
    _after: dict[tuple[Edit, ...], Snapshot] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def plan(self) -> Plan:
        """The plan of this state."""
        return make_plan(self.project)

    def after(self, edits: Sequence[Edit]) -> Snapshot:
        """Return the state that ``edits`` lead to; the same for the same edits."""
        key = tuple(edits)
        if not key:
            return self
        if key not in self._after:
            self._after[key] = Snapshot(project_after(self.project, key))
        return self._after[key]


def project_after(project: Project, edits: Sequence[Edit]) -> Project:
    """Return the project as it will be once the edits are made."""
    after = {edit.path: edit.after for edit in edits}
    after |= {edit.moved_from: None for edit in edits if edit.moved_from is not None}
    source, file = project.sources[0], settings_file(project)
    settings = project.settings
    if file in after:
        settings = parse_settings((after[file] or b"").decode(), file)
    sources = project.sources
    if source.file in after:  # where it goes, nothing is scheduled in it
        text = (after[source.file] or b"{}").decode()
        sources = (parse_config(text, source.file), *sources[1:])
    edited = {**project.edited, **after}
    if settings.workflows:
        from cronshift.project.workflows.sources import workflow_sources

        others = [each for each in sources if each.format is not ConfigFormat.WORKFLOW]
        sources = (*others, *workflow_sources(project.root, settings, edited))
    return replace(project, settings=settings, sources=sources, edited=edited)


def settings_file(project: Project) -> str:
    """Return the path of the project's own settings."""
    return project.settings.file or CONFIG_NAME
