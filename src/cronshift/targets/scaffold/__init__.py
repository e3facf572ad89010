"""The app's side of the session flow, written once and then the app's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import ConfigError
from cronshift.handlers.tree import SourceTree
from cronshift.operations import Edit, Intent, Operation, Seen, build_operation
from cronshift.operations.files import content, inside
from cronshift.project import load_project
from cronshift.project.settings import load_settings
from cronshift.targets.registry import DEFAULT_TARGET, target_named, target_of
from cronshift.targets.scaffold import prisma
from cronshift.targets.scaffold.exhaustive import code_label, mended, missing
from cronshift.targets.scaffold.mapping import UnclearMappingError, mapped
from cronshift.targets.scaffold.migrations import LABEL, TABLES, SqlMigration, home_of
from cronshift.targets.scaffold.polling import polled
from cronshift.targets.scaffold.proposing import ANSWERABLE
from cronshift.targets.scaffold.rendering import Flow, FlowNames
from cronshift.targets.scaffold.schema import read_schema
from cronshift.targets.scaffold.schema.database import read_database
from cronshift.targets.scaffold.sql import label_sql, tables_sql
from cronshift.vercel.reading import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from cronshift.targets.scaffold.exhaustive import MissingPlace
    from cronshift.targets.scaffold.mapping import SessionMapping
    from cronshift.targets.scaffold.schema import AppSchema
    from cronshift.targets.target import Target

_DIALECTS = {None, "postgresql", "postgres", "sqlite"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FLOW = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENUM, _LABEL, _ITEMS = "session_status", "queued", "selected_models"


def prepare_scaffold(  # noqa: PLR0913 - each is an option of the command
    root: Path,
    now: datetime,
    *,
    flow: str = "session",
    enum: str | None = None,
    label: str | None = None,
    items: str | None = None,
    answers: Mapping[str, str] | None = None,
    from_database: str | None = None,
    target: str | None = None,
    force: bool = False,
) -> Operation:
    """Return the operation that writes the app's side; the app's own edits are left alone.

    The mapping is proposed from the app's Prisma schema, Drizzle schema or SQLAlchemy classes; one that
    stands in cronshift.toml is followed.

    Args:
        root: the project's folder.
        now: the present instant.
        flow: the flow's name.
        enum: the type of the status column, by its name in the database or in a schema.prisma.
        label: the new state.
        items: the column with a session's items.
        answers: what the user says of the mapping, by its keys.
        from_database: the variable of the database that is read in place of the app's code.
        target: its name; without one, the project's.
        force: overwrite generated TypeScript that was changed by hand, with a copy beside it.

    Raises:
        ConfigError: for a name that is none, or a database that the flow cannot work on.
        UnclearMappingError: with questions about what the app's schema does not tell.
        CronshiftError: for a Next.js app that functions cannot be generated for.
        RefusedError: when generated TypeScript was changed by hand, without ``force``.
    """
    said_so = {"queued": label, "items": items}
    chosen = {**(answers or {}), **{key: value for key, value in said_so.items() if value}}
    _refuse_names(flow, [enum, label, items], chosen)
    tree = SourceTree(root)
    schema = read_database(from_database) if from_database else read_schema(tree)
    if schema is not None and schema.dialect not in _DIALECTS:
        raise ConfigError(
            f"The app's database is {schema.dialect}: the flow works on PostgreSQL and SQLite.",
            reason="unsupported-database",
            where=schema.models[0].place if schema.models else None,
        )
    names = FlowNames(flow, enum or _ENUM, label or _LABEL, items or _ITEMS)
    mapping = mapped(root, tree, schema, names, chosen)
    kind = project_target(root, target)
    edits = [mapping.edit] if mapping.edit else []
    edits += _migrated(root, tree, mapping, names, kind, now)
    session_flow = Flow(_named(names, mapping), mapping.settings, schema)
    edits += kind.scaffold(root, session_flow, force=force)
    edits = _mended(root, edits, mapping, schema)
    return build_operation(
        root, "scaffold sessions", edits, now, intent=Intent.SCAFFOLD, allow_dirty=force
    )


def _refuse_names(flow: str, names: list[str | None], answers: Mapping[str, str]) -> None:
    """Refuse a text that is no name: it becomes SQL and code."""
    for name in names:
        if name is not None and not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name.", reason="invalid-name", where=name)
    for key in answers:
        if key not in ANSWERABLE:
            listed = ", ".join(ANSWERABLE)
            raise ConfigError(
                f"[sessions] has no {key!r} to be said.",
                reason="invalid-name",
                hint=f"It has {listed}.",
            )
    if not _FLOW.fullmatch(flow):
        raise ConfigError(
            f"{flow!r} is no flow: lower-case words joined by hyphens.", reason="invalid-name"
        )


def _named(names: FlowNames, mapping: SessionMapping) -> FlowNames:
    """Return the names with those of the mapping."""
    label = mapping.settings.queued if mapping.settings else names.label
    enum = mapping.states.database if mapping.states else None
    return FlowNames(names.flow, enum or names.enum, label, mapping.items)


def _mended(
    root: Path, edits: list[Edit], mapping: SessionMapping, schema: AppSchema | None
) -> list[Edit]:
    """Return the edits, with those of the app's code that names every label but the new one."""
    if mapping.settings is None:
        return edits
    by_path = {edit.path: edit for edit in edits}

    def put(file: str, text: str, summary: str) -> None:
        before = content(inside(root, file))
        edit = by_path.get(file) or Edit(file, None, summary=summary, based_on=Seen(before))
        by_path[file] = replace(edit, after=text.encode())

    tree = SourceTree(root, {edit.path: edit.after for edit in edits})
    label = code_label(tree, schema, mapping.settings)
    if label is None:
        return edits
    for file, text in polled(tree, label):
        put(file, text, f"{file}: a session that waits is shown as one that has not begun")
    tree = SourceTree(root, {edit.path: edit.after for edit in by_path.values()})
    places: dict[str, list[MissingPlace]] = {}
    for place in missing(tree, label):
        places.setdefault(place.location.file, []).append(place)
    for file, of_file in places.items():
        summary = "; ".join(f"{place.location}: {place.form.value}" for place in of_file)
        put(file, mended(tree.read(file), of_file), summary)
    return list(by_path.values())


def project_target(root: Path, asked: str | None) -> Target:
    """Return the target asked for, else the project's; a folder without entries has the default."""
    name = asked or load_settings(root).target
    if name is not None:
        return target_named(name)
    if not any((root / file).is_file() for file in NAMES):
        return target_named(DEFAULT_TARGET)
    project = load_project(root)
    return target_of(project, project.resolver())


def _migrated(  # noqa: PLR0913, PLR0917 - what the migrations are made from
    root: Path,
    tree: SourceTree,
    mapping: SessionMapping,
    names: FlowNames,
    kind: Target,
    now: datetime,
) -> list[Edit]:
    """Return the edits that write the migrations, in the project's own way of migrating."""
    home = home_of(root, tree, mapping.model, mapping.states)
    wanted = [
        migration
        for migration in _migrations(root, mapping, names)
        if not home.has(migration.name)
        and (migration.name == LABEL or kind.migrates_tables or home.is_projects)
    ]
    return list(home.edits(wanted, now)) if wanted else []


def _migrations(root: Path, mapping: SessionMapping, names: FlowNames) -> Iterator[SqlMigration]:
    """Yield the migration of the label, where the status has a type and not the label, and of the tables."""
    settings = mapping.settings
    label = settings.queued if settings else names.label
    enum = names.enum
    if mapping.states and mapping.states.database:
        enum = mapping.states.database
    else:
        schemas = prisma.find_schemas(root).values()
        by_schema = (prisma.database_name(text, enum) for text in schemas)
        enum = next(filter(None, by_schema), enum)
    if not mapping.has_label:
        schema = settings.schema if settings else None
        plain = label if _NAME.fullmatch(label) else None  # any other is no name in code
        summary = f"the new label {label} of {enum}"
        yield SqlMigration(LABEL, label_sql(enum, label, schema), summary, enum, plain)
    if settings is not None:
        yield SqlMigration(TABLES, tables_sql(settings), "the flow's own tables")


__all__ = ["UnclearMappingError", "prepare_scaffold", "project_target"]
