"""The configuration, found and read: JSON, TOML, a literal script, the build output."""

from __future__ import annotations

import errno
import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import ConfigError, Reason
from cronshift.model import CronEntry, Location, Origin, Problem
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_regular
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
COMPILED = ".vercel/vercel.json"
"""What Vercel's command line writes when it has run a ``vercel.ts``."""
NITRO_CONFIGS = tuple(
    f"{name}.config.{suffix}" for name in ("nuxt", "nitro") for suffix in ("ts", "js", "mts", "mjs")
)
_NOT_OURS = {"node_modules", ".git", ".venv", "venv", ".next", ".vercel", "dist", "__pycache__"}
_DEEPEST = 3
_WORKFLOWS = ".github/workflows"
_SCHEDULED = lazy_pattern(rb"^\s+schedule:\s*\n(?:\s*#.*\n)*\s*- cron:", re.MULTILINE)
_TOML_HEADER = lazy_pattern(r"^[ \t]*\[\[[ \t]*(crons|schedules)[ \t]*\]\]", re.MULTILINE)


class ConfigFormat(StrEnum):
    """The format of a configuration."""

    JSON = "json"
    TOML = "toml"
    SCRIPT = "script"
    BUILD_OUTPUT = "build-output"
    WORKFLOW = "workflow"
    """Of GitHub's: entries, and nothing of Vercel's."""


class VercelConfig(Struct, frozen=True):
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


def read_project(
    root: Path, chosen: str | None = None, made: str | None = None
) -> tuple[VercelConfig, ...]:
    """Return the project's configuration and, behind it, the entries only its build output has.

    An entry of the build output that the configuration has too is the same one, compiled.
    ``made`` is the JSON that a configuration which is a script has made, where it was run.

    Raises:
        ConfigError: if there is no configuration, more than one, or one that cannot be read.
    """
    path = find_config(root, chosen)
    source = _read_own(root, path) if made is None else _made(path.name, made)
    others = (_beside(root, name) for name in (*NITRO_CONFIGS, BUILD_OUTPUT) if name != source.file)
    sources = [source]
    seen = {(entry.path, entry.schedule) for entry in source.entries}
    for other in others:
        if other is None or source.format is ConfigFormat.BUILD_OUTPUT:
            continue
        new = tuple(entry for entry in other.entries if (entry.path, entry.schedule) not in seen)
        if new or other.problems:
            sources.append(replace(other, entries=new))
            seen |= {(entry.path, entry.schedule) for entry in new}
    return tuple(sources)


def _read_own(root: Path, path: Path) -> VercelConfig:
    """Read the user's configuration; of a computed script, the build output of Vercel's own run."""
    compiled = root / COMPILED
    is_script = path.name in SCRIPTS and compiled.is_file()
    try:
        config = read_config(root, path)
    except ConfigError as error:
        if not is_script or error.reason != "not-literal":
            raise
        config = None
    computed = (
        [problem for problem in config.problems if problem.rule == "not-literal"] if config else []
    )
    if config is not None and not (is_script and computed):
        return config
    output = read_config(root, compiled)
    place = computed[0].location if computed else Location(path.name, 1)
    note = Problem("", f"{path.name} is computed; read from {COMPILED}.", place, "compiled-config")
    return replace(output, problems=(*output.problems, note))


def _made(script: str, text: str) -> VercelConfig:
    """Read the export of a script; all of it stands at the script's first line."""
    place, document = Location(script, 1), json_text.parse_object(text, script)
    entries, problems = EntryReader(document, lambda *_: place).read()
    note = Problem("", f"{script} is computed; it was run.", place, "compiled-config")
    return VercelConfig(script, ConfigFormat.SCRIPT, text, entries, (*problems, note), document)


def _beside(root: Path, name: str) -> VercelConfig | None:
    """Read another source of entries, if it is there and has some."""
    path = root / name
    return read_config(root, path) if path.is_file() and _makes_entries(path) else None


def _makes_entries(path: Path) -> bool:
    """Return whether a file may make cron entries; a configuration of Vercel's always may."""
    if path.name not in NITRO_CONFIGS:
        return True
    text = read_regular(path) if is_regular(path) else b""
    return b"crons" in text or b"scheduledTasks" in text


def has_config(folder: Path) -> bool:
    """Return whether a folder has something that makes cron entries."""
    if any((folder / name).is_file() for name in (*NAMES, BUILD_OUTPUT)):
        return True
    return any(
        (folder / name).is_file() and _makes_entries(folder / name) for name in NITRO_CONFIGS
    )


def find_config(root: Path, chosen: str | None = None) -> Path:
    """Return the file that holds the project's configuration.

    Raises:
        ConfigError: if there is none, or more than one; Vercel refuses that too.
    """
    if chosen is not None:
        path = root / chosen
        if not path.resolve().is_relative_to(root.resolve()):
            raise ConfigError(
                f"{chosen} is outside the project.", reason="outside-project", where=chosen
            )
        return path
    present = [root / name for name in NAMES if (root / name).exists()]
    if len(present) > 1:
        raise ConfigError(
            f"There are several configurations: {', '.join(path.name for path in present)}.",
            reason="conflicting-config-files",
            hint="Vercel refuses this too: keep one of them.",
        )
    if present:
        return present[0]
    for name in (BUILD_OUTPUT, *NITRO_CONFIGS):
        if (root / name).is_file() and _makes_entries(root / name):
            return root / name
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
    elif path.name in NITRO_CONFIGS:
        from cronshift.vercel.nitro import read_nitro

        kind = ConfigFormat.SCRIPT
        document, locate = read_nitro(text, file)
    elif path.name.endswith(tuple(name.removeprefix("vercel") for name in SCRIPTS)):
        from cronshift.vercel.script import read_script

        kind = ConfigFormat.SCRIPT
        document, locate = read_script(text, file)
    else:
        built = file in {BUILD_OUTPUT, COMPILED}
        kind = ConfigFormat.BUILD_OUTPUT if built else ConfigFormat.JSON
        document, locate = json_text.parse_object(text, file), _json_locator(text, file)
    origin = Origin.BUILD_OUTPUT if kind is ConfigFormat.BUILD_OUTPUT else Origin.CRONS
    entries, problems = EntryReader(document, locate, origin).read()
    if kind is ConfigFormat.JSON:
        problems = (*problems, *_repeated_keys(text, file))
    return VercelConfig(file, kind, text, entries, problems, document)


def _repeated_keys(text: str, file: str) -> Iterator[Problem]:
    """Yield the keys that stand twice in one object, each at the place that is lost."""
    lines = json_text.Lines(text)
    for path, span in json_text.repeated(text):
        name = f"`{path[-1]}` stands again further down, and JSON keeps the last"
        is_entry = path[0] == "crons" and len(path) > 1
        entry = f"crons[{path[1]}]" if is_entry else None
        place = Location(file, *lines.position(span.key))
        pointer = ".".join(map(str, path))
        yield Problem(pointer, f"{name}: this one is not read.", place, "repeated-key", entry)


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
    def below(start: int) -> dict[str | int, json_text.JsonSpan]:
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


def _scheduled_workflow(root: Path) -> str | None:
    """Return a workflow of GitHub's that a schedule starts; ``None`` where there is none."""
    for path in sorted((root / _WORKFLOWS).glob("*.y*ml")):
        if is_regular(path) and _SCHEDULED.search(read_regular(path)):
            return f"{_WORKFLOWS}/{path.name}"
    return None


def _none_found(root: Path) -> ConfigError:
    if (root / "now.json").exists():
        return ConfigError(
            "now.json is no longer read by Vercel.",
            reason="deprecated-config",
            hint="Rename it to vercel.json.",
            where="now.json",
        )
    candidates = sorted(_below(root, root, 1))
    folders = {name.rpartition("/")[0] for name in candidates}
    is_project = (root / "package.json").is_file()
    lost = [folder for folder in sorted(folders) if not (root / folder / "package.json").is_file()]
    if is_project and lost and len(lost) == len(folders):
        return ConfigError(
            "There is no vercel.json here.",
            reason="no-config",
            hint=f"Vercel does not read the one in {lost[0]}, which is no project: its crons have "
            "never been registered. Move it here, beside the package.json.",
        )
    workflow = _scheduled_workflow(root)
    if is_project and not candidates and workflow is not None:
        return ConfigError(
            "There is no vercel.json here.",
            reason="no-config",
            hint=f"{workflow} has a schedule. Write {{}} into vercel.json, and what it calls is audited.",
        )
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
