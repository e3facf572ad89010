"""Migrations of Alembic: a revision behind the newest, read and never run."""

from __future__ import annotations

import ast
import configparser
import hashlib
import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.runtime.regular_files import read_text
from cronshift.targets.scaffold.migrations.python_edits import with_filter, with_member
from cronshift.targets.scaffold.rendering import filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.targets.scaffold.migrations.migration import SqlMigration
    from cronshift.targets.scaffold.schema import StatusType

INI = "alembic.ini"
_LONGEST = 1_000_000  # bytes of a revision


class Revision(Struct, frozen=True):
    """A revision that is there, with those before it."""

    id: str
    down: tuple[str, ...]


class Alembic(Struct, frozen=True):
    """``alembic/versions``, or where alembic.ini says."""

    root: Path
    folder: str
    states: StatusType | None = None
    is_projects = True

    def has(self, name: str) -> bool:
        """Return whether it was written."""
        return next((self.root / self.folder).glob(f"*_{name}.py"), None) is not None

    def edits(self, migrations: Sequence[SqlMigration], now: datetime) -> list[Edit]:
        """Return the edits that write them, one behind the other.

        Raises:
            ConfigError: where several revisions are the newest.
        """
        down, edits = self._head(), []
        for each in migrations:
            revision = hashlib.sha256(f"{down} {each.name} {each.sql}".encode()).hexdigest()[:12]
            text = filled(
                "revision.py",
                revision=revision,
                down=json.dumps(down) if down else "None",
                created=f"{now:%Y-%m-%d %H:%M:%S}",
                is_label=each.enum is not None,
                statements=[_literal(statement) for statement in each.statements],
            )
            path = f"{self.folder}/{revision}_{each.name}.py"
            edits.append(Edit(path, text.encode(), summary=each.summary, based_on=Seen(None)))
            down = revision
        label = next((each.label for each in migrations if each.label), None)
        return edits + list(self._code(label))

    def _code(self, label: str | None) -> Iterator[Edit]:
        """Yield the edits of the app's Python: its enum, and the filter of Alembic's env.py."""
        environment = f"{PurePosixPath(self.folder).parent}/env.py"
        texts = {environment: (with_filter, "Alembic leaves the flow's tables alone")}
        if label and self.states:
            states = self.states
            file = states.place.rpartition(":")[0]
            summary = f"{file}: {states.name} has {label}"
            texts[file] = (lambda text: with_member(text, states, label), summary)
        for file, (edited, summary) in texts.items():
            before = content(inside(self.root, file))
            after = edited(before.decode(errors="replace")) if before else None
            if before and after:
                yield Edit(file, after.encode(), summary=summary, based_on=Seen(before))

    def _head(self) -> str | None:
        revisions = list(self._revisions())
        below = {down for revision in revisions for down in revision.down}
        heads = [revision.id for revision in revisions if revision.id not in below]
        if len(heads) > 1:
            raise ConfigError(
                f"{self.folder} has several newest revisions: {', '.join(sorted(heads))}.",
                reason="unclear-migrations",
                hint="Join them, and say this again: alembic merge heads",
                where=self.folder,
            )
        return heads[0] if heads else None

    def _revisions(self) -> Iterator[Revision]:
        for file in sorted((self.root / self.folder).glob("*.py")):
            try:
                module = ast.parse(read_text(file, _LONGEST) or "")
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
            values = dict(_assigned(module))
            revision = values.get("revision")
            if isinstance(revision, str):
                yield Revision(revision, _ids(values.get("down_revision")))


def _assigned(module: ast.Module) -> Iterator[tuple[str, object]]:
    for statement in module.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.AnnAssign):
            target = statement.target
        if isinstance(target, ast.Name) and isinstance(statement, ast.Assign | ast.AnnAssign):
            try:
                yield target.id, ast.literal_eval(statement.value) if statement.value else None
            except ValueError:
                continue


def _ids(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, value)) if isinstance(value, list | tuple | set) else ()


def _literal(statement: str) -> str:
    """Return a statement as a literal of Python, as it would be written by hand.

    What looks like a parameter is none.
    """
    statement = re.sub(r"(?<!:):(?=\w)", r"\\:", statement)
    if '"""' in statement or "\\" in statement:
        return repr(statement)
    return f'"""\n{statement}\n"""'


def alembic_home(root: Path, states: StatusType | None = None) -> Alembic | None:
    """Return the home of a project's revisions; ``None`` without Alembic."""
    text = read_text(root / INI, _LONGEST) if (root / INI).is_file() else None
    if text is None:
        return None
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
        location = parser.get("alembic", "script_location")
    except configparser.Error:
        return None
    place = re.sub(r"^%\(here\)s/", "", location.strip())
    if ":" in place or place.startswith("/") or ".." in PurePosixPath(place).parts:
        return None
    return Alembic(root, str(PurePosixPath(place) / "versions"), states)
