"""The parts that every target's ending of Vercel's side shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import HandlerKind, Job, Mode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cronshift.operations import Edit
    from cronshift.project import Project


def each_once(written: Sequence[Edit], guards: Sequence[Edit]) -> list[Edit]:
    """Return all edits, each path once; removing a guard beats writing it anew."""
    paths = {edit.path for edit in guards}
    return [*(edit for edit in written if edit.path not in paths), *guards]


def staying(project: Project, jobs: Sequence[Job], routes: Collection[str]) -> Iterator[str]:
    """Yield the parts of jobs that stay on purpose, in sentences.

    Args:
        project: the project.
        jobs: those that Vercel's part ends of.
        routes: files that go.
    """
    for job in jobs:
        if job.mode is Mode.BRIDGE:
            yield f"The route {job.entry.path} stays: {job.id} calls it over HTTP."
        elif job.handler is not None and job.handler.kind is not HandlerKind.CALLABLE:
            yield f"{job.handler.file} stays: {job.id} calls it in process."
    if project.framework and not routes and any(job.mode is Mode.DIRECT for job in jobs):
        yield "CRON_SECRET stays as long as a route asks for it."
