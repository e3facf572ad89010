"""The requirements of a Python app: requirements.txt, pyproject.toml or Pipfile, and a line more."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.handlers.tree import SourceTree

RUNTIME = "cronshift-runtime[functions]"
"""What the generated package and the guard import; it brings the SDK, ``inngest``."""

SDK = "inngest>=0.5.19,<0.6"
"""What functions of the app's own import; the range that the runtime has of it."""

_RUNTIME_LINE = lazy_pattern(
    r"(?m)^cronshift(?:-runtime)?(?:\[[\w, -]*\])?(?:[ \t]*[<>=~!][^\n#;]*)?$"
)
_BRING_IT = {"cronshift-runtime", "cronshift"}
_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile", "api/requirements.txt")
_LINES = ".txt"
_NAME = lazy_pattern(r"^\s*([A-Za-z0-9][\w.-]*)", re.MULTILINE)


def manifest_of(tree: SourceTree) -> str | None:
    """Return the file that Vercel installs from; one that names packages first."""
    there = [name for name in _MANIFESTS if name in tree.files]
    naming = (name for name in there if names_in(tree.read(name), name))
    return next(naming, there[0] if there else None)


def names_in(text: str, file: str) -> frozenset[str]:
    """Return the packages that a manifest names, as indexes spell them."""
    if not file.endswith(_LINES):
        listed = [line for line in _dependencies(text) if isinstance(line, str)]
    else:
        listed = [line.partition("#")[0] for line in text.splitlines()]
        listed += [line.rpartition("#egg=")[2] for line in text.splitlines() if "#egg=" in line]
    return frozenset(filter(None, map(_spelled, listed)))


def takes_lines(text: str) -> bool:
    """Return whether a line can be added to a manifest: not behind UTF-16, as PowerShell writes it."""
    return "\0" not in text


def has_runtime(text: str, file: str) -> bool:
    """Return whether a manifest names a package that brings the runtime."""
    return bool(names_in(text, file) & _BRING_IT)


def with_runtime(text: str, file: str) -> str:
    """Return a manifest that names the runtime too; as it is, where it does or cannot be edited."""
    if has_runtime(text, file) or not takes_lines(text):
        return text
    if file.endswith(_LINES):
        newline = "\r\n" if "\r\n" in text else "\n"
        gap = newline if text and not text.endswith("\n") else ""
        return f"{text}{gap}{RUNTIME}{newline}"
    import tomlkit

    document: Any = tomlkit.parse(text)
    project, table = document.get("project"), _table(document)
    if isinstance(project, dict) and "dependencies" in project:
        project["dependencies"].append(RUNTIME)
    elif table is not None:
        runtime = tomlkit.inline_table()
        runtime.update({"version": "*", "extras": ["functions"]})
        table["cronshift-runtime"] = runtime
    elif isinstance(project, dict):
        project["dependencies"] = [RUNTIME]
    else:
        return text
    return tomlkit.dumps(document)


def without_runtime(text: str, file: str, *others: str) -> str:
    """Return a manifest that names the SDK, and others, where it named cronshift's runtime; else as it is."""
    if file.endswith(_LINES):
        newline = "\r\n" if "\r\n" in text else "\n"
        return _RUNTIME_LINE.sub(newline.join([*others, SDK]), text)
    import tomlkit

    document: Any = tomlkit.parse(text)
    listed = (document.get("project") or {}).get("dependencies")
    table = _table(document)
    if not isinstance(listed, list):
        if table is None or table.pop("cronshift-runtime", None) is None:
            return text
        table.update((package, versions) for package, versions in map(_parted, [*others, SDK]))
        return tomlkit.dumps(document)
    for at, line in enumerate(listed):
        if isinstance(line, str) and _RUNTIME_LINE.fullmatch(line):
            listed[at] = SDK
            listed.extend(others)
            break
    return tomlkit.dumps(document)


def without_packages(text: str, file: str, packages: Collection[str]) -> str:
    """Return a manifest without the lines that name packages, as indexes spell them."""
    if file.endswith(_LINES):
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not names_in(line, file) & set(packages))
    import tomlkit

    document: Any = tomlkit.parse(text)
    project = document.get("project")
    for named in ((project or {}).get("dependencies") or [], _table(document) or []):
        for name in [name for name in named if _spelled(name) in packages]:
            named.remove(name)
    return tomlkit.dumps(document)


def _table(document: Any) -> Any:
    """Return the packages that a document of Poetry's or Pipenv's lists by name; ``None`` for any other."""
    poetry = (document.get("tool") or {}).get("poetry")
    table = poetry.get("dependencies") if isinstance(poetry, dict) else document.get("packages")
    return table if isinstance(table, dict) else None


def _parted(requirement: str) -> tuple[str, str]:
    """Return the name of a requirement, and the versions that it takes."""
    name = _spelled(requirement)
    return name, requirement[len(name) :]


def _spelled(requirement: str) -> str:
    """Return a requirement's package as indexes spell it; empty where it names none."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""


def _dependencies(text: str) -> list[Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    project = document.get("project")
    dependencies = project.get("dependencies") if isinstance(project, dict) else None
    return [
        *(dependencies if isinstance(dependencies, list) else ()),
        *(_table(document) or ()),
    ]
