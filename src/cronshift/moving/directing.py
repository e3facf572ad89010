"""Parts of every target's way to functions of the app's own: edits together, and the end of what cronshift kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.tree import SourceTree, language
from cronshift.operations import ChangeKind, Edit
from cronshift.operations.files import content, inside
from cronshift.plan.snapshot import settings_file
from cronshift.project import settings_edit
from cronshift.project.ownership_file import ownership_of
from cronshift.runtime.ownership import OWNERSHIP_NAME, dump_ownership

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.model import Job
    from cronshift.plan.snapshot import Snapshot


def merged(first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Return edits that come to what both do, one behind the other; each path once."""
    edits = {edit.path: edit for edit in first}
    for edit in second:
        there = edits.get(edit.path)
        if there is None:
            edits[edit.path] = edit
            continue
        source = there.moved_from
        if source is not None and edit.after is None:  # what was to be moved here goes altogether
            edits[source] = Edit(source, None, ChangeKind.DELETE)
            source = None
        edits[edit.path] = replace(
            there,
            after=edit.after,
            kind=edit.kind,
            summary=edit.summary or there.summary,
            moved_from=source,
        )
    return list(edits.values())


def settled(ended: Snapshot, jobs: Sequence[Job]) -> Iterator[Edit]:
    """Yield the edits that end what cronshift keeps of jobs: settings and ownership.

    Args:
        ended: the project once Vercel's part of the jobs has ended.
        jobs: those that become the app's own.
    """
    names = {job.id for job in jobs}
    is_last = all(job.id in names for job in ended.plan.jobs)
    file = settings_file(ended.project)
    settings = (_bytes(ended, file) or b"").decode()
    for name in names:
        settings = settings_edit.drop_job(settings, name)
    after = None if is_last else settings.encode()
    yield Edit(
        file, after, ChangeKind.EDIT_CONFIG, f"{file}: {', '.join(sorted(names))} are your own"
    )
    data = _bytes(ended, OWNERSHIP_NAME)
    if data is None:
        return
    ownership = ownership_of(data)
    left = {job: epochs for job, epochs in ownership.jobs.items() if job not in names}
    ownership = ownership.with_jobs(left)
    gone = is_last and not ownership.jobs and not ownership.flows
    yield Edit(
        OWNERSHIP_NAME,
        None if gone else dump_ownership(ownership).encode(),
        ChangeKind.WRITE,
        f"{OWNERSHIP_NAME}: every tick is Inngest's, and nobody asks",
    )


def told_of_secret(before: Snapshot, edits: Sequence[Edit]) -> str:
    """Return whether anything reads the secret of Vercel's calls any more, in a sentence."""
    secret = before.plan.bridge.secret_env
    file = reader_of(before.after(edits), secret)
    if file is not None:
        return f"{secret} stays: {file} reads it."
    return f"Nothing reads {secret} any more: it can go where the app and its functions run."


def reader_of(snapshot: Snapshot, variable: str) -> str | None:
    """Return a file of code that names a variable of the environment, if there is one."""
    reads = re.compile(rf"[\"'.]{re.escape(variable)}\b")
    tree = SourceTree(snapshot.project.root, snapshot.project.edited)
    code = (file for file in sorted(tree.files) if language(file) is not None)
    return next((file for file in code if reads.search(tree.read(file))), None)


def _bytes(snapshot: Snapshot, path: str) -> bytes | None:
    edited = snapshot.project.edited
    return edited[path] if path in edited else content(inside(snapshot.project.root, path))
