"""The library that the generated code imports: a TypeScript package, copied or installed.

Its sources are ``package/src`` beside this module, and for the frameworks of web standards some of
``package/web`` in their place; nothing is filled in: what differs from app to app is an argument. An app gets the modules that its own import, and those that these import.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.model import Library
from cronshift.runtime.regular_files import read_text
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.imports import import_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.model import Plan

PACKAGE = Path(__file__).with_name("package")
FOLDER = "cronshift"
"""Where an app has the copied modules, below its generated ones."""

_IMPORTED = re.compile(r'^import\b[^;]*? from "\./([\w-]+)";$', re.MULTILINE)


def package_named() -> tuple[str, str]:
    """Return the package's name and the range of its versions, as package.json is to have them."""
    manifest = json.loads(read_text(PACKAGE / "package.json"))
    return manifest["name"], f"^{manifest['version']}"


def copied(plan: Plan, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the modules that an app needs, by path; none where it has the package installed."""
    if app_of(plan).library is Library.FILES:
        overlay = app_of(plan).framework.library
        for name in sorted(reached(wanted, overlay)):
            yield f"{plan.out}/{FOLDER}/{name}.ts", source(name, overlay)


def library_import(plan: Plan, module: str, file: str) -> str:
    """Return the specifier by which ``file`` imports a module of the library."""
    if app_of(plan).library is Library.NPM:
        return f"{package_named()[0]}/{module}"
    alias = None if file.startswith(f"{plan.out}/") else app_of(plan).code.alias
    return import_path(f"{plan.out}/{FOLDER}/{module}", file, alias)


def reached(wanted: Iterable[str], overlay: str | None = None) -> frozenset[str]:
    """Return the names of modules and of all that they import, in the library of some frameworks."""
    names, left = set[str](), list(wanted)
    while left:
        name = left.pop()
        if name not in names:
            names.add(name)
            left += _IMPORTED.findall(source(name, overlay))
    return frozenset(names)


@cache
def source(name: str, overlay: str | None = None) -> str:
    """Return the text of one of the library's modules; those in the overlay's folder come first."""
    folders = ("src",) if overlay is None else (overlay, "src")
    files = (PACKAGE / folder / f"{name}.ts" for folder in folders)
    return read_text(next(file for file in files if file.is_file() or file.parent.name == "src"))
