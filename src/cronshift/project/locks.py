"""The locked versions of an app's packages, in every package manager's own format.

Formats: npm ``package-lock.json`` (2, 3), pnpm ``pnpm-lock.yaml`` (5 to 9), ``yarn.lock`` (1 and
Berry), Bun's ``bun.lock``. Locks of workspaces are looked for up to the repository's root.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MANAGERS = {
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "bun.lock": "bun",
}
"""Whose each lock is, in the order in which Vercel looks for them."""

_MARKS = {
    "bun.lockb": "bun",
    "bunfig.toml": "bun",
    "pnpm-workspace.yaml": "pnpm",
    ".yarnrc.yml": "yarn",
}
"""Whose a file is that tells no versions."""

_VERSION = lazy_pattern(r"\d+\.\d+\.\d+(?:-[\w.]+)?")
_PNPM_SECTION = lazy_pattern(
    r"^(?:importers|dependencies|devDependencies|optionalDependencies):.*\n(?:(?:[ \t].*)?\n)*",
    re.MULTILINE,
)
"""What of a pnpm-lock.yaml tells versions: the rest is long, and slow to read."""

_TRAILING_COMMA = lazy_pattern(r",(\s*[}\]])")


class Locked(Struct, frozen=True):
    """A version that a lock names.

    Attributes:
        place: the lock, as ``file:line`` where it names the package.
    """

    version: str
    place: str


class Lock(Struct, frozen=True):
    """A lock, and where the app stands in its workspace: ``.`` at its root."""

    name: str
    text: str
    importer: str

    def version_of(self, package: str, wanted: str | None = None) -> Locked | None:
        """Return the version of a package that the app gets; ``wanted`` is package.json's range."""
        readers = {"pnpm-lock.yaml": _pnpm, "yarn.lock": _yarn, "bun.lock": _bun}
        version = readers.get(self.name, _npm)(self, package, wanted)
        exact = _VERSION.match(version) if isinstance(version, str) else None
        if exact is None:
            return None
        at = re.search(rf"(?<![\w@/-]){re.escape(package)}(?![\w/-])", self.text)
        line = self.text.count("\n", 0, at.start()) + 1 if at else 1
        return Locked(exact[0], f"{self.name}:{line}")


def install_command(root: Path) -> str:
    """Return the command that installs the app's packages, by the lock that it has."""
    return f"{package_manager(root)} install"


def add_command(manager: str, package: str) -> str:
    """Return the command that adds a package to an app, or raises it."""
    return f"{manager} {'install' if manager == 'npm' else 'add'} {package}"


def package_manager(root: Path) -> str:
    """Return the program that installs and builds an app: whose its lock is, else whose anything around it is."""
    lock = lock_of(root)
    if lock is not None:
        return _MANAGERS[lock.name]
    folders = list(_folders(root))
    named = [manager for folder in folders if (manager := _named_manager(folder)) is not None]
    marked = [_MARKS[name] for folder in folders for name in _MARKS if is_regular(folder / name)]
    return (*named, *marked, "npm")[0]


def lock_of(root: Path) -> Lock | None:
    """Return the lock that an app is installed from; ``None`` where there is none.

    Of several it is the one of the manager that package.json names (``packageManager``), else the one
    that Vercel takes: Bun's beside Yarn's, Yarn's, pnpm's, npm's.
    """
    for folder in _folders(root):
        names = locks_in(folder)
        if names:
            named = _named_manager(root) or _named_manager(folder)
            mine = [name for name in names if _MANAGERS[name] == named]
            is_bun = {"bun.lock", "yarn.lock"} <= set(names)
            name = (mine or (["bun.lock"] if is_bun else names))[0]
            importer = root.resolve().relative_to(folder).as_posix()
            return Lock(name, read_text(folder / name), importer)
    return None


def locks_in(folder: Path) -> list[str]:
    """Return the locks in a folder; more than one are of several package managers, or stale."""
    return [name for name in _MANAGERS if is_regular(folder / name)]


def _named_manager(folder: Path) -> str | None:
    named = _json(folder / "package.json").get("packageManager")
    return named.partition("@")[0] if isinstance(named, str) else None


def range_of(root: Path, package: str) -> str | None:
    """Return the range of a package that an app asks for, catalogs and overrides followed.

    ``None`` where it does not ask for it; ``workspace:…`` and the like as they stand.
    """
    package_json = _json(root / "package.json")
    wanted = next(
        (
            table[package]
            for kind in ("dependencies", "devDependencies", "peerDependencies")
            if isinstance(table := package_json.get(kind), dict)
            and isinstance(table.get(package), str)
        ),
        None,
    )
    if wanted is None:
        return None
    for folder in _folders(root):
        document = _json(folder / "package.json")
        overridden = _overridden(document, package)
        if overridden is not None:
            return overridden
        if wanted.startswith("catalog:"):
            wanted = _catalogued(folder, document, package, wanted.partition(":")[2]) or wanted
    return wanted


def _folders(root: Path) -> Iterator[Path]:
    """Yield an app's folder and those around it, up to its repository's root."""
    for folder in (root.resolve(), *root.resolve().parents):
        yield folder
        if (folder / ".git").exists():
            return


def _overridden(document: dict[str, Any], package: str) -> str | None:
    pnpm = document.get("pnpm")
    tables = (
        document.get("overrides"),
        document.get("resolutions"),
        pnpm.get("overrides") if isinstance(pnpm, dict) else None,
    )
    for table in tables:
        if isinstance(table, dict):
            for name in (package, f"**/{package}"):
                if isinstance(table.get(name), str) and not table[name].startswith("$"):
                    return str(table[name])
    return None


def _catalogued(folder: Path, document: dict[str, Any], package: str, name: str) -> str | None:
    """Return the range of a package in a catalog of pnpm's or Bun's."""
    workspaces = document.get("workspaces")
    pnpm = _yaml(folder / "pnpm-workspace.yaml")
    for holder in (pnpm, workspaces if isinstance(workspaces, dict) else {}, document):
        named = holder.get("catalogs")
        tables = [named.get(name) if isinstance(named, dict) else None]
        tables += [holder.get("catalog")] if name in {"", "default"} else []
        for table in tables:
            if isinstance(table, dict) and isinstance(table.get(package), str):
                return str(table[package])
    return None


def _npm(lock: Lock, package: str, _wanted: str | None) -> Any:
    packages = _object(_parsed(lock.text).get("packages"))
    base = "" if lock.importer == "." else f"{lock.importer}/"
    for key in (f"{base}node_modules/{package}", f"node_modules/{package}"):
        if isinstance(packages.get(key), dict):
            entry = packages[key]
            linked = entry.get("resolved") if entry.get("link") else None
            return _object(packages.get(linked)).get("version") if linked else entry.get("version")
    return _object(_object(_parsed(lock.text).get("dependencies")).get(package)).get("version")


def _pnpm(lock: Lock, package: str, _wanted: str | None) -> Any:
    import yaml

    try:
        document = _object(yaml.safe_load("".join(_PNPM_SECTION.findall(lock.text))))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    importers = _object(document.get("importers"))
    importer = _object(importers.get(lock.importer)) if importers else document
    for kind in ("dependencies", "devDependencies", "optionalDependencies"):
        entry = _object(importer.get(kind)).get(package)
        version = entry.get("version") if isinstance(entry, dict) else entry
        if isinstance(version, str):
            return version.rpartition("@")[2] if version.startswith("npm:") else version
    return None


def _yarn(lock: Lock, package: str, wanted: str | None) -> Any:
    """Return one entry of a yarn.lock: the one that serves the range, else the only one."""
    entry = re.compile(
        rf'^"?(?P<keys>(?:[^"\n]*,\s*"?)?{re.escape(package)}@[^\n]*?)"?:\n(?P<body>(?:[ \t]+[^\n]*\n?)+)',
        re.MULTILINE,
    )
    pairs = []
    for match in entry.finditer(lock.text):
        version = re.search(r'^\s+"?version"?:?\s+"?([^"\s]+)', match["body"], re.MULTILINE)
        if version is not None:
            keys = [key.strip(' "') for key in match["keys"].split(",")]
            ranges = {
                key.rpartition("@")[2].removeprefix("npm:")
                for key in keys
                if key.startswith(f"{package}@")
            }
            pairs.append((ranges, version[1]))
    exact = next((version for ranges, version in pairs if wanted in ranges), None)
    versions = {version for _, version in pairs}
    return exact or (versions.pop() if len(versions) == 1 else None)


def _bun(lock: Lock, package: str, _wanted: str | None) -> Any:
    entry = _object(_parsed(_TRAILING_COMMA.sub(r"\1", lock.text)).get("packages")).get(package)
    named = entry[0] if isinstance(entry, list) and entry else None
    return named.rpartition("@")[2] if isinstance(named, str) else None


def _json(file: Path) -> dict[str, Any]:
    return _parsed(read_text(file).removeprefix("\ufeff")) if is_regular(file) else {}


def _yaml(file: Path) -> dict[str, Any]:
    import yaml

    try:
        return _object(yaml.safe_load(read_text(file))) if is_regular(file) else {}
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}


def _parsed(text: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
