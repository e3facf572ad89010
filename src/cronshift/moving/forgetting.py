"""The last of cronshift: its own folder, once nothing is on its way."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import RefusedError
from cronshift.operations import past_operations, refuse_unfinished
from cronshift.operations.lock import STATE_FOLDER, project_lock
from cronshift.plan.snapshot import settings_file
from cronshift.project.ownership_file import read_ownership
from cronshift.runtime.ownership import OWNERSHIP_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.project import Project


class Forgetting(Struct, frozen=True):
    """The files that ``forget`` would remove.

    Attributes:
        files: their paths.
        operations: what was done, which nothing can take back then.
    """

    files: tuple[str, ...]
    operations: tuple[str, ...]


def prepare_forgetting(project: Project) -> Forgetting:
    """Return the files that are left of cronshift in a project.

    Raises:
        RefusedError: while cronshift still has a part in it, or an operation is unfinished.
    """
    root = project.root
    refuse_unfinished(root)
    moving = sorted(read_ownership(root).jobs)
    moved = sorted(job for job, settings in project.settings.jobs.items() if settings.moved)
    if moving or moved:
        names = ", ".join(dict.fromkeys([*moving, *moved]))
        raise RefusedError(
            f"cronshift still has a part in {names}.",
            reason="still-needed",
            hint="cronshift finalize --all --direct ends that, or cronshift rollback --all.",
            where=OWNERSHIP_NAME if moving else settings_file(project),
        )
    folder = _folder(root)
    files = sorted(
        file.relative_to(root).as_posix() for file in folder.rglob("*") if file.is_file()
    )
    done = tuple(operation.command for operation in past_operations(root))
    return Forgetting(tuple(files), done)


def forget(root: Path, prepared: Forgetting) -> None:
    """Remove what is left of cronshift.

    Raises:
        RefusedError: if it was changed meanwhile, or cannot be removed.
    """
    folder = _folder(root)
    with project_lock(root):
        if len(past_operations(root)) != len(prepared.operations):
            raise RefusedError(
                f"{STATE_FOLDER} was changed meanwhile; nothing was removed.",
                reason="changed-file",
                hint="Run the command again.",
                where=STATE_FOLDER,
            )
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise RefusedError(
                f"{STATE_FOLDER} cannot be removed: {error.strerror}.",
                reason="not-writable",
                where=STATE_FOLDER,
            ) from error


def _folder(root: Path) -> Path:
    folder = root / STATE_FOLDER
    if folder.is_symlink():
        raise RefusedError(
            f"{STATE_FOLDER} is a symbolic link; what it leads to stays.",
            reason="symbolic-link",
            where=STATE_FOLDER,
        )
    return folder
