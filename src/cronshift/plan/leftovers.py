"""The leftovers of Vercel cron in a project: routes, secrets, scripts, documents."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.operations.lock import STATE_FOLDER
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.runtime.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_SKIPPED = {
    ".git", ".venv", "venv", "node_modules", ".next", ".vercel", "dist", "build", "__pycache__",
    STATE_FOLDER,
}  # fmt: skip
_WORDS = re.compile(r"vercel-cron|x-vercel-cron|CRON_SECRET|vercel crons?\b", re.IGNORECASE)
_UNEDITED: Mapping[str, bytes | None] = {}
_LARGEST = 1_000_000  # bytes of a file that is looked at


class Leftover(Struct, frozen=True):
    """One line that may have lost its reason.

    Attributes:
        text: the words in it that tell, and no more of it: it may hold a secret.
    """

    file: str
    line: int
    text: str


def find_leftovers(
    root: Path, paths: Collection[str], out: str, edited: Mapping[str, bytes | None] = _UNEDITED
) -> list[Leftover]:
    """Return the lines of a project that name a cron path or Vercel's cron.

    Args:
        root: the project's folder.
        paths: the entries' paths.
        out: the generated package, which is not looked at.
        edited: what files hold from now on; ``None`` for those that go.
    """
    named = [path.partition("?")[0] for path in paths]
    spoken = re.compile("|".join(rf"{re.escape(path)}(?![\w-])" for path in named) or r"(?!)")
    leftovers = []
    for file in _files(root, out):
        relative = file.relative_to(root).as_posix()
        try:
            data = edited[relative] if relative in edited else read_regular(file, _LARGEST)
            text = (data or b"").decode()
        except (OSError, UnicodeDecodeError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            words = [match[0] for match in (*spoken.finditer(line), *_WORDS.finditer(line))]
            if words:
                leftovers.append(Leftover(relative, number, ", ".join(dict.fromkeys(words))))
    return leftovers


def _files(root: Path, out: str) -> Iterator[Path]:
    generated = root / out
    ours = {"cronshift.toml", OWNERSHIP_NAME, "vercel.json", "vercel.toml"}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and here / name != generated
        )
        for name in sorted(files):
            file = here / name
            if name in ours or file.is_symlink():
                continue
            yield file
