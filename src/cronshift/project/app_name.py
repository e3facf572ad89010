"""The name of an app, the same wherever it is checked out: never its folder's name."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.model import Location
from cronshift.project.slug import slug
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CLIENTS = (
    ("client.py", lazy_pattern(r"""app_id=["']([\w.-]+)["']""")),
    ("client.ts", lazy_pattern(r"""\bid: ["']([\w.-]+)["']""")),
    ("client.js", lazy_pattern(r"""\bid: ["']([\w.-]+)["']""")),
)


class GeneratedId(Struct, frozen=True):
    """The id that a generated client serves."""

    app_id: str
    place: Location


def generated_id(root: Path, out: str) -> GeneratedId | None:
    """Return the id that the generated client in ``out`` has; ``None`` where there is none."""
    for name, pattern in _CLIENTS:
        file = root / out / name
        text = read_text(file) if is_regular(file) else ""
        match = pattern.search(text)
        if match is not None:
            line = text.count("\n", 0, match.start()) + 1
            return GeneratedId(match[1], Location(f"{out}/{name}", line))
    return None


def app_name(root: Path, entries: Iterable[str]) -> str:
    """Return an id for an app, from its parts that are the same in every checkout.

    That is the name in package.json or pyproject.toml, Vercel's project, or the git remote (with the
    folder inside it); where nothing names the app, a digest of its entries.

    Args:
        root: the app's folder.
        entries: what its entries are, as text.
    """
    for name in _names(root):
        if name and re.search(r"[A-Za-z0-9]", name):
            return slug(name.removeprefix("@"))
    digest = hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()
    return f"app-{digest[:8]}"


def _names(root: Path) -> Iterator[str | None]:
    yield _text(_json(root / "package.json").get("name"))
    document = _toml(root / "pyproject.toml")
    tool = document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for table in (document.get("project"), poetry):
        yield _text(table.get("name")) if isinstance(table, dict) else None
    yield _text(_json(root / ".vercel" / "project.json").get("projectName"))
    yield _remote(root)


def _remote(root: Path) -> str | None:
    """Return the name of the git remote, and of the folder in it."""
    top = root.resolve()
    for folder in (top, *top.parents):
        git = folder / ".git"
        if is_regular(git):  # a worktree: its repository is elsewhere
            gitdir = read_text(git).removeprefix("gitdir:").strip()
            git = (folder / gitdir).resolve().parent.parent
        if not git.is_dir():
            continue
        import configparser

        config = configparser.ConfigParser(strict=False, interpolation=None)
        with suppress(configparser.Error, OSError, UnicodeDecodeError):
            config.read_string(read_text(git / "config"))
        url = config.get('remote "origin"', "url", fallback="")
        name = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
        below = top.relative_to(folder).as_posix()
        return f"{name}-{below}" if name and below != "." else name or None
    return None


def _json(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads(read_regular(file))
        return document if isinstance(document, dict) else {}
    return {}


def _toml(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        return tomllib.loads(read_regular(file).decode())
    return {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
