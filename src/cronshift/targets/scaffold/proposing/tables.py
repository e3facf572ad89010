"""The proposed table of sessions, and the meanings of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.scaffold.labels import Phase, labels_of, words_of
from cronshift.targets.scaffold.proposing.proposal import (
    COST,
    USERS,
    YOURS,
    Question,
    choose,
    matching,
    user_of,
)
from cronshift.targets.scaffold.schema import ColumnKind, SchemaSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.targets.scaffold.proposing.proposal import Clues, Proposal
    from cronshift.targets.scaffold.schema import AppColumn, Model

_WORK = set(  # of names of tables that hold work
    "generation generations prediction predictions job jobs task tasks render renders video videos "  # noqa: SIM905 - words
    "image images run runs request requests analysis analyses clip clips song songs headshot "
    "headshots export exports report reports session sessions upload file files conversion "
    "transcription training tune process processing project photo photos audio".split()
)
_OTHER = set(  # of names of tables that hold something else
    "payment payments order orders invoice invoices subscription subscriptions transaction "  # noqa: SIM905 - words
    "transactions purchase purchases refund refunds webhook webhooks email emails notification "
    "notifications invite invites invitation invitations ticket tickets account accounts "
    "verification dispute disputes payout payouts outbox member members event events contract "
    "ledger connection campaign campaigns post posts article articles proof review reviews".split()
)
_ENOUGH, _CLEAR = 5, 1  # points for a table of sessions, and ahead of the next
_OPTIONAL = {
    "started": (ColumnKind.TIME,),
    "completed": (ColumnKind.TIME,),
    "refunded": (ColumnKind.TIME, ColumnKind.BOOLEAN),
    "error": (ColumnKind.TEXT,),
}


def settle_table(reader: Clues, proposal: Proposal) -> None:
    """Settle the table of the sessions."""
    answer, models = reader.answers.get("table"), reader.schema.models
    scored = sorted(((_score(reader, model), model.name, model) for model in models), key=_first)
    if answer:
        model, likely = reader.schema.model(answer), scored
        text = f"There is no table {answer}. Which one holds the sessions?"
    else:
        likely = [each for each in scored if each[0] >= _ENOUGH]
        is_clear = len(likely) == 1 or (len(likely) > 1 and likely[0][0] - likely[1][0] >= _CLEAR)
        model = likely[0][2] if is_clear else None
        text = "Which table holds what users ask for and pay for?"
    if model is None:
        names = [name for points, name, _ in likely or scored if points > 0]
        proposal.ask("table", text, names, None if likely else "TABLE")
        return
    proposal.sessions = model
    proposal.settle("table", model.name, YOURS if answer else model.place)
    if model.schema:
        proposal.settle("schema", model.schema, model.place)


def _first(scored: tuple[int, str, Model]) -> tuple[int, str]:
    return -scored[0], scored[1]


def _score(reader: Clues, model: Model) -> int:
    """Return the number of signs that a table holds the sessions."""
    statuses = matching(model, "status", ColumnKind.LABEL, ColumnKind.TEXT)
    words = set(words_of(model.model))
    if not statuses or words & USERS:
        return 0
    phases = {label.phase for label in labels_of(reader.tree, model, statuses[0])} - {None}
    signs = (
        Phase.FAILED in phases,
        bool(words & _WORK),
        any(COST.fullmatch(column.words) for column in model.fields),
        bool(matching(model, "created", ColumnKind.TIME)),
    )
    points = len(phases) + sum(signs) + (2 if user_of(model) else 0)
    points -= 0 if statuses[0].words in {"status", "state"} else 3
    return points - (4 if words & _OTHER else 0)


def settle_columns(reader: Clues, proposal: Proposal, credit: Model | None) -> None:
    """Settle the columns of the sessions' table."""
    model = proposal.sessions
    if model is None:
        return

    def pick(key: str, text: str, columns: Sequence[AppColumn]) -> AppColumn | None:
        return choose(reader, proposal, Question(key, text), model, columns)

    key = model.field("id")
    keys = [key] if key and key.is_key else [column for column in model.fields if column.is_key]
    pick("id", f"Which column of {model.name} is its key?", keys)
    pick("user", _whose(reader, model), _users(model, credit))
    proposal.status = pick(
        "status", f"Which column of {model.name} is its state?", _statuses(model)
    )
    created = matching(model, "created", ColumnKind.TIME, ColumnKind.INTEGER)
    pick("created", f"When was a row of {model.name} asked for?", created)
    for role, kinds in _OPTIONAL.items():
        columns = matching(model, role, *kinds)
        if len(columns) == 1:
            proposal.settle(role, columns[0].name, columns[0].place)
    updated = next((column for column in model.fields if column.is_updated), None)
    if updated is not None:
        proposal.settle("updated", updated.name, updated.place)
    if reader.schema.source is SchemaSource.PRISMA and reader.schema.dialect == "postgresql":
        proposal.settle("times", "utc", "Prisma writes every DateTime in UTC")


def _whose(reader: Clues, model: Model) -> str:
    """Return the question whose a session is; and where its table only leads to a user."""
    text = f"Which column of {model.name} is the user who pays?"
    for column in model.fields:
        other = reader.schema.model(column.references[0]) if column.references else None
        owner = user_of(other) if other else None
        if owner and other:
            text += (
                f" {column.name} leads to {other.name}, whose user is {owner.name} ({owner.place}): "
                "a session needs such a column of its own."
            )
    return text


def _users(model: Model, credit: Model | None) -> list[AppColumn]:
    to_credit = [
        column
        for column in model.fields
        if credit and column.references and column.references[0] == credit.name
    ]
    user = user_of(model)
    return to_credit if len(to_credit) == 1 else [user] if user else []


def _statuses(model: Model) -> list[AppColumn]:
    """Return the columns that may be the state, the plainest name first."""
    statuses = matching(model, "status", ColumnKind.LABEL) or matching(
        model, "status", ColumnKind.TEXT
    )
    plain = [column for column in statuses if column.words in {"status", "state"}]
    return plain or statuses
