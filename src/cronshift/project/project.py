"""Project: the files on disk, read once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.errors import ConfigError
from cronshift.project.app_name import app_name
from cronshift.project.settings import CONFIG_NAME, Settings, load_settings
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_regular, read_text
from cronshift.vercel import VercelConfig, has_config, parse_config, read_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.handlers import Resolver

MANIFESTS = ("package.json", "pyproject.toml", "requirements.txt")
EMPTIED = "vercel.json"
"""The configuration that goes with the last of its entries, where it had nothing else."""
_HIGHEST = 8  # folders above
_PYTHON_FRAMEWORK = lazy_pattern(r"\b(fastapi|flask|django|starlette)\b", re.IGNORECASE)


class Project(Struct, frozen=True):
    """A project's root, its settings and its Vercel configuration.

    Attributes:
        sources: the files that entries come from; the first is the one the user writes.
        framework: ``nextjs-app``, ``fastapi``, … or ``None`` when nothing tells.
        edited: files as they will be, by path, where that is what is looked at.
        app: the folder below the root of the app that was asked about; ``None`` to find it.
        is_planned: whether a migration is what it is looked at for.
    """

    root: Path
    settings: Settings
    sources: tuple[VercelConfig, ...]
    framework: str | None
    edited: Mapping[str, bytes | None] = field(default_factory=dict)
    app: str | None = None
    is_planned: bool = False

    def resolver(self) -> Resolver:
        """Return the resolver of the project's paths."""
        from cronshift.handlers import Resolver

        return Resolver(self.root, self.sources[0].document, self.edited, self.app)

    @property
    def config_file(self) -> str:
        """The Vercel configuration's path, relative to the root."""
        return self.sources[0].file

    @property
    def app_id(self) -> str:
        """The Inngest app's id: the user's, else the app's name, the same in every checkout."""
        entries = [
            f"{entry.path} {entry.schedule}"
            for part in self.sources
            for entry in part.entries
            if entry.workflow is None
        ]
        return self.settings.app_id or app_name(self.root / (self.app or ""), entries)


def load_project(root: Path, config: Path | None = None, made: str | None = None) -> Project:
    """Read the project at ``root``, or the one around it whose configuration stands above.

    Args:
        root: the folder that Vercel calls the Root Directory, or an app below it.
        config: another cronshift.toml.
        made: what a configuration that is a script has made, as JSON, where it was run.

    Raises:
        ConfigError: if there is no folder, no Vercel configuration, or one that is not readable.
    """
    if not root.is_dir():
        raise ConfigError(
            f"{root} is not a folder.", reason="no-project", hint="Name the project with -C DIR."
        )
    asked, root = root, project_root(root)
    settings = load_settings(root, config)
    sources = _sources(root, settings.vercel_config, made)
    app = _app_below(asked, root)
    framework = _framework(root / (app or ""), sources[0].document)
    if settings.workflows:
        from cronshift.project.workflows.sources import workflow_sources

        sources = (*sources, *workflow_sources(root, settings, {}))
    return Project(root, settings, sources, framework, app=app)


def _sources(root: Path, chosen: str | None, made: str | None) -> tuple[VercelConfig, ...]:
    """Return the project's configurations; an empty one where ``finalize --direct`` removed what it had emptied."""
    try:
        return read_project(root, chosen, made)
    except ConfigError as error:
        if error.reason != "no-config" or not _has_emptied(root):
            raise
    return (parse_config("{}", EMPTIED),)


def _has_emptied(root: Path) -> bool:
    """Return whether the last that cronshift did to Vercel's configuration was to remove it."""
    from cronshift.operations import State, past_operations

    images = [
        image
        for operation in past_operations(root)
        for image in operation.images
        if image.path == EMPTIED and operation.state is State.APPLIED
    ]
    return bool(images) and images[-1].after is None


def project_root(folder: Path) -> Path:
    """Return the folder with the configuration: this one, or the nearest above it, as git looks.

    It goes no higher than the repository; where there is none, the folder itself is the answer.
    """
    if _is_root(folder):
        return folder
    here = folder.resolve()
    for inner, above in zip((here, *here.parents), here.parents[:_HIGHEST], strict=False):
        if (inner / ".git").exists() or inner == Path.home():
            break
        if _is_root(above):
            return above
    return folder


def _is_root(folder: Path) -> bool:
    return has_config(folder) or (folder / CONFIG_NAME).is_file() or _has_emptied(folder)


def _app_below(asked: Path, root: Path) -> str | None:
    """Return the app's folder that was asked about, where the configuration stands above it."""
    if asked == root:
        return None
    below = asked.resolve().relative_to(root)
    for folder in (below, *below.parents):
        if folder.parts and any((root / folder / name).is_file() for name in MANIFESTS):
            return folder.as_posix()
    return None


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
        match = _PYTHON_FRAMEWORK.search(read_text(file)) if is_regular(file) else None
        if match:
            return match[1].lower()
    return None


def _node_dependencies(file: Path) -> dict[str, Any]:
    try:
        package = json.loads(read_regular(file)) if is_regular(file) else {}
        return {**package.get("devDependencies", {}), **package.get("dependencies", {})}
    except (ValueError, AttributeError, TypeError, RecursionError, OSError):
        return {}
