"""The workflows whose schedules are jobs too, as the settings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.model import CronEntry, Origin
from cronshift.project.workflows.reading import read_workflow, scheduled_calls
from cronshift.runtime.regular_files import is_regular, read_text
from cronshift.vercel import ConfigFormat, VercelConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cronshift.project import Project
    from cronshift.project.settings import Settings


def workflow_sources(
    root: Path, settings: Settings, edited: Mapping[str, bytes | None]
) -> tuple[VercelConfig, ...]:
    """Return the entries of each workflow that the settings name; of one that is gone, none."""
    texts = {file: _text(root, file, edited) for file in settings.workflows}
    return tuple(
        VercelConfig(
            file, ConfigFormat.WORKFLOW, text, tuple(workflow_entries(text, file, settings)), (), {}
        )
        for file, text in texts.items()
        if text
    )


def workflow_entries(text: str, file: str, settings: Settings) -> Iterator[CronEntry]:
    """Yield an entry for each call that a function can make as a workflow makes it."""
    for each in read_workflow(text, file):
        if each.unlike(settings.bridge.secret_env, settings.addresses) is None:
            yield CronEntry(
                each.call.path,
                each.schedule,
                each.location,
                f"on.schedule[{each.number}]",
                Origin.WORKFLOW,
                timezone=each.timezone,
                index=each.number,
                workflow=file,
            )


def with_workflows(project: Project, files: Sequence[str]) -> Project:
    """Return a project of which the schedules of more workflows are entries.

    Raises:
        CronshiftError: for one that does not only call routes, in a way that cronshift can, too.
    """
    if not files:
        return project
    settings, resolver = project.settings, project.resolver()
    calls = list(scheduled_calls(resolver.tree))
    for file in files:
        of_file = [each for each in calls if each.location.file == file]
        reasons = [
            reason
            for each in of_file
            if (reason := each.unlike(settings.bridge.secret_env, settings.addresses))
        ]
        reasons += [
            f"nothing here answers {each.call.path}"
            for each in of_file
            if resolver.resolve(each.call.path).handler is None
        ]
        if not of_file or reasons:
            why = reasons[0] if reasons else "no schedule of it calls a path that can be read"
            raise CronshiftError(
                f"{file} cannot become jobs: {why}.",
                reason="workflow-stays",
                hint="cronshift audit tells of each workflow (CS559).",
                where=file,
            )
    named = tuple(dict.fromkeys([*settings.workflows, *files]))
    settings = replace(settings, workflows=named)
    others = [source for source in project.sources if source.format is not ConfigFormat.WORKFLOW]
    more = workflow_sources(project.root, settings, project.edited)
    return replace(project, settings=settings, sources=(*others, *more))


def _text(root: Path, file: str, edited: Mapping[str, bytes | None]) -> str:
    if file in edited:
        return (edited[file] or b"").decode(errors="replace")
    path = root / file
    return read_text(path) if is_regular(path) and not path.is_symlink() else ""
