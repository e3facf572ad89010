"""Where the runtime goes when the wheel of the command is built.

A wheel built from a checkout holds everything, so that ``pip install .`` needs nothing else. A
release has two wheels that share no file: with ``CRONSHIFT_RELEASE`` set, the runtime's files are
left to ``cronshift-runtime``, which the command then depends on. Which files those are is told in
``packages/runtime/pyproject.toml`` alone.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RuntimeHook(BuildHookInterface[Any]):
    """Puts the runtime into the wheel, or names the distribution that holds it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Complete the wheel before it is built; an editable one is the source folder itself."""
        if version == "editable":
            return
        docs = Path(self.root, "docs")
        for page in docs.rglob("*.md"):  # cronshift explain shows them
            place = f"cronshift/docs/{page.relative_to(docs).as_posix()}"
            build_data["force_include"][str(page)] = place
        if os.environ.get("CRONSHIFT_RELEASE"):
            build_data["dependencies"].append(f"cronshift-runtime=={self.metadata.version}")
            return
        folder = Path(self.root, "packages/runtime")
        project = tomllib.loads((folder / "pyproject.toml").read_text())
        included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
        for source, place in included.items():
            build_data["force_include"][str((folder / source).resolve())] = place
