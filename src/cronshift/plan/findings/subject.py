"""The subjects of rules: one entry with its handler, or the project as a whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import BridgeSettings
from cronshift.plan.forecast import SOME_DAY, load_of
from cronshift.project.settings import CONFIG_NAME
from cronshift.runtime.ownership import OWNERSHIP_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers import Resolution, Resolver
    from cronshift.handlers.behaviour import Behaviour
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import CronEntry, Handler, Job, Location
    from cronshift.plan.forecast import Load
    from cronshift.plan.handler_findings import Judge
    from cronshift.runtime.schedule import Schedule
    from cronshift.sessions.settings import SessionSettings


class JobSubject(Struct, frozen=True):
    """One entry, with the resolution of its path and the behaviour of its handler.

    Attributes:
        schedule: ``None`` where the entry's text has no meaning.
        handler: what answers, described; ``None`` where nothing does, or nobody can tell.
        behaviour: what the handler does; empty where it is not called.
        elsewhere: files of apps below this folder that answer the path.
        resolver: for what only the project's sources tell.
    """

    id: str
    entry: CronEntry
    schedule: Schedule | None
    resolution: Resolution
    handler: Handler | None
    behaviour: Behaviour
    elsewhere: tuple[str, ...]
    resolver: Resolver


class Glob(Struct, frozen=True):
    """One pattern of vercel.json's ``functions``, and the files that it matches."""

    text: str
    location: Location
    files: frozenset[str]


class Service(Struct, frozen=True):
    """One service of ``experimentalServices`` that runs on a schedule.

    Attributes:
        entrypoint: as written; empty where none is.
        file: what it starts; ``None`` where that is not there.
    """

    name: str
    location: Location
    schedule: object
    entrypoint: str
    file: str | None


def _is_package(file: str) -> bool:
    return file.rpartition("/")[2] == "package.json"


@dataclass(frozen=True)
class ProjectSubject:
    """A project with all its jobs.

    Attributes:
        config_file: Vercel's, relative to the root.
        paths: what no middleware may stand before.
        is_planned: whether a migration is what the project is looked at for.
        sessions: what the settings say of the QUEUED flow.
        addresses: where the app answers, as far as the settings say.
        passed_over: why its functions go into no target of its own language; ``None`` where they do.
    """

    judge: Judge
    jobs: Sequence[Job]
    config_file: str
    paths: Sequence[str]
    is_planned: bool = False
    sessions: SessionSettings | None = None
    bridge: BridgeSettings = field(default_factory=BridgeSettings)
    addresses: frozenset[str] = frozenset()
    passed_over: str | None = None

    @property
    def tree(self) -> SourceTree:
        """The project's files."""
        return self.judge.resolver.tree

    @property
    def knows_routes(self) -> bool:
        """True when some router of the project was understood."""
        return self.judge.resolver.knows_routes

    @cached_property
    def is_moving(self) -> bool:
        """True when there is an Inngest side, or one is planned."""
        tree = self.tree
        packages = (
            tree.packages(file.rpartition("/")[0]) for file in tree.files if _is_package(file)
        )
        return (
            self.is_planned
            or any(name in tree.files for name in (CONFIG_NAME, OWNERSHIP_NAME))
            or any("inngest" in package for package in packages)
            or any("inngest" in tree.read(name) for name in ("pyproject.toml", "requirements.txt"))
        )

    @property
    def has_next(self) -> bool:
        """True when the project is a Next.js app."""
        return self.judge.resolver.next.present

    @property
    def called(self) -> frozenset[str]:
        """The files of the jobs' handlers."""
        return frozenset(job.handler.file for job in self.jobs if job.handler is not None)

    @property
    def removable(self) -> frozenset[str]:
        """The files of functions that answer their job's path, and so no other."""
        functions = self.judge.resolver.functions
        files = set()
        for job in self.jobs:
            handler = functions.at(job.entry.path.partition("?")[0])
            if job.handler is not None and handler is not None and handler.file == job.handler.file:
                files.add(handler.file)
        return frozenset(files)

    @cached_property
    def globs(self) -> tuple[Glob, ...]:
        """The patterns of ``functions``, where there are files that they could match."""
        return tuple(
            Glob(
                text,
                self._place(text),
                frozenset(file for file in self.tree.files if pattern.fullmatch(file)),
            )
            for text, pattern in (self.judge.globs if self.knows_routes else ())
        )

    @cached_property
    def load(self) -> Load:
        """The load of all jobs together, minute by minute."""
        return load_of(self.jobs, SOME_DAY)

    def services(self) -> Iterator[Service]:
        """Yield the services that run on a schedule."""
        services = self.judge.resolver.document.get("experimentalServices")
        for name, service in services.items() if isinstance(services, dict) else ():
            kind = service.get("type") if isinstance(service, dict) else None
            if kind == "cron" or (kind == "job" and service.get("trigger") == "schedule"):
                entrypoint = service.get("entrypoint")
                entrypoint = entrypoint if isinstance(entrypoint, str) else ""
                file = self._started(entrypoint, service)
                place, schedule = self._place(name), service.get("schedule")
                yield Service(name, place, schedule, entrypoint, file)

    def _started(self, entrypoint: str, service: dict[str, object]) -> str | None:
        stem = entrypoint.partition(":")[0]
        roots = (service.get("root"), service.get("workspace"))
        folders = [root.strip("/") for root in roots if isinstance(root, str)]
        names = [stem, f"{stem.replace('.', '/')}.py"]
        files = [f"{folder}/{name}" for folder in folders for name in names] + names
        return next((file for file in files if file in self.tree.files), None)

    def _place(self, name: str) -> Location:
        """Return the line of vercel.json that a key stands in."""
        return self.tree.place_of(self.config_file, json.dumps(name))
