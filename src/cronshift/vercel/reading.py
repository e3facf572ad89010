"""Find and read the configuration: JSON, TOML, a literal script, the build output."""

from __future__ import annotations

import errno
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, Reason
from cronshift.model import CronEntry, Location, Origin, Problem
from cronshift.runtime.regular_files import read_regular
from cronshift.vercel import json_text
from cronshift.vercel.entries import EntryReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cronshift.vercel.entries import Locate

LARGEST = 10_000_000  # bytes; a configuration is thousands of times smaller
SCRIPTS = tuple(f"vercel.{suffix}" for suffix in ("ts", "mts", "js", "mjs", "cjs"))
NAMES = ("vercel.json", "vercel.toml", *SCRIPTS)
BUILD_OUTPUT = ".vercel/output/config.json"
_NOT_OURS = {"node_modules", ".git", ".venv", "venv", ".next", ".vercel", "dist", "__pycache__"}
_DEEPEST = 3
_TOML_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*(crons|schedules)[ \t]*\]\]", re.MULTILINE)


class ConfigFormat(StrEnum):
    """How a configuration is written."""

    JSON = "json"
    TOML = "toml"
    SCRIPT = "script"
    BUILD_OUTPUT = "build-output"


@dataclass(frozen=True, slots=True)
class VercelConfig:
    """One configuration file, read.

    Attributes:
        file: its path, relative to the project's root.
        document: all of it, as data.
        problems: what Vercel would refuse, or cannot be read without running code.
    """

    file: str
    format: ConfigFormat
    text: str
    entries: tuple[CronEntry, ...]
    problems: tuple[Problem, ...]
    document: Mapping[str, Any]


def read_project(root: Path, given: str | None = None) -> tuple[VercelConfig, ...]:
    """Return the project's configuration and, behind it, what only its build output has.

    An entry of the build output that the configuration has too is the same one, compiled.

    Raises:
        ConfigError: if there is no configuration, more than one, or one that cannot be read.
    """
    own = read_config(root, find_config(root, given))
    built = root / BUILD_OUTPUT
    if own.format is ConfigFormat.BUILD_OUTPUT or not built.is_file():
        return (own,)
    output = read_config(root, built)
    known = {(entry.path, entry.schedule) for entry in own.entries}
    new = tuple(entry for entry in output.entries if (entry.path, entry.schedule) not in known)
    if not new and not output.problems:
        return (own,)
    return own, VercelConfig(
        output.file, output.format, output.text, new, output.problems, output.document
    )


def find_config(root: Path, given: str | None = None) -> Path:
    """Return the file that holds the project's configuration.

    Raises:
        ConfigError: if there is none, or more than one; Vercel refuses that too.
    """
    if given is not None:
        path = root / given
        if not path.resolve().is_relative_to(root.resolve()):
            raise ConfigError(
                f"{given} is outside the project.", reason="outside-project", where=given
            )
        return path
    found = [root / name for name in NAMES if (root / name).exists()]
    if len(found) > 1:
        raise ConfigError(
            f"There are several configurations: {', '.join(path.name for path in found)}.",
            reason="conflicting-config-files",
            hint="Vercel refuses this too: keep one of them.",
        )
    if found:
        return found[0]
    if (root / BUILD_OUTPUT).is_file():
        return root / BUILD_OUTPUT
    raise _none_found(root)


def read_config(root: Path, path: Path) -> VercelConfig:
    """Read one configuration file.

    Raises:
        ConfigError: if it cannot be read at all; what is wrong inside it becomes problems.
    """
    file = path.relative_to(root).as_posix()
    return parse_config(json_text.decode(_bytes(path, file), file), file)


def parse_config(text: str, file: str) -> VercelConfig:
    """Return the configuration that ``text`` spells, in the language of the file's name.

    Raises:
        ConfigError: if it cannot be read at all; what is wrong inside it becomes problems.
    """
    path = PurePosixPath(file)
    if path.suffix == ".toml":
        kind, document, locate = ConfigFormat.TOML, _toml(text, file), _toml_locator(text, file)
    elif path.name.endswith(tuple(name.removeprefix("vercel") for name in SCRIPTS)):
        from cronshift.vercel.script import read_script

        kind = ConfigFormat.SCRIPT
        document, locate = read_script(text, file)
    else:
        built = file == BUILD_OUTPUT
        kind = ConfigFormat.BUILD_OUTPUT if built else ConfigFormat.JSON
        document, locate = json_text.parse_object(text, file), _json_locator(text, file)
    origin = Origin.BUILD_OUTPUT if kind is ConfigFormat.BUILD_OUTPUT else Origin.CRONS
    entries, problems = EntryReader(document, locate, origin).read()
    return VercelConfig(file, kind, text, entries, problems, document)


_UNREADABLE = {
    errno.EISDIR: Reason.NOT_A_FILE,
    errno.EINVAL: Reason.NOT_A_FILE,
    errno.EFBIG: Reason.TOO_LARGE,
}


def _bytes(path: Path, file: str) -> bytes:
    try:
        return read_regular(path, LARGEST)
    except FileNotFoundError:
        raise ConfigError(
            f"{file} does not exist.",
            reason="no-config",
            hint="Name another one by vercel_config in cronshift.toml.",
            where=file,
        ) from None
    except OSError as error:
        why = f"{file} cannot be read: {error.strerror}."
        if error.errno == errno.EFBIG:
            size = path.stat().st_size
            why = f"{file} has {size:,} bytes; more than {LARGEST:,} is no configuration."
        raise ConfigError(
            why,
            reason=_UNREADABLE.get(error.errno or 0, Reason.UNREADABLE_CONFIG),
            where=file,
        ) from error


def _json_locator(text: str, file: str) -> Locate:
    """Return a function from keys and indexes to their place; each list is walked once."""
    lines = json_text.Lines(text)

    @cache
    def below(start: int) -> dict[str | int, json_text.Span]:
        if text[start] not in "{[":
            return {}
        return {span.name: span for span in json_text.children(text, start)}

    def locate(*path: str | int) -> Location:
        start = key = text.index("{")
        for name in path:
            span = below(start).get(name)
            if span is None:
                break
            start, key = span.start, span.key
        return Location(file, *lines.position(key))

    return locate


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            f"{file} is not TOML: {error}.", reason="invalid-toml", where=file
        ) from error


def _toml_locator(text: str, file: str) -> Locate:
    """Return a function to the line of an entry's header, or of the key that holds it."""
    headers: dict[str, list[int]] = {"crons": [], "schedules": []}
    for match in _TOML_HEADER.finditer(text):
        headers[match[1]].append(json_text.position(text, match.start(1))[0])

    def locate(*path: str | int) -> Location:
        lines = headers.get(str(path[0]), [])
        if len(path) > 1 and isinstance(path[1], int) and path[1] < len(lines):
            return Location(file, lines[path[1]])
        key = re.search(rf"^[ \t]*\[*{re.escape(str(path[0]))}\b", text, re.MULTILINE)
        return Location(file, json_text.position(text, key.start())[0] if key else 1)

    return locate


def _none_found(root: Path) -> ConfigError:
    if (root / "now.json").exists():
        return ConfigError(
            "now.json is no longer read by Vercel.",
            reason="deprecated-config",
            hint="Rename it to vercel.json.",
            where="now.json",
        )
    candidates = sorted(_below(root, root, 1))
    return ConfigError(
        "There is no vercel.json here.",
        reason="no-config",
        hint=f"Others below: {', '.join(candidates[:5])}. Choose with -C DIR."
        if candidates
        else "Name the project's folder with -C DIR.",
    )


def _below(root: Path, folder: Path, depth: int) -> Iterator[str]:
    """Yield the configurations in the folders below; which one counts only the user knows."""
    for child in sorted(folder.iterdir()):
        if child.is_dir() and not child.is_symlink() and child.name not in _NOT_OURS:
            for name in NAMES:
                if (child / name).is_file():
                    yield (child / name).relative_to(root).as_posix()
            if depth < _DEEPEST:
                yield from _below(root, child, depth + 1)
