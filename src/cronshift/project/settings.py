"""cronshift.toml: the user's choices, where they differ from the defaults, as typed settings.

Read with the standard library, written with tomlkit so that comments and order stay.
"""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.errors import ConfigError
from cronshift.model import (
    BridgeSettings,
    FanOut,
    FanOutMode,
    HandlerKind,
    JobOptions,
    Library,
    Missed,
    Mode,
    Overlap,
    OwnershipSource,
    OwnFunction,
    RateLimit,
    RowSource,
    ServedBy,
    Throttle,
)
from cronshift.project.alert_settings import AlertSettings, read_alerts
from cronshift.project.environments import Environment, read_environment
from cronshift.project.thresholds import Thresholds, over, read_thresholds
from cronshift.project.toml_lines import key_lines, nearest_line
from cronshift.runtime.regular_files import read_regular
from cronshift.runtime.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cronshift.sessions.settings import SessionSettings

CONFIG_NAME = "cronshift.toml"


class MovedEntry(Struct, frozen=True):
    """An entry that was taken out of the Vercel configuration; the job goes on with it.

    Attributes:
        line: where its table stands in cronshift.toml.
        handler: where the route's module was moved to, ``path/to/file.ts:export``.
        max_duration: in seconds, what the Vercel configuration said of the route.
        timezone: of the schedule; so is ``jitter_minutes``.
        workflow: the file of GitHub's that it stood in, where that was not Vercel's configuration.
        commit: the last that had it, where it left by hand.
    """

    path: str
    schedule: str
    line: int = 1
    handler: str | None = None
    max_duration: int | None = None
    timezone: str = "UTC"
    jitter_minutes: int | None = None
    workflow: str | None = None
    commit: str | None = None


class JobSettings(Struct, frozen=True):
    """The settings of one job, ``[jobs.<id>]``.

    Attributes:
        path: the entry that carries this id; ``None`` when the id is the one cronshift made.
        moved: the entry itself, once Vercel no longer has it.
        vercel_schedule: tells entries with the same path apart.
        schedule: ticks otherwise than the entry says, in Inngest's grammar, with or without a zone.
        handler: ``module:attribute``, ``file.py:attribute`` or ``file.ts:export``, for direct calls.
        function: the app's own Inngest function that does it, which cronshift did not generate.
        rollout: which evidence is enough for it, where that is not what is for all.
    """

    path: str | None = None
    moved: MovedEntry | None = None
    vercel_schedule: str | None = None
    schedule: str | None = None
    mode: Mode | None = None
    handler: str | None = None
    handler_kind: HandlerKind | None = None
    function: OwnFunction | None = None
    rollout: Thresholds | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def over(self, defaults: JobOptions) -> JobOptions:
        """Return ``defaults`` with this job's own options."""
        return replace(defaults, **self.options)


class Suppression(Struct, frozen=True):
    """A finding that the user knows and accepts, of one job or of all, and why."""

    code: str
    reason: str
    job: str | None = None


class ValidateSettings(Struct, frozen=True):
    """The time that ``validate`` gives to the app's own programs: its compiler, and its build."""

    compile_timeout: timedelta = timedelta(minutes=2)
    build_timeout: timedelta = timedelta(minutes=15)


class Settings(Struct, frozen=True):
    """All of cronshift.toml.

    Attributes:
        file: its path; ``None`` when there is none.
        target: the name of what is generated; ``None`` leaves it to the app.
        out: the folder of what is generated; ``None`` leaves it to the target.
        serve: what serves a Python package's functions.
        library: where generated TypeScript has from what it shares.
        ownership: where generated TypeScript reads whose a tick is.
        claims: the app's own client of PostgreSQL, by which generated TypeScript claims ticks, or
            ``environment`` for the address that a variable names.
        environments: what ``cronshift link`` wrote, by the environment's name.
        named: the names of the options that stand under ``[defaults]``.
        workflows: the files of GitHub's whose schedules are jobs too.
    """

    file: str | None = None
    vercel_config: str | None = None
    target: str | None = None
    out: str | None = None
    app_id: str | None = None
    mode: Mode | None = None
    serve: ServedBy | None = None
    library: Library = Library.FILES
    ownership: OwnershipSource = OwnershipSource.BUILT_IN
    ledger: bool = False
    claims: str | None = None
    bridge: BridgeSettings = field(default_factory=BridgeSettings)
    validate: ValidateSettings = field(default_factory=ValidateSettings)
    defaults: JobOptions = field(default_factory=JobOptions)
    jobs: Mapping[str, JobSettings] = field(default_factory=dict)
    sessions: SessionSettings | None = None
    rollout: Thresholds = field(default_factory=Thresholds)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    suppressions: tuple[Suppression, ...] = ()
    named: frozenset[str] = frozenset()
    environments: Mapping[str, Environment] = field(default_factory=dict)
    workflows: tuple[str, ...] = ()

    def thresholds(self, job: str) -> Thresholds:
        """Return the evidence that is enough for a job."""
        of_job = self.jobs[job].rollout if job in self.jobs else None
        return of_job or self.rollout

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses at which the app answers, as far as they are written down."""
        apps = [environment.app for environment in self.environments.values()]
        return frozenset(filter(None, [self.bridge.base_url, *apps]))

    def options_of(self, job_id: str) -> tuple[JobOptions, frozenset[str]]:
        """Return a job's options, and the names of those that the file gives."""
        settings = self.jobs.get(job_id)
        if settings is None:
            return self.defaults, self.named
        return settings.over(self.defaults), self.named | settings.options.keys()


def load_settings(root: Path, file: Path | None = None) -> Settings:
    """Read the settings of the project at ``root``; defaults when the file is not there.

    Args:
        root: the project's folder.
        file: another file, which must exist.

    Raises:
        ConfigError: naming every wrong key at once.
    """
    path = file or root / CONFIG_NAME
    try:
        text = read_regular(path).decode()
    except FileNotFoundError:
        if file is None:
            return Settings()
        raise ConfigError(
            f"{file} does not exist.", reason="no-config", hint="cronshift init"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path.name} cannot be read: {getattr(error, 'strerror', error)}.",
            reason="unreadable-config",
            where=str(path),
        ) from error
    return parse_settings(text, path.name)


def parse_settings(text: str, file: str = CONFIG_NAME) -> Settings:
    """Return the settings that ``text`` spells.

    Raises:
        ConfigError: naming every wrong key at once.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        where = f"{file}:{place[1]}" if place else file
        raise ConfigError(f"{file} is not TOML: {error}.", where=where) from error
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply.", where=file) from None
    _refuse_what_the_schema_does(document, text, file)
    lines = key_lines(text)
    project = document.get("project", {})
    bridge = dict(document.get("bridge", {}))
    if "timeout" in bridge:
        bridge["timeout"] = parse_duration(bridge["timeout"])
    return Settings(
        file=file,
        **{
            key: project[key]
            for key in ("vercel_config", "target", "out", "app_id", "claims")
            if key in project
        },
        mode=_mode(project.get("mode")),
        serve=ServedBy(project["serve"]) if "serve" in project else None,
        library=Library(project.get("runtime", Library.FILES)),
        ownership=OwnershipSource(project.get("ownership", OwnershipSource.BUILT_IN)),
        ledger=project.get("ledger", False),
        workflows=tuple(project.get("workflows", ())),
        bridge=BridgeSettings(**bridge),
        validate=ValidateSettings(
            **{name: parse_duration(text) for name, text in document.get("validate", {}).items()}
        ),
        defaults=JobOptions(**(defaults := _options(document.get("defaults", {})))),
        named=frozenset(defaults),
        jobs={
            job_id: _job(table, nearest_line(lines, ("jobs", job_id)), document.get("rollout", {}))
            for job_id, table in document.get("jobs", {}).items()
        },
        sessions=_sessions(document.get("sessions")),
        rollout=read_thresholds(document.get("rollout", {})),
        alerts=read_alerts(document.get("alerts", {})),
        suppressions=tuple(Suppression(**table) for table in document.get("suppress", ())),
        environments={
            name: read_environment(name, table)
            for name, table in document.get("environments", {}).items()
        },
    )


def _sessions(table: Mapping[str, Any] | None) -> SessionSettings | None:
    if table is None:
        return None
    from cronshift.sessions.settings import read_sessions

    return read_sessions(table)


def _refuse_what_the_schema_does(document: Mapping[str, Any], text: str, file: str) -> None:
    from cronshift.project.settings_problems import problems

    wrong = problems(document, text)
    if wrong:
        raise ConfigError(
            f"{file} is not as it should be: "
            + "; ".join(f"line {problem.line}: {problem.sentence}" for problem in wrong)
            + ".",
            hint="cronshift explain configuration lists the keys.",
            where=f"{file}:{wrong[0].line}",
        )


def _job(table: Mapping[str, Any], line: int, rollout: Mapping[str, Any]) -> JobSettings:
    keys = ("path", "vercel_schedule", "schedule", "handler")
    kind = table.get("handler_kind")
    return JobSettings(
        **{key: table[key] for key in keys if key in table},
        moved=MovedEntry(**table["moved"], line=line) if "moved" in table else None,
        mode=_mode(table.get("mode")),
        handler_kind=HandlerKind(kind) if kind else None,
        function=OwnFunction(**table["function"]) if "function" in table else None,
        rollout=read_thresholds(over(rollout, table["rollout"])) if "rollout" in table else None,
        options=_options(table),
    )


def _mode(text: str | None) -> Mode | None:
    return None if text in (None, "auto") else Mode(text)


_READ: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "retries": ("retries", int),
    "idempotency": ("idempotency", str),
    "heartbeat": ("heartbeat_env", str),
    "concurrency": ("concurrency", lambda limit: limit or None),
    "overlap": ("overlap", Overlap),
    "missed": ("missed", Missed),
    "rehearsal": ("rehearsal", str),
    "rehearsal_ignore": ("rehearsal_ignore", tuple),
}
"""The option that each plain key of a job's table is, and how its value is read."""


def _options(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of JobOptions that ``table`` names; ``false`` switches one off."""
    options: dict[str, Any] = {
        name: read(table[key]) for key, (name, read) in _READ.items() if key in table
    }
    for key in ("start_timeout", "finish_timeout", "jitter", "stale_after"):
        if key in table:
            options[key] = parse_duration(table[key]) if table[key] else None
    for key, limit in (("throttle", Throttle), ("rate_limit", RateLimit)):
        if key in table:
            options[key] = limit(**{**table[key], "period": parse_duration(table[key]["period"])})
    if "fan_out" in table:
        fan_out = table["fan_out"]
        more = {name: fan_out[name] for name in ("key", "expected") if name in fan_out}
        options["fan_out"] = FanOut(
            fan_out["param"],
            RowSource(fan_out["items"], **more) if "items" in fan_out else tuple(fan_out["values"]),
            FanOutMode(fan_out.get("mode", FanOutMode.SEQUENCE)),
        )
    return options
