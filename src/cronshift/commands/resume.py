"""``cronshift resume``: finish or undo what was interrupted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def resume(
    context: typer.Context,
    revert: Annotated[
        bool, typer.Option("--revert", help="Undo the operation instead of finishing it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show only.")] = False,
) -> ExitCode:
    """Finish an operation that a crash or a kill interrupted, or take it back.

    Afterwards the project equals exactly the state after it, or the state before it. A file that
    somebody else changed meanwhile is not touched: then this exits 3 and changes nothing.

    Examples:
      cronshift resume
      cronshift resume --revert --yes
    """
    from cronshift import operations

    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.directory
    operation = operations.unfinished(root)
    if operation is None:
        console.say("No operation is unfinished; nothing was changed.")
        if invocation.json:
            console.document({"operation": None, "state": None})
        return ExitCode.OK
    verb = "Undo" if revert else "Finish"
    console.say(f"{operation.id} ({operation.command}) was interrupted while {operation.state}.")
    state = operation.state
    if not revert:
        operations.refuse_late(root, operation, datetime.now(UTC))
    if not dry_run and console.confirm(f"{verb} it?", yes=yes):
        step = operations.revert if revert else operations.finish
        state = step(root, operation).state
        console.say(f"{operation.id} is {state}.")
    if invocation.json:
        console.document({"operation": operation.id, "state": state.value})
    return ExitCode.OK if dry_run or state is not operation.state else ExitCode.NOT_WELL
