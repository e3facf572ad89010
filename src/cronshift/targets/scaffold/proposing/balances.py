"""The proposed table of users' credits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.targets.scaffold.labels import words_of
from cronshift.targets.scaffold.proposing.proposal import (
    USERS,
    Question,
    choose,
    matching,
    referring_to_users,
)
from cronshift.targets.scaffold.schema import ColumnKind

if TYPE_CHECKING:
    from cronshift.targets.scaffold.proposing.proposal import Clues, Proposal
    from cronshift.targets.scaffold.schema import AppColumn, Model

_BALANCE = re.compile(
    r"(?:(?:ai|total|remaining|available|current|user|image|video)_)?"
    r"(?:credits?|coins?|tokens?|points)(?:_(?:balance|remaining|left|available|count))?|balance"
)
_SPENT = re.compile(r"(total_)?(credits?|coins|tokens)_(spent|used)")
_LEDGER = {"transaction", "transactions", "ledger", "purchase", "log", "logs", "history"}
_OFFER = {"package", "packages", "plan", "plans"}
_NUMBERS = (ColumnKind.INTEGER, ColumnKind.NUMBER)


def settle_credits(reader: Clues, proposal: Proposal) -> Model | None:
    """Settle the table of users' credits, and return it."""
    balance = _balance(reader, proposal)
    if balance is None:
        return None
    model, column = balance
    proposal.settle("credits.table", model.name, model.place)
    proposal.settle("credits.balance", column.name, column.place)
    owner = _owner(model)
    question = Question("credits.id", f"Which column of {model.name} is the user's id?")
    key = choose(reader, proposal, question, model, [owner] if owner else [])
    if key is not None and not key.is_key:
        place = f"{model.name}.{key.name} ({key.place})"
        proposal.notes.append(f"{place} is no key: it needs a unique index of its own.")
    if column.kind is ColumnKind.NUMBER:
        place = f"{model.name}.{column.name} ({column.place})"
        proposal.notes.append(f"{place} is no integer: a float cannot hold credits exactly.")
    spent = [other for other in model.fields if _SPENT.fullmatch(other.words)]
    if len(spent) == 1 and spent[0].kind is ColumnKind.INTEGER:
        proposal.settle("credits.spent", spent[0].name, spent[0].place)
    return model


def _balance(reader: Clues, proposal: Proposal) -> tuple[Model, AppColumn] | None:
    """Return the table and the column of the balance, or ask for them."""
    table, wanted = reader.answers.get("credits.table"), reader.answers.get("credits.balance")
    model = reader.schema.model(table) if table else None
    column = model.field(wanted) if model and wanted else None
    if model and column:
        return model, column
    ranked = [
        (rank, other, each)
        for other in ([model] if model else reader.schema.models)
        for each in other.fields
        if (rank := _rank(other, each)) and wanted in {None, each.name, each.attribute}
    ]
    best = [each for each in ranked if each[0] == max(rank for rank, _, _ in ranked)]
    if len(best) == 1:
        return best[0][1], best[0][2]
    if model is not None:
        columns = [each.name for each in model.fields if each.kind in _NUMBERS]
        text = f"Which column of {model.name} is the balance?"
        proposal.ask("credits.balance", text, columns, None if best else "COLUMN")
        return None
    users = [other.name for other in reader.schema.models if set(words_of(other.name)) & USERS]
    likely = [other.name for _, other, _ in best] or users
    text = "In which table do users' credits stand?"
    proposal.ask("credits.table", text, likely, None if best else "TABLE")
    return None


def _rank(model: Model, column: AppColumn) -> int:
    """Return the likelihood that a column is a user's balance; 0 for one that is none."""
    owner, words = _owner(model), set(words_of(model.model) + words_of(model.name))
    if column.kind not in _NUMBERS or not _BALANCE.fullmatch(column.words) or owner is None:
        return 0
    if words & USERS:
        return 3
    has_states = bool(matching(model, "status", ColumnKind.LABEL)) and "subscription" not in words
    if words & (_LEDGER | _OFFER) or has_states:
        return 0
    return 2 if owner.is_key else 1


def _owner(model: Model) -> AppColumn | None:
    """Return the column of a table by which a user's row is told."""
    if set(words_of(model.model) + words_of(model.name)) & (USERS - {"account", "accounts"}):
        return model.field("id") or model.key
    return next(iter(referring_to_users(model) or matching(model, "user")), None)
