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
_MADE = (".tsbuildinfo", ".map", ".pyc")
_EVERYTHING = ("", "/api")
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
    """Return the lines of a project that name a cron path, a folder of such paths alone, or Vercel's cron.

    Args:
        root: the project's folder.
        paths: the entries' paths.
        out: the generated package, which is not looked at.
        edited: what files hold from now on; ``None`` for those that go.
    """
    named = sorted({path.partition("?")[0] for path in paths})
    texts = dict(_texts(root, out, edited))
    spoken = [rf"{re.escape(path)}(?![\w-])" for path in named]
    spoken += [
        rf"(?<=[\"'`]){re.escape(folder)}(?=/?(?:\*+|:\w+\*|\(\.\*\))?[\"'`])"
        for folder in _emptied(named, texts)
    ]
    words = re.compile("|".join(spoken) or r"(?!)")
    leftovers = []
    for file, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            phrases = [match[0] for match in (*words.finditer(line), *_WORDS.finditer(line))]
            if phrases:
                leftovers.append(Leftover(file, number, ", ".join(dict.fromkeys(phrases))))
    return leftovers


def _emptied(named: Collection[str], texts: Mapping[str, str]) -> list[str]:
    """Return the folders of paths in which neither a file nor a line knows another path."""
    ours = "|".join(re.escape(path) for path in named)
    folders = {path.rpartition("/")[0] for path in named}
    return [
        folder
        for folder in sorted(folders.difference(_EVERYTHING))
        if not any(f"{folder}/" in f"/{file}" or f"{folder}." in f"/{file}" for file in texts)
        and not any(
            re.search(rf"(?!(?:{ours})(?![\w-])){re.escape(folder)}/(?!:\w+\*)[\w\[:{{$]", text)
            for text in texts.values()
        )
    ]


def _texts(root: Path, out: str, edited: Mapping[str, bytes | None]) -> Iterator[tuple[str, str]]:
    """Yield the files that are there from now on, each with what it says."""
    for file in _files(root, out):
        relative = file.relative_to(root).as_posix()
        try:
            data = edited[relative] if relative in edited else read_regular(file, _LARGEST)
            text = data.decode() if data is not None else None
        except (OSError, UnicodeDecodeError):
            continue
        if text is not None:
            yield relative, text


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
            if name in ours or name.endswith(_MADE) or file.is_symlink():
                continue
            yield file
