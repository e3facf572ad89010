"""Project: what is on disk, read once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError
from cronshift.project.app_name import app_name, generated_id
from cronshift.project.settings import Settings, load_settings
from cronshift.vercel import VercelConfig, read_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PYTHON_FRAMEWORK = re.compile(r"\b(fastapi|flask|django|starlette)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Project:
    """A project's root, its settings and what its Vercel configuration says.

    Attributes:
        sources: the files that entries come from; the first is the one the user writes.
        framework: ``nextjs-app``, ``fastapi``, … or ``None`` when nothing tells.
        edited: files as they will be, by path, where that is what is looked at.
    """

    root: Path
    settings: Settings
    sources: tuple[VercelConfig, ...]
    framework: str | None
    edited: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def config_file(self) -> str:
        """The Vercel configuration's path, relative to the root."""
        return self.sources[0].file

    @property
    def app_id(self) -> str:
        """The Inngest app's id: the user's, what is generated already, else what the app is called."""
        if self.settings.app_id is not None:
            return self.settings.app_id
        written = generated_id(self.root, self.settings.out)
        entries = [f"{one.path} {one.schedule}" for part in self.sources for one in part.entries]
        return written.app_id if written else app_name(self.root, entries)


def load_project(root: Path, config: Path | None = None) -> Project:
    """Read the project at ``root``.

    Args:
        root: the folder that Vercel calls the Root Directory.
        config: another cronshift.toml.

    Raises:
        ConfigError: if there is no folder, no Vercel configuration, or one that is not readable.
    """
    if not root.is_dir():
        raise ConfigError(
            f"{root} is not a folder.", reason="no-project", hint="Name the project with -C DIR."
        )
    settings = load_settings(root, config)
    sources = read_project(root, settings.vercel_config)
    return Project(root, settings, sources, _framework(root, sources[0].document))


def _framework(root: Path, document: Any) -> str | None:
    named = document.get("framework")
    if isinstance(named, str) and named != "nextjs":
        return named
    if named == "nextjs" or "next" in _node_dependencies(root / "package.json"):
        routers = {"nextjs-app": ("app", "src/app"), "nextjs-pages": ("pages", "src/pages")}
        for name, folders in routers.items():
            if any((root / folder).is_dir() for folder in folders):
                return name
        return "nextjs"
    for manifest in ("pyproject.toml", "requirements.txt"):
        file = root / manifest
        found = (
            _PYTHON_FRAMEWORK.search(file.read_text(errors="replace")) if file.is_file() else None
        )
        if found:
            return found[1].lower()
    return None


def _node_dependencies(file: Path) -> dict[str, Any]:
    try:
        package = json.loads(file.read_bytes()) if file.is_file() else {}
        return {**package.get("devDependencies", {}), **package.get("dependencies", {})}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
