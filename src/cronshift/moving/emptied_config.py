"""Vercel's configuration in which nothing is left once the last job is the app's own: it goes too.

Only where cronshift emptied it: one that was empty before stays, and so does one that another file names. While
cronshift has a part in the app it reads the file itself, so after ``finalize`` alone it stays.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree, is_in_comment
from cronshift.operations import ChangeKind, Edit, past_operations
from cronshift.plan.snapshot import settings_file
from cronshift.project.project import EMPTIED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.plan.snapshot import Snapshot

_READING = re.compile(
    r"\.(?:[cm]?[jt]sx?|py|sh|bash|ya?ml|json|toml)$|(?:^|/)(?:Makefile|Dockerfile|justfile)$"
)


def without_emptied(before: Snapshot, edits: Sequence[Edit]) -> list[Edit]:
    """Return edits that also remove Vercel's configuration where they, and those of before, leave nothing in it.

    Args:
        before: the project as it is.
        edits: those after which cronshift has no part in it, or has.
    """
    project, after = before.project, before.after(edits).project
    source, settings = project.sources[0], settings_file(project)
    is_last = any(edit.path == settings and edit.after is None for edit in edits)
    text = after.edited.get(source.file, source.text.encode())
    if not is_last or source.file != EMPTIED or text is None or not _is_empty(text):
        return list(edits)
    made = [edit for edit in edits if edit.path == source.file and edit.after is not None]
    images = [image for each in past_operations(project.root) for image in each.images]
    emptied = [image for image in images if image.path == source.file and image.after == text]
    is_ours = bool(made) or any(image.before != text for image in emptied)
    if not is_ours or _reader_of(SourceTree(project.root, after.edited), source.file) is not None:
        return list(edits)
    summary = f"{source.file}: nothing is left in it"
    others = [edit for edit in edits if edit.path != source.file]
    return [*others, Edit(source.file, None, ChangeKind.DELETE, summary)]


def _is_empty(text: bytes) -> bool:
    """Return whether a configuration says nothing but what it is."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and not document.keys() - {"$schema"}


def _reader_of(tree: SourceTree, file: str) -> str | None:
    """Return a file of code or of a workflow that names another, not in a comment alone."""
    for each in sorted(filter(_READING.search, tree.files)):
        text = tree.read(each) if each != file else ""
        named = (match.start() for match in re.finditer(rf"\b{re.escape(file)}\b", text))
        if any(not is_in_comment(tree.parsed(each), at) for at in named):
            return each
    return None
