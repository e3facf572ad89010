"""The app that Vercel builds where its configuration stands above it.

Only the dashboard knows a project's Root Directory, so this goes by what the repository says: the
output directory, the command that builds, the link of Vercel's command line. What these leave open
stays open.
"""

from __future__ import annotations

import json
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.handlers.functions import glob
from cronshift.runtime.regular_files import is_regular, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

CONFIGS = (
    "vercel.json",
    "vercel.toml",
    *(f"vercel.{suffix}" for suffix in ("ts", "mts", "js", "mjs", "cjs")),
)
MANIFESTS = ("package.json", "pyproject.toml", "requirements.txt")
_MOST_APPS = 50
_LONGEST = 200  # characters of a pattern
_USUAL = ("apps/*", "packages/*", "web", "frontend", "backend", "client", "server", "site", "app")
_LINKS = (".vercel/project.json", ".vercel/repo.json")
_INTO = {"--cwd", "--prefix", "-C", "--dir", "--directory"}
_CHOOSING = {"--filter", "-F", "-w", "--workspace", "workspace", "--project", "--scope"}
_BUILDERS = {"build", "run", "turbo", "nx", "run-many"}


def named_app(tree: SourceTree, document: dict[str, Any]) -> str:
    """Return the folder of the app that the configuration names; ``""`` where it names none."""
    output = document.get("outputDirectory")
    if isinstance(output, str):
        folder = _holding(tree, output)
        if folder:
            return folder
    linked = _linked(tree)
    if linked:
        return linked
    command = document.get("buildCommand")
    scripts = tree.data("package.json").get("scripts")
    if not isinstance(command, str) and isinstance(scripts, dict):
        command = scripts.get("vercel-build") or scripts.get("build")
    return _built(tree, command) if isinstance(command, str) else ""


def apps(tree: SourceTree) -> list[str]:
    """Return the folders below that hold an app of their own."""
    patterns = [glob(pattern.strip("/")) for pattern in _patterns(tree)]
    folders = sorted(_folders(tree))
    chosen = [
        folder for folder in folders if any(pattern.fullmatch(folder) for pattern in patterns)
    ]
    return chosen[:_MOST_APPS]


def config_in(tree: SourceTree, folder: str) -> str | None:
    """Return the configuration that a folder below has of its own."""
    names = (f"{folder}/{name}" for name in CONFIGS)
    return next((name for name in names if name in tree.files), None)


def has_config(tree: SourceTree, folder: str) -> bool:
    """Return whether a folder below has a configuration of its own."""
    return config_in(tree, folder) is not None


def schedules(tree: SourceTree, folder: str) -> bool:
    """Return whether a folder below has entries of its own, and so is a project of its own."""
    return any("crons" in tree.read(f"{folder}/{name}") for name in CONFIGS)


def _folders(tree: SourceTree) -> set[str]:
    ends = tuple(f"/{name}" for name in MANIFESTS)
    return {file.rpartition("/")[0] for file in tree.files if file.endswith(ends)}


def _holding(tree: SourceTree, path: str) -> str:
    """Return the deepest app among the folders that a path goes through."""
    parts = [part for part in PurePosixPath(path).parts if part not in {".", "/"}]
    folders = _folders(tree)
    ways = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((way for way in ways if way in folders), "")


def _linked(tree: SourceTree) -> str:
    """Return the Root Directory that Vercel's command line has written down."""
    for name in _LINKS:
        file = tree.root / name
        try:
            data = json.loads(read_regular(file)) if is_regular(file) else {}
        except (OSError, ValueError, RecursionError):
            continue
        settings = data.get("settings") if isinstance(data, dict) else None
        folder = settings.get("rootDirectory") if isinstance(settings, dict) else None
        projects = data.get("projects") if isinstance(data, dict) else None
        if isinstance(projects, list) and len(projects) == 1 and isinstance(projects[0], dict):
            folder = projects[0].get("directory")
        if isinstance(folder, str):
            return _holding(tree, folder)
    return ""


def _built(tree: SourceTree, command: str) -> str:
    """Return the one app that a build command goes into, or picks from the workspace."""
    try:
        words = shlex.split(command, comments=False)
    except ValueError:
        return ""
    meant = {folder for word in _targets(words) if (folder := _meant(tree, word))}
    return meant.pop() if len(meant) == 1 else ""


def _targets(words: list[str]) -> Iterator[str]:
    """Yield the words of a command that may name an app: ``cd web``, ``--filter=web``."""
    for before, word in zip(["", *words], words, strict=False):
        option, sign, value = word.partition("=")
        if sign and option in _CHOOSING | _INTO:
            yield value
        elif before in _CHOOSING | _INTO or before == "cd":
            yield word
        elif before in _BUILDERS and not word.startswith("-"):
            yield word.partition(":")[0]  # nx build web


def _meant(tree: SourceTree, word: str) -> str:
    """Return the folder of an app that is named by its path or by its package."""
    name = word.rstrip(";&").strip("{}^.").removeprefix("./").rstrip("/")
    folders = _folders(tree)
    if name in folders:
        return name
    by_name = [
        folder for folder in folders if tree.data(f"{folder}/package.json").get("name") == name
    ]
    last = [folder for folder in folders if folder.rpartition("/")[2] == name]
    chosen = by_name or (last if len(last) == 1 else [])
    return chosen[0] if chosen else ""


def _patterns(tree: SourceTree) -> Iterator[str]:
    """Yield the globs of the workspaces, and the usual places."""
    yield from _USUAL
    yield from workspaces(tree.data("package.json"), tree.read("pnpm-workspace.yaml"))


def workspaces(package: dict[str, Any], pnpm: str) -> list[str]:
    """Return the globs of the workspaces that package.json and pnpm-workspace.yaml have."""
    listed = package.get("workspaces")
    packages = listed.get("packages") if isinstance(listed, dict) else listed
    return _strings([*_strings(packages), *(_pnpm(pnpm) if pnpm else [])])


def _pnpm(text: str) -> list[str]:
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return _strings(document.get("packages")) if isinstance(document, dict) else []


def _strings(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else []
    usable = [
        pattern for pattern in listed if isinstance(pattern, str) and not pattern.startswith("!")
    ]
    return [pattern for pattern in usable if len(pattern) <= _LONGEST]
