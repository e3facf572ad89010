"""Generated files beside those on disk: the differences, and the edits that remove them.

A file that was changed by hand is never overwritten without ``force``, and then only after a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import unified_diff
from enum import StrEnum
from itertools import count
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, RefusedError
from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.runtime.regular_files import is_regular
from cronshift.targets.seal import is_untouched, sealed_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from cronshift.targets import GeneratedFile


OF_MODULES = ("jobs", "functions")
"""The folders of a package in which a target's modules stood, whether any is planned now or not."""


class FileAction(StrEnum):
    """The state of a file on disk, compared with the text that is generated for it."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    EDITED = "edited"
    """It differs, and was changed by hand or never generated."""
    STALE = "stale"
    """It was generated earlier and is no longer planned."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One generated file, as it is and as it would be.

    Attributes:
        path: POSIX, relative to the project's root.
        before: the text on disk, its line ends made newlines; ``None`` when there is no file.
        after: the text to write; ``None`` for a stale file.
        data: what is on disk, byte for byte.
    """

    path: str
    action: FileAction
    before: str | None
    after: str | None
    data: bytes | None = field(default=None, compare=False, repr=False)

    @property
    def conflict(self) -> bool:
        """True when a file changed by hand stands in the way of newly generated text.

        One whose edits were made to exactly that text does not: there is nothing new to bring in.
        """
        return self.action is FileAction.EDITED and sealed_digest(self.before or "") != (
            sealed_digest(self.after or "")
        )

    @property
    def pending(self) -> bool:
        """True when the file is to be written: it is new, out of date, or in conflict."""
        return self.action in {FileAction.CREATE, FileAction.UPDATE} or self.conflict

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff from the file on disk to the generated one."""
        old = "/dev/null" if self.before is None else f"a/{self.path}"
        new = "/dev/null" if self.after is None else f"b/{self.path}"
        return unified_diff(_lines(self.before), _lines(self.after), old, new)


def compare(root: Path, files: Iterable[GeneratedFile], out: str) -> tuple[FileChange, ...]:
    """Return a change for every file, then one for every stale file of the package ``out``.

    Only reads. Line ends do not matter, nor what a formatter made of TypeScript; files that cronshift did not generate are not its business
    unless they stand where a file is to be written.

    Raises:
        RefusedError: for a path outside the project or behind a symbolic link.
        CronshiftError: if a file cannot be read.
    """
    changes = [_change(root, file) for file in files]
    planned = {change.path for change in changes}
    return (*changes, *_stale(root, out, planned))


def edits(
    root: Path, changes: Iterable[FileChange], *, force: bool = False, remove_stale: bool = False
) -> tuple[list[Edit], list[str]]:
    """Return the edits that write new or outdated files, and the paths of the copies made.

    Args:
        root: the project's folder.
        changes: what :func:`compare` returned.
        force: overwrite (and remove) files changed by hand too, with a copy of each beside it.
        remove_stale: remove the files that are no longer planned.

    Raises:
        RefusedError: ``edited-by-hand``, without force.
    """
    wanted = [change for change in changes if _is_wanted(change, force, remove_stale)]
    _refuse_edited(wanted, force=force)
    copies = {change.path: _copy_path(root, change) for change in wanted if _by_hand(change)}
    made = [
        Edit(copies[change.path], change.data, ChangeKind.WRITE, f"a copy of {change.path}")
        for change in wanted
        if change.path in copies
    ]
    made += [
        Edit(
            change.path,
            None if change.after is None else change.after.encode(),
            ChangeKind.DELETE if change.after is None else ChangeKind.WRITE,
            based_on=Seen(change.data),
        )
        for change in wanted
    ]
    return made, list(copies.values())


def as_edit(change: FileChange) -> Edit:
    """Return the edit that makes one change of a file of the app's own, byte for byte."""
    after = (change.after or "").encode(errors="surrogateescape")
    return Edit(change.path, after, based_on=Seen(change.data))


def _change(root: Path, file: GeneratedFile) -> FileChange:
    data = _read(root, file.path)
    before = _text(data)
    if before is None:
        action = FileAction.CREATE
    elif before == file.text:
        action = FileAction.UNCHANGED
    elif not is_untouched(before):
        action = FileAction.EDITED
    else:
        is_same = sealed_digest(before) == sealed_digest(file.text)
        action = FileAction.UNCHANGED if is_same else FileAction.UPDATE
    return FileChange(file.path, action, before, file.text, data)


def _stale(root: Path, out: str, planned: Collection[str]) -> Iterator[FileChange]:
    """Yield files generated and no longer planned, in ``out`` and beside planned files in it."""
    package = PurePosixPath(out)
    holding = {package / name for name in OF_MODULES} | {
        PurePosixPath(path).parent for path in planned
    }
    for folder in (package, *sorted(place for place in holding if package in place.parents)):
        for file in sorted(inside(root, str(folder)).glob("*")):
            path = str(folder / file.name)
            is_candidate = path not in planned and is_regular(file) and not file.is_symlink()
            data = _read(root, path) if is_candidate else None
            text = _text(data)
            if text is not None and sealed_digest(text):
                yield FileChange(path, FileAction.STALE, text, None, data)


def _is_wanted(change: FileChange, force: bool, remove_stale: bool) -> bool:
    if change.action is FileAction.STALE:
        return remove_stale
    return change.pending or (force and change.action is FileAction.EDITED)


def _by_hand(change: FileChange) -> bool:
    """Return whether writing ``change`` would lose somebody's own edits."""
    return change.before is not None and not is_untouched(change.before)


def _refuse_edited(changes: Sequence[FileChange], *, force: bool) -> None:
    edited = [change.path for change in changes if _by_hand(change)]
    if edited and not force:
        raise RefusedError(
            f"Changed by hand, so nothing was written: {', '.join(edited)}.",
            reason="edited-by-hand",
            hint="--force overwrites and keeps a copy beside it (.bak).",
            where=edited[0],
        )


def _copy_path(root: Path, change: FileChange) -> str:
    """Return a path beside the file that nothing imports and that is free."""
    numbers = (f"{change.path}.bak{number or ''}" for number in count())
    return next(path for path in numbers if not inside(root, path).exists())


def _read(root: Path, path: str) -> bytes | None:
    file = inside(root, path)
    try:
        return content(file)
    except (OSError, RefusedError) as error:
        why = getattr(error, "strerror", None) or "it is no regular file"
        raise CronshiftError(
            f"{path} cannot be read: {why}.", reason="disk-error", where=path
        ) from error


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="replace").replace("\r\n", "\n")


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.splitlines(keepends=True)
