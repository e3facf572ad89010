"""The requirements of a Python app: requirements.txt or pyproject.toml, and a line more."""

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
_MANIFESTS = ("requirements.txt", "pyproject.toml")
_NAME = lazy_pattern(r"^\s*([A-Za-z0-9][\w.-]*)", re.MULTILINE)


def manifest_of(tree: SourceTree) -> str | None:
    """Return the file that Vercel installs from; one that names packages first."""
    there = [name for name in _MANIFESTS if name in tree.files]
    naming = (name for name in there if names_in(tree.read(name), name))
    return next(naming, there[0] if there else None)


def names_in(text: str, file: str) -> frozenset[str]:
    """Return the packages that a manifest names, as indexes spell them."""
    if file.endswith(".toml"):
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
    if not file.endswith(".toml"):
        newline = "\r\n" if "\r\n" in text else "\n"
        gap = newline if text and not text.endswith("\n") else ""
        return f"{text}{gap}{RUNTIME}{newline}"
    import tomlkit

    document: Any = tomlkit.parse(text)
    project = document.get("project")
    poetry = (document.get("tool") or {}).get("poetry")
    if isinstance(project, dict) and "dependencies" in project:
        project["dependencies"].append(RUNTIME)
    elif isinstance(poetry, dict) and "dependencies" in poetry:
        poetry["dependencies"]["cronshift-runtime"] = {"version": "*", "extras": ["functions"]}
    elif isinstance(project, dict):
        project["dependencies"] = [RUNTIME]
    else:
        return text
    return tomlkit.dumps(document)


def without_runtime(text: str, file: str, *others: str) -> str:
    """Return a manifest that names the SDK, and others, where it named cronshift's runtime; else as it is."""
    if not file.endswith(".toml"):
        newline = "\r\n" if "\r\n" in text else "\n"
        return _RUNTIME_LINE.sub(newline.join([*others, SDK]), text)
    import tomlkit

    document: Any = tomlkit.parse(text)
    listed = (document.get("project") or {}).get("dependencies")
    if not isinstance(listed, list):
        return text
    for at, line in enumerate(listed):
        if isinstance(line, str) and _RUNTIME_LINE.fullmatch(line):
            listed[at] = SDK
            listed.extend(others)
            break
    return tomlkit.dumps(document)


def without_packages(text: str, file: str, packages: Collection[str]) -> str:
    """Return a manifest without the lines that name packages, as indexes spell them."""
    if not file.endswith(".toml"):
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not names_in(line, file) & set(packages))
    import tomlkit

    document: Any = tomlkit.parse(text)
    project = document.get("project")
    poetry = (document.get("tool") or {}).get("poetry")
    for holder in (project, poetry):
        named: Any = (holder.get("dependencies") if isinstance(holder, dict) else None) or []
        for name in [name for name in named if _spelled(name) in packages]:
            named.remove(name)
    return tomlkit.dumps(document)


def _spelled(requirement: str) -> str:
    """Return a requirement's package as indexes spell it; empty where it names none."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""


def _dependencies(text: str) -> list[Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    project, tool = document.get("project"), document.get("tool")
    dependencies = project.get("dependencies") if isinstance(project, dict) else None
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    tables = poetry.get("dependencies") if isinstance(poetry, dict) else None
    return [
        *(dependencies if isinstance(dependencies, list) else ()),
        *(tables if isinstance(tables, dict) else ()),
    ]
