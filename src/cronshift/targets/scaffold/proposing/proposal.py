"""The proposal of ``[sessions]``: guesses with their evidence, and questions about the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.targets.scaffold.labels import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.labels import Label
    from cronshift.targets.scaffold.schema import AppColumn, AppSchema, ColumnKind, Model

MOST_CHOICES = 8
YOURS = "your answer"
USERS = {"user", "users", "profile", "profiles", "account", "accounts", "customer", "customers"}
COST = re.compile(
    r"(?:credits?|coins?|tokens?)_(?:cost|used|spent|charged|price)|(?:credit_|coin_|token_)?costs?|credits?"
)
_NAMES = {
    "created": r"created(?:_at|_on)?|inserted_at|requested_at|submitted_at|queued_at",
    "started": r"(?:processing_)?started(?:_at)?|begun_at|processing_at",
    "completed": r"(?:completed|finished|ended|done)(?:_at)?",
    "refunded": r"(?:credits_)?refunded(?:_at)?|is_refunded",
    "error": r"error(?:_message|_text|_reason)?|failure_reason|failed_reason|fail_reason|status_message",
    "user": r"(?:user|owner|profile|author|customer|account|creator|created_by)(?:_?id)?",
    "status": r"(?:\w+_)?(?:status|state)",
}


class Guess(Struct, frozen=True):
    """A value of ``[sessions]`` with its evidence."""

    value: Any
    evidence: str


class Question(Struct, frozen=True):
    """A value that cannot be told, with the choices for it.

    Attributes:
        placeholder: what stands for the answer where no choice is likelier than another.
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    placeholder: str | None = None

    @property
    def option(self) -> str:
        """The option that answers the question on the command line."""
        return f"--map {self.key}={self.placeholder or self.choices[0]}"


@dataclass
class Proposal:
    """The proposal of ``[sessions]``.

    Attributes:
        guesses: by key; those of the credits begin with ``credits.``.
        notes: what the reader of the mapping has to know, in sentences.
        new_label: the label that the status gets, where it has none for waiting yet.
    """

    guesses: dict[str, Guess] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sessions: Model | None = None
    status: AppColumn | None = None
    labels: tuple[Label, ...] = ()
    items: AppColumn | None = None
    new_label: str | None = None

    def settle(self, key: str, value: Any, evidence: str) -> None:
        """Set the value of a key."""
        self.guesses[key] = Guess(value, evidence)

    def ask(
        self, key: str, text: str, choices: Iterable[str] = (), placeholder: str | None = None
    ) -> None:
        """Add a question."""
        few = tuple(dict.fromkeys(choices))[:MOST_CHOICES]
        self.questions.append(Question(key, text, few, placeholder or (None if few else "NAME")))


class Clues(Struct, frozen=True):
    """The evidence for a proposal: the app's files, its tables, and the user's answers."""

    tree: SourceTree
    schema: AppSchema
    answers: Mapping[str, str]


def matching(model: Model, name: str, *kinds: ColumnKind) -> list[AppColumn]:
    """Return the columns whose name is one that such a column has, of those kinds."""
    pattern = re.compile(_NAMES[name])
    return [
        column
        for column in model.fields
        if pattern.fullmatch(column.words) and (not kinds or column.kind in kinds)
    ]


def referring_to_users(model: Model) -> list[AppColumn]:
    """Return the columns that name a row of a table of users."""
    return [
        column
        for column in model.fields
        if column.references and set(words_of(column.references[0])) & USERS
    ]


def user_of(model: Model) -> AppColumn | None:
    """Return the one column that is the user whose row it is."""
    to_users = referring_to_users(model)
    columns = to_users if len(to_users) == 1 else matching(model, "user")
    return columns[0] if len(columns) == 1 else None


def choose(
    reader: Clues,
    proposal: Proposal,
    question: Question,
    model: Model,
    columns: Sequence[AppColumn],
) -> AppColumn | None:
    """Settle a column by the user's answer, or by the only one that it can be; else ask."""
    answer = reader.answers.get(question.key)
    only = columns[0] if len(columns) == 1 else None
    column = model.field(answer) if answer else only
    if column is None:
        missing = f"{model.name} has no column {answer}. " if answer else ""
        likely = [each.name for each in columns or model.fields]
        placeholder = None if columns else "COLUMN"
        proposal.ask(question.key, missing + question.text, likely, placeholder)
        return None
    proposal.settle(question.key, column.name, YOURS if answer else column.place)
    return column
