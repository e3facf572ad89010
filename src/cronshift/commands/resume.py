"""``cronshift operations resume``: finish or undo an interrupted operation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    Confirmation,
    DryRun,
    Named,
    Yes,
    is_agreed,
    warn_of_unreadable,
)
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Record


def resume(
    context: typer.Context,
    revert: Annotated[
        bool, typer.Option("--revert", help="Undo the operation instead of finishing it.")
    ] = False,
    operation: Named = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Finish an operation that a crash or a kill interrupted, or take it back.

    It is shown in full first. Afterwards the project equals exactly the state after it, or the
    state before it. A file that somebody else changed meanwhile is not touched: then this exits 3
    and changes nothing; cronshift operations abandon is the way out.

    An operation that you did not begin in this folder needs its id as well, typed or as --operation.

    Examples:
      cronshift operations resume
      cronshift operations resume --revert --yes
      cronshift operations resume --operation 01KAVH7R00ZQ4X8N5T2M9C6B3D --yes
    """
    from cronshift import operations
    from cronshift.output.text import operation_plan

    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.root
    warn_of_unreadable(invocation)
    record = _unfinished(invocation, operation)
    if record is None:
        console.say("No operation is unfinished; nothing was changed.")
        if invocation.json:
            console.document({"operation": None, "state": None})
        return ExitCode.OK
    interrupted = record.operation
    backwards = revert or interrupted.state is operations.State.REVERTING
    console.say(
        f"{interrupted.id} ({interrupted.command}), begun by {interrupted.actor}, was interrupted"
        f" while {interrupted.state}. To do:"
    )
    to_do = interrupted.inverse() if backwards else interrupted
    plan = operation_plan(to_do, is_own=record.is_own)
    (console.message if invocation.json else console.result)(plan)
    refuse = operations.refuse_begun if backwards else operations.refuse_late
    refuse(root, interrupted, datetime.now(UTC))
    question = f"{'Undo' if revert else 'Finish'} it?"
    confirmation = Confirmation(question, yes, is_own=record.is_own, named=operation)
    state = interrupted.state
    if not dry_run and is_agreed(invocation, interrupted, confirmation):
        step = operations.revert if revert else operations.finish
        state = step(root, interrupted).state
        console.say(f"{interrupted.id} is {state}.")
    elif not dry_run:
        console.say(f"You said no: {interrupted.id} is still {state}; nothing was changed.")
    if invocation.json:
        changes = interrupted.to_json()["changes"]
        document = {"operation": interrupted.id, "state": state.value, "changes": changes}
        console.document(document, to_the_letter=not record.is_own)
    return ExitCode.OK if dry_run or state is not interrupted.state else ExitCode.NOT_WELL


def _unfinished(invocation: Invocation, named: str | None) -> Record | None:
    from cronshift.operations import read_journal
    from cronshift.operations.model import UNFINISHED

    journal = read_journal(invocation.root)
    if named is None:
        return journal.unfinished()
    for record in journal.records:
        if record.operation.id == named.upper() and record.operation.state in UNFINISHED:
            return record
    raise CronshiftError(
        f"No unfinished operation has the id {named}.",
        reason="no-such-operation",
        hint="cronshift operations list lists them.",
    )
