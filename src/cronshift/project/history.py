"""The past of a project in git: the states of a file, and the files of a commit. Nothing is run but git."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_MOST = 500  # commits
_NONE_IGNORED = 1  # the status of git check-ignore
_MOST_FILES = 2000
_LARGEST = 1_000_000  # bytes


class FileVersion(Struct, frozen=True):
    """A file as one commit left it; ``data`` is ``None`` where it was not there."""

    commit: str
    committed: datetime
    data: bytes | None


def versions(root: Path, path: str) -> tuple[FileVersion, ...]:
    """Return the states of a file, the newest first; none without a repository."""
    output = _git(root, "log", f"-n{_MOST}", "--format=%H %ct", "--no-ext-diff", "HEAD", "--", path)
    commits = [line.split() for line in output.decode().splitlines()]
    texts = contents(root, [f"{commit}:./{path}" for commit, _ in commits])
    return tuple(
        FileVersion(commit, datetime.fromtimestamp(int(seconds), UTC), data)
        for (commit, seconds), data in zip(commits, texts, strict=True)
    )


def files_since_gone(root: Path, commit: str) -> dict[str, bytes]:
    """Return the files that a commit had and that are gone or otherwise now, by path."""
    output = _git(root, "diff", "--no-ext-diff", "--name-only", "-z", "--relative", "--diff-filter=DMR",
                "--no-renames", commit, "HEAD", "--")  # fmt: skip
    paths = [path for path in output.decode(errors="surrogateescape").split("\0") if path]
    paths = paths[:_MOST_FILES]
    texts = contents(root, [f"{commit}:./{path}" for path in paths])
    return {path: data for path, data in zip(paths, texts, strict=True) if data is not None}


class IgnoredFile(Struct, frozen=True):
    """A file that git ignores, by a pattern at a place such as ``.gitignore:3``."""

    path: str
    pattern: str
    place: str


def ignored(root: Path, paths: Iterable[str]) -> tuple[IgnoredFile, ...] | None:
    """Return the files that git ignores and does not have; ``None`` where it does not tell."""
    asked = "\0".join(paths).encode(errors="surrogateescape")
    done = _run(root, "check-ignore", "--verbose", "-z", "--stdin", stdin=asked)
    if done is None or done.returncode not in {0, _NONE_IGNORED}:
        return None
    fields = done.stdout.decode(errors="surrogateescape").split("\0")
    rows = zip(*(fields[number::4] for number in range(4)), strict=False)
    return tuple(
        IgnoredFile(path, pattern, f"{source}:{line}")
        for source, line, pattern, path in rows
        if not pattern.startswith("!")
    )


def contents(root: Path, names: Sequence[str]) -> list[bytes | None]:
    """Return the content of each object; ``None`` for one that is not there, or is no file."""
    asked = [name for name in names if "\n" not in name]
    output = _git(
        root, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in asked).encode()
    )
    data: dict[str, bytes | None] = {}
    for name in asked:
        head, _, output = output.partition(b"\n")
        parts = head.split()
        if len(parts) != 3 or not parts[2].isdigit():  # noqa: PLR2004 - name, kind, size
            continue
        size = int(parts[2])
        data[name] = output[:size] if parts[1] == b"blob" and size <= _LARGEST else None
        output = output[size + 1 :]
    return [data.get(name) for name in names]


def in_repository(root: Path) -> bool:
    """Return whether a folder lies in a git repository."""
    return any((folder / ".git").exists() for folder in (root, *root.absolute().parents))


def _git(root: Path, *words: str, stdin: bytes = b"") -> bytes:
    done = _run(root, *words, stdin=stdin)
    return b"" if done is None or done.returncode else done.stdout


def _run(root: Path, *words: str, stdin: bytes) -> subprocess.CompletedProcess[bytes] | None:
    """Run git; ``None`` where there is none."""
    try:
        return subprocess.run(  # noqa: S603 - git, and words of ours
            [*_GIT, *words], cwd=root, input=stdin, capture_output=True, check=False
        )
    except OSError:
        return None
