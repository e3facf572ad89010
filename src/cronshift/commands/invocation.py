"""The global options around a command: the project, and how to print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError, Reason

if TYPE_CHECKING:
    from cronshift.output.console import Console
    from cronshift.project import Project
    from cronshift.project.settings import Settings


@dataclass(frozen=True)
class Invocation:
    """The global options of one run of the command line."""

    directory: Path = Path()
    config: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    @cached_property
    def console(self) -> Console:
        """The console that this run prints to."""
        from cronshift.output.console import Console

        return Console(quiet=self.quiet, verbose=self.verbose, no_color=self.no_color)

    @cached_property
    def root(self) -> Path:
        """The folder with the configuration: the one named, or one above it."""
        from cronshift.project import project_root

        return project_root(self.directory)

    @cached_property
    def settings(self) -> Settings:
        """The settings of cronshift.toml, for what needs no configuration of Vercel's."""
        from cronshift.project.settings import load_settings

        return load_settings(self.root, self.config)

    @cached_property
    def app_id(self) -> str:
        """The app's id at Inngest, which outlives its configuration of Vercel's."""
        from cronshift.plan.planning import make_plan
        from cronshift.project.app_name import app_name

        try:
            return make_plan(self.project).app_id
        except CronshiftError as error:
            if error.reason != Reason.NO_CONFIG:
                raise
        return self.settings.app_id or app_name(self.root, ())

    @cached_property
    def project(self) -> Project:
        """The project this run is about, read when first asked for."""
        from cronshift.project import load_project

        return load_project(self.directory, self.config)

    def forget(self) -> None:
        """Read the project anew when it is next asked for: it may have changed meanwhile."""
        self.__dict__.pop("project", None)
