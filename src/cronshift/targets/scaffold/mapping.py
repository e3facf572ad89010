"""The ``[sessions]`` of cronshift.toml: proposed from the app's schema, or followed where they are there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.operations import ChangeKind, Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.project.settings import CONFIG_NAME, load_settings, parse_settings
from cronshift.targets.scaffold.proposing import KEYS, propose
from cronshift.targets.scaffold.rendering import rendered
from cronshift.targets.scaffold.schema import ColumnKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cronshift.handlers.tree import SourceTree
    from cronshift.sessions.settings import SessionSettings
    from cronshift.targets.scaffold.proposing import Proposal, Question
    from cronshift.targets.scaffold.rendering import FlowNames
    from cronshift.targets.scaffold.schema import AppColumn, AppSchema, Model, StatusType

_TABLE = re.compile(r"^\s*\[sessions\]", re.MULTILINE)
_WIDTH = 36  # columns before evidence


class UnclearMappingError(ConfigError):
    """A part of the mapping cannot be told from the app's schema; ``questions`` ask for it."""

    def __init__(self, questions: list[Question]) -> None:
        listed = "; ".join(_asked(question) for question in questions)
        super().__init__(
            f"The app's schema does not tell all of [sessions]. {listed}",
            reason="unclear-mapping",
            hint="Say it: cronshift sessions scaffold "
            + " ".join(each.option for each in questions),
            where=CONFIG_NAME,
        )
        self.questions = questions


def _asked(question: Question) -> str:
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    return f"{question.key}: {question.text}{choices}"


class SessionMapping(Struct, frozen=True):
    """The mapping of the sessions that cronshift.toml will hold.

    Attributes:
        edit: of cronshift.toml; ``None`` where it says it already.
        model: the sessions' table, where the app's schema has it.
        states: the labels of its status.
        has_label: whether the status needs no new label.
        items: the column with a session's items.
    """

    settings: SessionSettings | None
    edit: Edit | None = None
    model: Model | None = None
    states: StatusType | None = None
    has_label: bool = False
    items: str | None = None


def mapped(
    root: Path,
    tree: SourceTree,
    schema: AppSchema | None,
    names: FlowNames,
    answers: Mapping[str, str],
) -> SessionMapping:
    """Return the mapping of a project.

    Args:
        root: the project's folder.
        tree: its files.
        schema: its tables; ``None`` where nothing says them, so that the mapping has placeholders.
        names: what stands in the placeholders.
        answers: what the user says of the mapping.

    Raises:
        ConfigError: if cronshift.toml cannot be read.
        UnclearMappingError: with questions about what the schema does not tell.
    """
    load_settings(root)  # what cannot be read is told there
    before = content(inside(root, CONFIG_NAME))
    text = (before or b"").decode()
    if _TABLE.search(text):
        return _followed(schema, parse_settings(text).sessions, answers)
    if schema is None:
        added = rendered("sessions.toml", names)
        summary = "the mapping of your tables: correct the names, or let --from-database read them"
        proposal = None
    else:
        proposal = propose(tree, schema, answers)
        if proposal.questions:
            raise UnclearMappingError(proposal.questions)
        added = "\n" + "\n".join(_lines(proposal)) + "\n"
        summary = f"the mapping of your tables, as {schema.source.value} has them"
    after = text.rstrip() + "\n" + added if text.strip() else added.lstrip()
    edit = Edit(CONFIG_NAME, after.encode(), ChangeKind.EDIT_CONFIG, summary, based_on=Seen(before))
    settings = parse_settings(after).sessions
    if proposal is None:
        items = answers.get("items") or names.items
        return SessionMapping(settings, edit, items=items)
    status = proposal.status
    return SessionMapping(
        settings,
        edit,
        proposal.sessions,
        status.states if status else None,
        proposal.new_label is None or not _is_type(status),
        proposal.items.name if proposal.items else None,
    )


def _followed(
    schema: AppSchema | None, settings: SessionSettings | None, answers: Mapping[str, str]
) -> SessionMapping:
    """Return the mapping that is there."""
    items = answers.get("items")
    if settings is None:
        return SessionMapping(None, items=items)
    by_cost = settings.cost.value if settings.cost.kind == "array_length" else None
    model = schema.model(settings.table) if schema else None
    if model is None:
        return SessionMapping(settings, items=items or (str(by_cost) if by_cost else None))
    status = model.field(settings.status)
    states = status.states if status else None
    has_label = not _is_type(status) or bool(states and settings.queued in states.labels)
    lists = [column.name for column in model.fields if column.kind is ColumnKind.LIST]
    guess = str(by_cost) if by_cost else _only_items(lists)
    return SessionMapping(settings, None, model, states, has_label, items or guess)


def _only_items(lists: list[str]) -> str | None:
    from cronshift.targets.scaffold.proposing.costs import ITEMS
    from cronshift.targets.scaffold.schema.model import snake

    likely = [name for name in lists if ITEMS.fullmatch(snake(name))]
    return likely[0] if len(likely) == 1 else None


def _is_type(status: AppColumn | None) -> bool:
    """Return whether a status has a type of the database's, and no column of text."""
    return bool(status and status.states and status.states.database)


def _lines(proposal: Proposal) -> Iterator[str]:
    """Yield the tables of cronshift.toml, each value with its evidence."""
    yield "# The QUEUED flow: names of your tables, columns and labels. docs: sessions.md"
    for note in proposal.notes:
        yield f"# {note}"
    yield "[sessions]"
    keys = [key for key in KEYS if key in proposal.guesses]
    for key in (key for key in keys if not key.startswith("credits.")):
        yield _line(key, proposal)
    yield ""
    yield "[sessions.credits]"
    for key in (key for key in keys if key.startswith("credits.")):
        yield _line(key, proposal)


def _line(key: str, proposal: Proposal) -> str:
    guess = proposal.guesses[key]
    line = f"{key.removeprefix('credits.')} = {_toml(guess.value)}"
    return f"{line.ljust(_WIDTH)}  # {' '.join(guess.evidence.split())}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(
                f"{json.dumps(k) if not k.isidentifier() else k} = {_toml(v)}"
                for k, v in value.items()
            )
            + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)
