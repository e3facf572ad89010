"""The session flow in an app's own TypeScript: the Python flow's tables, events and flag.

Names from cronshift.toml become identifiers and literals here, quoted for SQL and for the source they
stand in; values reach PostgreSQL only bound.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.errors import ConfigError
from cronshift.project.conventions.code import CodeStyle
from cronshift.runtime.schedule.durations import format_duration
from cronshift.sessions.events import event_schema
from cronshift.sessions.events.typescript import required_keys, rules, type_name, typescript
from cronshift.sessions.requested import EVENT
from cronshift.sessions.settings import RefundedColumn
from cronshift.sessions.times import TimeForm
from cronshift.targets import GeneratedFile
from cronshift.targets.rendering import render
from cronshift.targets.seal import seal
from cronshift.targets.typescript.sessions.sql import mapping_in_sql, names_in_sql
from cronshift.targets.typescript.source import WIDTH, comment, key, text
from cronshift.targets.typescript.style import laid_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.sessions.settings import SessionSettings

_GENERATED = (
    "database",
    "events",
    "flag",
    "mapping",
    "outbox",
    "store",
    "session",
    "recovery",
    "request",
    "status",
)
_WRITTEN_ONCE = ("connection", "work")
_RULE_DEPTH = 6  # columns in
_NOW = {
    TimeForm.SECONDS.value: "Math.floor(Date.now() / 1000)",
    TimeForm.MILLISECONDS.value: "Date.now()",
    TimeForm.MICROSECONDS.value: "Date.now() * 1000",
}
_RECOVERY = "TZ=UTC */10 * * * *"


class Driver(StrEnum):
    """The driver that reaches the app's database."""

    PRISMA = "prisma"
    DRIZZLE = "drizzle"
    POOL = "pool"
    """Of the package pg."""


class DatabaseImport(Struct, frozen=True):
    """The app's own client of its database: ``statement`` imports it as ``name``."""

    statement: str
    name: str


class SessionApp(Struct, frozen=True):
    """The values that the flow's files are filled with.

    Attributes:
        out: the folder of the app's Inngest files; the flow's are in ``sessions`` below it.
        flow: its name in the ownership file.
        items: the column with a session's items; ``None`` where the session is its one item.
        driver: what the database is reached by.
        sdk_major: of the TypeScript SDK.
        client: the statement that imports the Inngest client as ``inngest``.
        database: the app's own client of its database, where it has one.
        prisma_module: what ``PrismaClient`` is imported from, where it has none.
        style: the app's.
        ownership: what the library's module of that name is imported as.
        spelling: gives a module, by its path, the import paths that the app's own have.
        loads_modules: whether Node itself loads the app's modules as ES modules: it finds no names in
            the package pg then.
        dead_letters: what the library's module of those is imported as, where the app tells a ledger of its runs.
        language: the suffix of the app's modules.
        in_language: gives a module, which is TypeScript, in that language.
    """

    out: str
    flow: str
    settings: SessionSettings
    items: str | None
    driver: Driver
    sdk_major: int = 4
    client: str = 'import { inngest } from "../client";'
    database: DatabaseImport | None = None
    prisma_module: str = "@prisma/client"
    style: CodeStyle = field(default_factory=CodeStyle)
    ownership: str = "../cronshift/ownership"
    spelling: Callable[[str, str], str] = lambda _, written: written
    loads_modules: bool = False
    dead_letters: str | None = None
    language: str = "ts"
    in_language: Callable[[str], str] = lambda written: written

    def file(self, name: str) -> str:
        """Return the path of one of the flow's modules."""
        return f"{self.folder}/{name}.{self.language}"

    @property
    def folder(self) -> str:
        """The folder of the flow's files; POSIX, relative to the project's root."""
        return f"{self.out}/sessions"


def generate_sessions(app: SessionApp) -> tuple[GeneratedFile, ...]:
    """Return the files that follow cronshift.toml; each begins with cronshift's seal."""
    values = _values(app)
    return tuple(
        GeneratedFile(app.file(name), seal(_written(app, name, values), "//"))
        for name in (*_GENERATED, "index")
    )


def app_side(app: SessionApp) -> tuple[GeneratedFile, ...]:
    """Return the files that are written once and then the app's: its database, and its work."""
    values = _values(app)
    return tuple(
        GeneratedFile(app.file(name), _written(app, name, values)) for name in _WRITTEN_ONCE
    )


def _values(app: SessionApp) -> dict[str, Any]:
    settings, schema = app.settings, event_schema(EVENT)
    return {
        "constant": "_".join(EVENT.split(".")).upper(),
        "name": text(EVENT),
        "type": typescript(EVENT, schema),
        "type_name": type_name(EVENT),
        "rules": [(text(key), _condition(rule)) for key, rule in rules(schema)],
        "required": [text(key) for key in required_keys(schema)],
        "flow": text(app.flow),
        "client": app.client,
        "ownership": text(app.ownership),
        "dead_letters": app.dead_letters and text(app.dead_letters),
        "driver": app.driver.value,
        "database": app.database,
        "prisma_module": app.prisma_module,
        "loads_modules": app.loads_modules,
        "in_options": app.sdk_major >= 4,  # noqa: PLR2004 - v4 takes triggers in the options
        "finish": text(format_duration(settings.processing_timeout)),
        "recovery": text(_RECOVERY),
        "database_url_env": text(settings.database_url_env),
        "queued_timeout": int(settings.queued_timeout.total_seconds() * 1000),
        "processing_timeout": int(settings.processing_timeout.total_seconds() * 1000),
        "states": _states(settings),
        "key": _keys(settings),
        "label": _labels(settings),
        "items_column": comment(app.items or ""),
        "user_in_event": settings.user_in_event.value,
        "now": {
            role: _now(settings, role)
            for role in ("created", "started", "completed", "updated", "refunded")
        },
        **names_in_sql(settings, app.items),
        **mapping_in_sql(settings, app.items),
    }


def _condition(parts: Sequence[str]) -> str:
    """Return conditions that all must hold, one a line where they are too long for one."""
    line = " && ".join(parts)
    return line if _RULE_DEPTH + len(line) < WIDTH else " &&\n      ".join(parts)


def _states(settings: SessionSettings) -> list[tuple[str, str]]:
    """Return the column's labels with the states that a client sees, as literals of TypeScript."""
    labels = {
        settings.queued: "queued",
        **dict.fromkeys(settings.processing, "processing"),
        settings.finished: "finished",
        settings.failed: "failed",
    }
    return [(text(label), text(state)) for label, state in labels.items()]


def _keys(settings: SessionSettings) -> dict[str, str | None]:
    """Return the columns as keys of object literals; ``None`` for one that is not named."""
    credit, refunded = settings.credits, settings.refunded
    columns = {
        "id": settings.id,
        "user": settings.user,
        "status": settings.status,
        "created": settings.created,
        "started": settings.started,
        "completed": settings.completed,
        "updated": settings.updated,
        "refunded": refunded.column if isinstance(refunded, RefundedColumn) else None,
        "error": settings.error,
        "account": credit.id,
        "balance": credit.balance,
    }
    return {role: None if name is None else key(name) for role, name in columns.items()}


def _labels(settings: SessionSettings) -> dict[str, str]:
    """Return the labels that are written, as literals of TypeScript."""
    return {
        "queued": text(settings.queued),
        "legacy": text(settings.legacy or settings.processing[0]),
        "finished": text(settings.finished),
        "failed": text(settings.failed),
    }


def _now(settings: SessionSettings, role: str) -> str:
    """Return the present instant as a column holds it, as an expression of TypeScript.

    Raises:
        ConfigError: where only the database knows the form.
    """
    form = settings.times.get(role, settings.times.get("", ""))
    if form == "database":
        raise ConfigError(
            'The generated TypeScript cannot ask the database for its zone: times = "database".',
            hint='Name the zone, as in times = "Europe/Berlin".',
            where="cronshift.toml",
        )
    zones = {each.value for each in TimeForm} | {"", "utc", "boolean"}
    if form not in zones:
        return f'new Date().toLocaleString("sv-SE", {{ timeZone: {text(form)} }})'
    return _NOW.get(form, "new Date()")


def _written(app: SessionApp, name: str, values: dict[str, Any]) -> str:
    written = render("typescript", f"sessions-{name}.ts", **values)
    written = app.spelling(app.file(name), app.in_language(written))
    return laid_out(written, app.style)
