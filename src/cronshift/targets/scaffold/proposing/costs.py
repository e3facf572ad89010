"""The proposed cost of a session, its deliveries, and the app's own record of refunds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.targets.scaffold.labels import sources, words_of
from cronshift.targets.scaffold.proposing.proposal import COST, MOST_CHOICES, YOURS
from cronshift.targets.scaffold.schema import ColumnKind

if TYPE_CHECKING:
    from cronshift.targets.scaffold.proposing.proposal import Clues, Proposal
    from cronshift.targets.scaffold.schema import AppColumn, Model

_NUMBERS = (ColumnKind.INTEGER, ColumnKind.NUMBER)
ITEMS = re.compile(r"(?:selected|requested)_\w+|(?:\w+_)?(?:models|items|prompts|styles|inputs)")
NEWLINE = "\n"


def settle_cost(reader: Clues, proposal: Proposal) -> None:
    """Settle the cost of a session, and the column with its items."""
    model = proposal.sessions
    if model is None:
        return
    lists = [column for column in model.fields if column.kind is ColumnKind.LIST]
    item, answer = reader.answers.get("items"), reader.answers.get("cost")
    likely = [column for column in lists if ITEMS.fullmatch(column.words)]
    proposal.items = model.field(item) if item else likely[0] if len(likely) == 1 else None
    costs = [
        column
        for column in model.fields
        if column.kind in _NUMBERS and COST.fullmatch(column.words)
    ]
    amounts = _charges(reader, proposal)
    if answer:
        proposal.settle("cost", _cost_of(model, answer), YOURS)
    elif len(costs) == 1:
        proposal.settle("cost", {"column": costs[0].name}, costs[0].place)
    elif not costs and len({amount for amount, _ in amounts}) == 1:
        proposal.settle("cost", {"constant": amounts[0][0]}, amounts[0][1])
    elif not costs and not amounts and proposal.items is not None:
        proposal.settle("cost", {"array_length": proposal.items.name}, proposal.items.place)
    else:
        choices = [column.name for column in costs] + [str(amount) for amount, _ in amounts]
        places = "".join(f"; {amount} at {place}" for amount, place in amounts[:MOST_CHOICES])
        text = f"What does a row of {model.name} cost: a number of credits, or a column{places}?"
        proposal.ask("cost", text, choices, None if choices else "CREDITS")


def _cost_of(model: Model, answer: str) -> dict[str, Any]:
    if answer.isdecimal():
        return {"constant": int(answer)}
    column = model.field(answer)
    is_list = column is not None and column.kind in {ColumnKind.LIST, ColumnKind.JSON}
    return {"array_length" if is_list else "column": column.name if column else answer}


def _charges(reader: Clues, proposal: Proposal) -> list[tuple[int, str]]:
    """Return the amounts that the code takes from a balance, as literals, each with its place."""
    table, balance = (proposal.guesses.get(f"credits.{key}") for key in ("table", "balance"))
    model = reader.schema.model(table.value) if table else None
    column = model.field(balance.value) if model and balance else None
    if column is None:
        return []
    name = re.escape(column.attribute)
    pattern = re.compile(
        rf"\b{name}\s*:\s*\{{\s*decrement\s*:\s*(\d+)\b"
        rf"|\b{name}\s*-=\s*(\d+)\b|\b{name}\}}?\s+-\s+(\d+)\b"
    )
    return [
        (
            int(next(filter(None, match.groups()))),
            f"{file}:{text.count(NEWLINE, 0, match.start()) + 1}",
        )
        for file in sources(reader.tree)
        if column.attribute in (text := reader.tree.read(file))
        for match in pattern.finditer(text)
    ]


def settle_records(reader: Clues, proposal: Proposal) -> None:
    """Settle the tables of delivered items, and of the app's own refunds."""
    model, cost = proposal.sessions, proposal.guesses.get("cost")
    for other, column in reader.schema.referring(model) if model else ():
        refund = _refund_label(other)
        if refund is not None:
            if "refunded" not in proposal.guesses:
                where = {refund[0].name: refund[1]}
                value = {"table": other.name, "session": column.name, "where": where}
                proposal.settle("refunded", value, refund[0].place)
        elif cost and "array_length" in cost.value and "delivered" not in proposal.guesses:
            value = {"table": other.name, "session": column.name}
            proposal.settle("delivered", value, column.place)


def _refund_label(model: Model) -> tuple[AppColumn, str] | None:
    """Return the column and the label by which a table tells a refund."""
    for column in model.fields:
        for label in column.states.labels if column.states else ():
            if {"refund", "refunded"} & set(words_of(label)):
                return column, label
    return None
