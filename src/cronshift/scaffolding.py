"""What an app needs for the session flow, written once and then the app's own."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from cronshift.config import CONFIG_NAME
from cronshift.errors import ConfigError
from cronshift.operations import ChangeKind, Edit, Operation, build_operation
from cronshift.operations.files import content, inside
from cronshift.schemas import event_schema
from cronshift.schemas.typescript import typescript

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from jinja2 import Environment

FLOW_FILE = "session_flow.py"
TYPES_FILE = "session_events.ts"
SQL_FILE = "migrations/queued_status.sql"
EVENT = "session.requested"
_PRISMA = ("prisma/schema.prisma", "schema.prisma")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FLOW = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def prepare_scaffold(  # noqa: PLR0913 - each is an option of the command
    root: Path,
    now: datetime,
    *,
    flow: str = "session",
    enum: str = "session_status",
    label: str = "queued",
    items: str = "selected_models",
) -> Operation:
    """Return the operation that writes the app's side; what is there already is left alone.

    Args:
        root: the project's folder.
        now: the present instant.
        flow: the flow's name.
        enum: the type of the status column.
        label: the new state.
        items: the column with a session's items.

    Raises:
        ConfigError: for a name that is none.
    """
    for given in (enum, label, items):
        if not _NAME.fullmatch(given):
            raise ConfigError(f"{given!r} is no name.", reason="invalid-name", where=given)
    if not _FLOW.fullmatch(flow):
        raise ConfigError(
            f"{flow!r} is no flow: lower-case words joined by hyphens.", reason="invalid-name"
        )
    names = {"flow": flow, "enum": enum, "label": label, "items": items}
    edits = [
        Edit(path, _rendered(template, names), ChangeKind.WRITE, said)
        for path, template, said in (
            (FLOW_FILE, "session_flow.py", "where you write how an item is processed"),
            (SQL_FILE, "queued_status.sql", f"the new label {label} of {enum}"),
        )
        if content(inside(root, path)) is None
    ]
    edits += _types(root)
    edits += _settings(root, names)
    edits += _prisma(root, enum, label)
    return build_operation(root, "scaffold sessions", edits, now)


def _types(root: Path) -> list[Edit]:
    """Return the edit that gives a TypeScript app the types of the events."""
    if content(inside(root, "tsconfig.json")) is None or content(inside(root, TYPES_FILE)):
        return []
    text = typescript(EVENT, event_schema(EVENT))
    return [Edit(TYPES_FILE, text.encode(), ChangeKind.WRITE, f"the type of {EVENT}")]


def _settings(root: Path, names: dict[str, str]) -> list[Edit]:
    text = (content(inside(root, CONFIG_NAME)) or b"").decode()
    if re.search(r"^\s*\[sessions\]", text, re.MULTILINE):
        return []
    added = _rendered("sessions.toml", names).decode()
    after = text.rstrip() + "\n" + added if text.strip() else added.lstrip()
    said = "the mapping of your tables; correct the names"
    return [Edit(CONFIG_NAME, after.encode(), ChangeKind.EDIT_CONFIG, said)]


def _prisma(root: Path, enum: str, label: str) -> list[Edit]:
    """Return the edit that adds the label to the enum in a schema.prisma, where there is one."""
    for path in _PRISMA:
        text = (content(inside(root, path)) or b"").decode(errors="replace")
        block = re.search(
            rf"^enum\s+{re.escape(enum)}\s*\{{(?P<body>[^}}]*)\}}", text, re.MULTILINE
        )
        if block is None or re.search(rf"^\s*{re.escape(label)}\b", block["body"], re.MULTILINE):
            continue
        indent = re.search(r"\n([ \t]+)\S", block["body"])
        line = f"{indent[1] if indent else '  '}{label}\n"
        end = block.end("body")
        after = text[:end].rstrip(" \t") + line + text[end:]
        return [Edit(path, after.encode(), ChangeKind.WRITE, f"{path}: {enum} has {label}")]
    return []


def _rendered(template: str, names: dict[str, Any]) -> bytes:
    return _environment().get_template(f"{template}.j2").render(names).encode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cronshift.sessions"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python, SQL and TOML, from names that are checked
    )
