"""The TypeScript SDK that a project uses: its version, the source of that, and its needs."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.project import node
from cronshift.project.locks import lock_of, range_of
from cronshift.project.npm_ranges import Version, majors, version_of
from cronshift.runtime.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.handlers.tree import SourceTree

SDK = "inngest"
_REFUSED = ((3, 22, 0), (3, 53, 1))  # CVE-2026-42047 (inngest/inngest pkg/deploy/deploy.go)


class Sdk(Struct, frozen=True):
    """The version of the SDK, as far as it is known.

    Attributes:
        wanted: the range that package.json asks for, catalogs and overrides followed.
        version: ``None`` where neither an installation nor a lock names it.
        place: what tells it.
    """

    wanted: str
    version: Version | None
    place: str

    @property
    def majors(self) -> frozenset[int] | None:
        """The majors that it may be; ``None`` where nothing tells."""
        return frozenset({self.version[0]}) if self.version else majors(self.wanted)

    @property
    def major(self) -> int | None:
        """The one major that it is; ``None`` where it may be several."""
        majors_told = self.majors or frozenset()
        return next(iter(majors_told)) if len(majors_told) == 1 else None


def sdk_of(tree: SourceTree, folder: str = "") -> Sdk | None:
    """Return the SDK of an app, in a folder of the project; ``None`` where it does not depend on it."""
    root, packages = tree.root / folder, tree.packages(folder)
    if SDK not in packages:
        return None
    wanted = range_of(root, SDK) or packages[SDK]
    installed = version_installed(root, SDK)
    if installed is not None:
        return Sdk(wanted, installed, f"node_modules/{SDK}/package.json")
    lock = lock_of(root)
    locked = lock.version_of(SDK, wanted) if lock is not None else None
    if locked is not None:
        return Sdk(wanted, version_of(locked.version), locked.place)
    place = tree.place_of(f"{folder}/package.json".lstrip("/"), json.dumps(SDK))
    return Sdk(wanted, version_of(wanted), str(place))


def version_installed(root: Path, package: str) -> Version | None:
    """Return the version of a package that is installed for an app."""
    file = node.installed(root, f"{package}/package.json")
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        version = json.loads(read_regular(file))["version"] if file else None
        return version_of(version) if isinstance(version, str) else None
    return None


def sdk_version(tree: SourceTree) -> Version | None:
    """Return the exact version of the TypeScript SDK: installed, locked, or pinned; else nothing."""
    sdk = sdk_of(tree)
    return sdk.version if sdk else None


def is_refused(version: tuple[int, ...]) -> bool:
    """Return whether Inngest's server refuses that version of the TypeScript SDK."""
    return _REFUSED[0] <= version <= _REFUSED[1]


def sdk_major(tree: SourceTree) -> int | None:
    """Return the major version of the TypeScript SDK, as far as anything tells it."""
    sdk = sdk_of(tree)
    return sdk.major if sdk else None
