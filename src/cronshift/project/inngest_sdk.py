"""The TypeScript SDK that a project uses: which version, and whether Inngest takes it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.project import node

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree

_REFUSED = ((3, 22, 0), (3, 53, 1))  # CVE-2026-42047 (inngest/inngest pkg/deploy/deploy.go)
_EXACT = re.compile(r"=?v?(\d+)\.(\d+)\.(\d+)")
_MAJOR = re.compile(r"[\^~>=v\s]*(\d+)(\.|$)")


def sdk_version(tree: SourceTree) -> tuple[int, int, int] | None:
    """Return the exact version of the TypeScript SDK: installed, locked, or pinned; else nothing."""
    if "inngest" not in tree.dependencies:
        return None
    installed = node.installed(tree.root, "inngest/package.json")
    packages = tree.data("package-lock.json").get("packages")
    locked = packages.get("node_modules/inngest") if isinstance(packages, dict) else None
    version = locked.get("version") if isinstance(locked, dict) else tree.dependencies["inngest"]
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        version = json.loads(installed.read_bytes())["version"] if installed else version
    exact = _EXACT.fullmatch(version) if isinstance(version, str) else None
    return (int(exact[1]), int(exact[2]), int(exact[3])) if exact else None


def is_refused(version: tuple[int, ...]) -> bool:
    """Return whether Inngest's server refuses that version of the TypeScript SDK."""
    return _REFUSED[0] <= version <= _REFUSED[1]


def sdk_major(tree: SourceTree) -> int | None:
    """Return the major version of the TypeScript SDK, as far as package.json tells."""
    version = sdk_version(tree)
    ranged = _MAJOR.match(tree.dependencies.get("inngest", ""))
    return version[0] if version else int(ranged[1]) if ranged else None
