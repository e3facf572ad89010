"""What an app needs for the session flow, written once and then the app's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError
from cronshift.operations import ChangeKind, Edit, Intent, Operation, Seen, build_operation
from cronshift.operations.files import content, inside
from cronshift.project import load_project
from cronshift.project.settings import CONFIG_NAME, load_settings, parse_settings
from cronshift.targets.scaffold import prisma
from cronshift.targets.scaffold.rendering import Flow, Names, rendered
from cronshift.targets.target import DEFAULT_TARGET, target_named, target_of
from cronshift.vercel.reading import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from cronshift.targets.target import Target

SQL_FILE = "migrations/queued_status.sql"
_LABEL_MIGRATION = "queued_status"
_MIGRATIONS = {  # folders in which tools keep migrations, and how they name one
    "prisma/migrations": "{folder}/{version}/migration.sql",
    "supabase/migrations": "{folder}/{version}.sql",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FLOW = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def prepare_scaffold(  # noqa: PLR0913 - each is an option of the command
    root: Path,
    now: datetime,
    *,
    flow: str = "session",
    enum: str = "session_status",
    label: str = "queued",
    items: str | None = None,
    target: str | None = None,
    force: bool = False,
) -> Operation:
    """Return the operation that writes the app's side; what the app has written is left alone.

    Args:
        root: the project's folder.
        now: the present instant.
        flow: the flow's name.
        enum: the type of the status column, by its name in the database or in a schema.prisma.
        label: the new state.
        items: the column with a session's items; without one, the column whose length is the cost.
        target: its name; without one, the project's.
        force: overwrite generated TypeScript that was changed by hand, with a copy beside it.

    Raises:
        ConfigError: for a name that is none.
        CronshiftError: for a Next.js app that functions cannot be generated for.
        RefusedError: when generated TypeScript was changed by hand, without ``force``.
    """
    for given in (enum, label, *([items] if items else [])):
        if not _NAME.fullmatch(given):
            raise ConfigError(f"{given!r} is no name.", reason="invalid-name", where=given)
    if not _FLOW.fullmatch(flow):
        raise ConfigError(
            f"{flow!r} is no flow: lower-case words joined by hyphens.", reason="invalid-name"
        )
    schemas = prisma.find_schemas(root)
    names = Names(flow, _database_name(schemas.values(), enum), label, items or "selected_models")
    settings_text, edits = _settings(root, names)
    edits += _migration(root, names, now)
    edits += _label(schemas, enum, label)
    session_flow = Flow(names, parse_settings(settings_text).sessions, items)
    edits += project_target(root, target).scaffold(root, session_flow, force=force)
    return build_operation(
        root, "scaffold sessions", edits, now, intent=Intent.SCAFFOLD, allow_dirty=force
    )


def project_target(root: Path, asked: str | None) -> Target:
    """Return the target asked for, else the project's; a folder without entries has the default."""
    name = asked or load_settings(root).target
    if name is not None:
        return target_named(name)
    if not any((root / file).is_file() for file in NAMES):
        return target_named(DEFAULT_TARGET)
    project = load_project(root)
    return target_of(project, project.resolver())


def _settings(root: Path, names: Names) -> tuple[str, list[Edit]]:
    """Return what cronshift.toml will say, and the edit that adds the mapping where it has none."""
    before = content(inside(root, CONFIG_NAME))
    text = (before or b"").decode()
    if re.search(r"^\s*\[sessions\]", text, re.MULTILINE):
        return text, []
    added = rendered("sessions.toml", names)
    after = text.rstrip() + "\n" + added if text.strip() else added.lstrip()
    said = "the mapping of your tables; correct the names"
    return after, [
        Edit(CONFIG_NAME, after.encode(), ChangeKind.EDIT_CONFIG, said, based_on=Seen(before))
    ]


def _migration(root: Path, names: Names, now: datetime) -> list[Edit]:
    """Return the edit that writes the label's migration, in the project's own way of migrating."""
    written = (
        found for folder in _MIGRATIONS for found in (root / folder).glob(f"*_{_LABEL_MIGRATION}*")
    )
    if content(inside(root, SQL_FILE)) is not None or next(written, None):
        return []
    version = f"{now:%Y%m%d%H%M%S}_{_LABEL_MIGRATION}"
    homes = (
        form.format(folder=folder, version=version)
        for folder, form in _MIGRATIONS.items()
        if (root / folder).is_dir()
    )
    said = f"the new label {names.label} of {names.enum}"
    text = rendered("queued_status.sql", names)
    return [Edit(next(homes, SQL_FILE), text.encode(), summary=said)]


def _database_name(schemas: Iterable[str], enum: str) -> str:
    """Return the enum's name in the database, where a Prisma schema calls it by another."""
    found = (prisma.database_name(text, enum) for text in schemas)
    return next((name for name in found if name and _NAME.fullmatch(name)), enum)


def _label(schemas: dict[str, str], enum: str, label: str) -> list[Edit]:
    """Return the edit that adds the label to the enum in a Prisma schema, where there is one."""
    for path, text in schemas.items():
        after = prisma.with_value(text, enum, label)
        if after is not None:
            said = f"{path}: {enum} has {label}"
            return [Edit(path, after.encode(), summary=said, based_on=Seen(text.encode()))]
    return []
