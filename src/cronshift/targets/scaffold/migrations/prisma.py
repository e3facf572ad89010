"""Migrations of Prisma: a folder each, and the same in the schema, so that the next one finds no drift."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.operations import Edit, Seen
from cronshift.targets.scaffold import prisma
from cronshift.targets.scaffold.migrations.files import PLAIN, PlainFiles, versions
from cronshift.targets.scaffold.migrations.migration import TABLES
from cronshift.targets.scaffold.rendering import filled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.targets.scaffold.migrations.migration import SqlMigration

_MODELS = ("CronshiftRefund", "CronshiftOutbox", "CronshiftSessionClaim")


@dataclass(frozen=True, slots=True)
class Prisma:
    """``prisma/migrations/VERSION_NAME/migration.sql`` beside the schema.

    Attributes:
        schemas: their texts by path.
        schema_file: the schema that has the sessions.
        schema: of the database, where the schema names one for each table.
    """

    root: Path
    schemas: Mapping[str, str]
    schema_file: str
    schema: str | None = None
    plain: PlainFiles = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", PlainFiles(self.root))

    @property
    def folder(self) -> str:
        """The folder of the project's migrations."""
        place = self.schema_file.rpartition("/")[0]
        beside = place.removesuffix("/schema") if place.endswith("/schema") else place
        return f"{beside}/migrations".lstrip("/")

    @property
    def is_projects(self) -> bool:
        """True when ``prisma migrate`` is used; else ``prisma db push`` follows the schema."""
        return (self.root / self.folder).is_dir() and self.folder != PLAIN

    def has(self, name: str) -> bool:
        """Return whether it was written."""
        written = next((self.root / self.folder).glob(f"*_{name}"), None) is not None
        return written if self.is_projects else self.plain.has(name)

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> list[Edit]:
        """Return the edits that write them, and the label and the tables into the schema."""
        if not self.is_projects:
            return self.plain.edits(
                [each for each in migrations if not self.plain.has(each.name)], now
            ) + self._schema(migrations)
        there = [each.name.partition("_")[0] for each in (self.root / self.folder).iterdir()]
        return [
            Edit(
                f"{self.folder}/{version}_{each.name}/migration.sql",
                each.sql.encode(),
                summary=each.summary,
                based_on=Seen(None),
            )
            for version, each in zip(versions(now, len(migrations), there), migrations, strict=True)
        ] + self._schema(migrations)

    def _schema(self, migrations: Sequence[SqlMigration]) -> list[Edit]:
        """Return the edits of the schemas."""
        texts = dict(self.schemas)
        for each in migrations:
            if each.enum and each.label:
                texts = with_label(texts, each.enum, each.label)
            is_new = not any(_MODELS[0] in text for text in texts.values())
            if each.name == TABLES and texts and is_new:
                texts[self.schema_file] = self._with_models(texts[self.schema_file])
        return [
            Edit(
                path,
                text.encode(),
                summary=f"{path}: what the migrations make",
                based_on=Seen(self.schemas[path].encode()),
            )
            for path, text in texts.items()
            if text != self.schemas[path]
        ]

    def _with_models(self, text: str) -> str:
        newline = "\r\n" if "\r\n" in text else "\n"
        models = filled("session_tables.prisma", models=_MODELS, schema=self.schema)
        gap = "" if text.endswith("\n") else newline
        return text + gap + models.replace("\n", newline)


def with_label(schemas: Mapping[str, str], enum: str, label: str) -> dict[str, str]:
    """Return schemas with one more label of an enum, where one of them has it."""
    texts = dict(schemas)
    for path, text in schemas.items():
        after = prisma.with_value(text, enum, label)
        if after is not None:
            return texts | {path: after}
    return texts
