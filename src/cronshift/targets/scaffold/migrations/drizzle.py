"""Migrations of drizzle-kit: a file, a line of the journal, a snapshot, and the same in the schema."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

from msgspec import Meta, Struct, ValidationError, convert

from cronshift.errors import RefusedError
from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.targets.scaffold.migrations.migration import LABEL, TABLES
from cronshift.targets.scaffold.rendering import filled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.migrations.migration import SqlMigration
    from cronshift.targets.scaffold.schema import StatusType

TABLES_MODULE = "cronshift-tables"
_FORMAT = "7"  # of snapshots
_BREAK = "--> statement-breakpoint\n"
_OURS = UUID("5b0d3b0a-7c0c-5b44-9c0c-6f3f1b6f6d7e")  # what ids of snapshots are derived from


class _JournalLine(Struct, frozen=True):
    idx: Annotated[int, Meta(ge=0, lt=2**31)]
    when: Annotated[int, Meta(ge=0, lt=2**53)]  # milliseconds since 1970
    tag: str


class _DrizzleJournal(Struct, frozen=True):
    entries: list[_JournalLine]


class _SnapshotEnum(Struct, frozen=True):
    name: str
    values: list[str]


class _Snapshot(Struct, frozen=True):
    version: str
    id: str
    tables: dict[str, Any]
    enums: dict[str, _SnapshotEnum] = {}


class Drizzle(Struct, frozen=True):
    """drizzle-kit's folder.

    Attributes:
        out: the folder, relative to the root.
        schema_file: what drizzle.config names: a file, or ``None`` for a folder or a pattern.
        schema_folder: where the file of the tables goes.
        states: the labels that the status has in the code.
    """

    root: Path
    tree: SourceTree
    out: str
    schema_file: str | None
    schema_folder: str
    states: StatusType | None
    is_projects = True

    @property
    def _journal_file(self) -> str:
        return f"{self.out}/meta/_journal.json"

    def has(self, name: str) -> bool:
        """Return whether it was written."""
        return any(entry.tag.endswith(f"_{name}") for entry in self._entries())

    def _entries(self) -> list[_JournalLine]:
        """Return the lines of the journal.

        Raises:
            RefusedError: if it is no journal of drizzle-kit's.
        """
        try:
            return convert(self.tree.data(self._journal_file), _DrizzleJournal).entries
        except ValidationError:
            raise RefusedError(
                f"{self._journal_file} is no journal of drizzle-kit's.",
                reason="unclear-migrations",
                hint="Restore it from version control.",
                where=self._journal_file,
            ) from None

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> list[Edit]:
        """Return the edits that write them, and the snapshot that drizzle-kit compares with."""
        written, journal = self._entries(), self.tree.data(self._journal_file)
        entries = journal["entries"]
        snapshot = self._newest(written)
        edits = []
        for each in migrations:
            number = entries[-1]["idx"] + 1 if entries else 0
            tag = f"{number:04d}_{each.name}"
            when = max([int(now.timestamp() * 1000), *(entry["when"] + 1 for entry in entries)])
            entry = {
                "idx": number,
                "version": _FORMAT,
                "when": when,
                "tag": tag,
                "breakpoints": True,
            }
            entries.append(entry)
            text = _BREAK.join(f"{statement}\n" for statement in each.statements)
            edits.append(
                Edit(
                    f"{self.out}/{tag}.sql",
                    text.encode(),
                    summary=each.summary,
                    based_on=Seen(None),
                )
            )
            if snapshot is not None:
                snapshot = _after(snapshot, each, tag)
                path = f"{self.out}/meta/{number:04d}_snapshot.json"
                summary = f"{each.summary}: what drizzle-kit compares the next migration with"
                edits.append(Edit(path, _json(snapshot), summary=summary, based_on=Seen(None)))
        edits.append(self._edited(self._journal_file, _json(journal), "drizzle-kit's journal"))
        return edits + self._schema(migrations)

    def _newest(self, entries: Sequence[_JournalLine]) -> dict[str, Any] | None:
        """Return the newest snapshot, where it has the form that is known."""
        name = f"{self.out}/meta/{entries[-1].idx:04d}_snapshot.json" if entries else ""
        snapshot = self.tree.data(name) if name else {}
        try:
            is_known = convert(snapshot, _Snapshot).version == _FORMAT
        except ValidationError:
            return None
        return snapshot if is_known else None

    def _schema(self, migrations: Sequence[SqlMigration]) -> list[Edit]:
        """Return the edits of the schema's TypeScript."""
        edits = []
        names = {each.name for each in migrations}
        exported: str | None = None
        if TABLES in names:
            module = posixpath.join(self.schema_folder, f"{TABLES_MODULE}.ts")
            text = filled("session_tables.drizzle.ts")
            edits.append(Edit(module, text.encode(), summary="the flow's tables, for drizzle-kit"))
            exported = self.schema_file
        label = next((each.label for each in migrations if each.name == LABEL), None)
        texts: dict[str, str] = {}
        if label and self.states is not None:
            file = self.states.place.rpartition(":")[0]
            after = with_label(self.tree, self.states, label)
            texts |= {file: after} if after else {}
        if exported:
            before = texts.get(exported, self.tree.read(exported))
            gap = "" if before.endswith("\n") else "\n"
            line = f'export * from "./{TABLES_MODULE}";\n'
            texts[exported] = before if line in before else before + gap + line
        return edits + [
            self._edited(file, text.encode(), f"{file}: what the migrations make")
            for file, text in texts.items()
        ]

    def _edited(self, file: str, after: bytes, summary: str) -> Edit:
        before = content(inside(self.root, file))
        return Edit(file, after, summary=summary, based_on=Seen(before))


def with_label(tree: SourceTree, states: StatusType, label: str) -> str | None:
    """Return the file of a list of labels with one more; ``None`` where it cannot be told or is there."""
    file, _, line = states.place.rpartition(":")
    root = tree.parsed(file)
    arrays = root.find_all(kind="array") if root is not None else []
    wanted = [node for node in arrays if _labels(node) == list(states.labels)]
    near = [node for node in wanted if abs(node.range().start.line + 1 - int(line)) <= _NEAR]
    if label in states.labels or not (near or wanted):
        return None
    last = _strings((near or wanted)[0])[-1]
    quote = last.text()[0]
    text, at = tree.read(file), last.range().end.index
    begin = text.rfind("\n", 0, last.range().start.index) + 1
    lead = text[begin : last.range().start.index]
    between = f",\n{lead}" if not lead.strip() else ", "
    return f"{text[:at]}{between}{quote}{label}{quote}{text[at:]}"


_NEAR = 40  # lines between a column's place and its list of labels


def _strings(array: SgNode) -> list[SgNode]:
    return [node for node in array.children() if node.kind() == "string"]


def _labels(array: SgNode) -> list[str]:
    return [node.text()[1:-1] for node in _strings(array)]


def _after(snapshot: dict[str, Any], migration: SqlMigration, tag: str) -> dict[str, Any]:
    """Return the snapshot behind a migration."""
    after: dict[str, Any] = json.loads(json.dumps(snapshot))
    after["prevId"], after["id"] = snapshot["id"], str(uuid5(_OURS, snapshot["id"] + tag))
    if migration.enum and migration.label:
        for enum in after.get("enums", {}).values():
            if enum["name"] == migration.enum and migration.label not in enum["values"]:
                enum["values"].append(migration.label)
    if migration.name == TABLES:
        after["tables"] |= json.loads(filled("session_tables.drizzle.json"))
    return after


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def drizzle_home(
    root: Path, tree: SourceTree, config: str, states: StatusType | None
) -> Drizzle | None:
    """Return drizzle-kit's folder; ``None`` where it keeps no migrations."""
    text = tree.read(config)
    out = _setting(text, "out") or "drizzle"
    schema = _setting(text, "schema") or ""
    if f"{out}/meta/_journal.json" not in tree.files:
        return None
    file = schema if schema in tree.files else None
    folder = posixpath.dirname(schema) if file or "*" in schema else schema
    while "*" in folder:
        folder = posixpath.dirname(folder)
    return Drizzle(root, tree, out, file, folder, states)


def _setting(text: str, key: str) -> str | None:
    match = re.search(rf"""\b{key}\s*:\s*\[?\s*["'`]([^"'`$]+)["'`]""", text)
    return posixpath.normpath(match[1]) if match else None
