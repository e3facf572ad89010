"""The ``[sessions]`` of an app, as its own schema and code show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.scaffold.proposing.balances import settle_credits
from cronshift.targets.scaffold.proposing.costs import settle_cost, settle_records
from cronshift.targets.scaffold.proposing.proposal import YOURS, Clues, Proposal, Question
from cronshift.targets.scaffold.proposing.states import settle_states
from cronshift.targets.scaffold.proposing.tables import settle_columns, settle_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.schema import AppSchema

KEYS = (
    "database_url_env", "table", "schema", "id", "user", "status", "created", "started", "completed",
    "updated", "refunded", "error", "times", "queued", "processing", "finished", "failed", "legacy",
    "cost", "delivered", "credits.table", "credits.id", "credits.balance", "credits.spent",
)  # fmt: skip
"""What ``[sessions]`` may say, in its order."""

ANSWERABLE = (*(key for key in KEYS if key != "delivered"), "items", "enum")
"""What the user may say of the mapping."""

_UNASKED = (
    "legacy", "started", "completed", "updated", "error", "refunded", "times", "schema", "credits.spent",
)  # fmt: skip


def propose(tree: SourceTree, schema: AppSchema, answers: Mapping[str, str]) -> Proposal:
    """Return the mapping that an app's schema and code suggest.

    Args:
        tree: the app's files.
        schema: its tables.
        answers: what the user has answered, by key.
    """
    proposal, reader = Proposal(), Clues(tree, schema, answers)
    variable = answers.get("database_url_env") or schema.url_variable
    if variable:
        proposal.settle("database_url_env", variable, "the schema's configuration")
    credit = settle_credits(reader, proposal)
    settle_table(reader, proposal)
    if proposal.sessions is not None:
        settle_columns(reader, proposal, credit)
        settle_states(reader, proposal)
        settle_cost(reader, proposal)
        settle_records(reader, proposal)
        for key in _UNASKED:
            if key in answers:
                proposal.settle(key, answers[key], YOURS)
    return proposal


__all__ = ["ANSWERABLE", "KEYS", "Proposal", "Question", "propose"]
