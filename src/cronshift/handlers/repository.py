"""The files beside a project in its repository: read where an import leads to them, never written.

An app of a monorepo imports packages from the folders around it. Their files are named from the project's
root, ``../../packages/auth/src/cron.ts``, and only what is followed leads there: routes, callers and edits
are the project's own.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.app_folder import workspaces
from cronshift.handlers.tree import LONGEST, SourceTree
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    import ast

    from ast_grep_py import SgNode

OUTSIDE = "../"
_HIGHEST = 8  # folders between a project and its repository
_ALIASES = (".", "@", "~", "#", "$")
_LINKED = ("workspace:", "link:", "file:", "portal:", "*")
"""How package.json names a package that is not a registry's."""


class Repository(Struct, frozen=True):
    """A project's repository.

    Attributes:
        tree: all of its files.
        place: the project's folder in it.
        up: what leads from the project to it.
    """

    tree: SourceTree
    place: str
    up: str

    def inner(self, file: str) -> str:
        """Return the name in the repository of a file that is named from the project's root."""
        return file.removeprefix(self.up) if file.startswith(OUTSIDE) else f"{self.place}/{file}"

    def outer(self, file: str) -> str:
        """Return the name from the project's root of a file of the repository."""
        inside = file.removeprefix(f"{self.place}/")
        return inside if inside != file else f"{self.up}{file}"


class RepositoryTree(SourceTree):
    """A project's files, and those of its repository that imports lead to."""

    @cached_property
    def _repository(self) -> Repository | None:
        """The repository around the project; ``None`` where the project is all of it."""
        here = self.root.resolve()
        for depth, (inner, above) in enumerate(
            zip((here, *here.parents), here.parents, strict=False), 1
        ):
            if (inner / ".git").exists() or above == Path.home() or depth > _HIGHEST:
                return None
            place = here.relative_to(above).as_posix()
            if (above / ".git").exists() or _has_workspace(above, place):
                return Repository(SourceTree(above), place, OUTSIDE * depth)
        return None

    def followed(self, file: str, specifier: str) -> str | None:
        """Return the file that an import names: of the project, else of its repository."""
        is_outside = file.startswith(OUTSIDE)
        module = None if is_outside else super().followed(file, specifier)
        if module is not None or not (is_outside or self._may_lead_out(specifier)):
            return module
        if (whole := self._repository) is None:
            return None
        target = whole.tree.imported(whole.inner(file), specifier)
        return whole.outer(target) if target is not None else None

    def _may_lead_out(self, specifier: str) -> bool:
        size = 2 if specifier.startswith("@") else 1
        version = self.dependencies.get("/".join(specifier.split("/")[:size]))
        return specifier.startswith(_ALIASES) if version is None else version.startswith(_LINKED)

    def read(self, file: str) -> str:
        """Return a file's text; nothing for one that is missing, too long or not text."""
        whole = self._repository if file.startswith(OUTSIDE) else None
        return super().read(file) if whole is None else whole.tree.read(whole.inner(file))

    def parsed(self, file: str) -> SgNode | None:
        """Return the root of a file's syntax tree, ``None`` for a language that is not known."""
        whole = self._repository if file.startswith(OUTSIDE) else None
        return super().parsed(file) if whole is None else whole.tree.parsed(whole.inner(file))

    def python(self, file: str) -> ast.Module:
        """Return the syntax tree of a Python file; an empty one where it is not Python."""
        whole = self._repository if file.startswith(OUTSIDE) else None
        return super().python(file) if whole is None else whole.tree.python(whole.inner(file))


def _has_workspace(folder: Path, place: str) -> bool:
    """Return whether a folder inside another is one of its workspaces."""
    package, pnpm = (_text(folder / name) for name in ("package.json", "pnpm-workspace.yaml"))
    try:
        document = json.loads(package or "{}")
    except (ValueError, RecursionError):
        return False
    patterns = workspaces(document if isinstance(document, dict) else {}, pnpm)
    below = (
        bare for pattern in patterns if (bare := pattern.strip("./"))
    )  # "." is the folder itself
    return any(PurePosixPath(place).match(pattern) for pattern in below)


def _text(file: Path) -> str:
    try:
        return read_text(file, LONGEST) if is_regular(file) else ""
    except OSError:  # somebody else's
        return ""
