"""``cronshift operations abandon``: give an operation up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import DryRun, Yes  # noqa: TC001 - read at run time
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Record, UnreadableRecord


def abandon(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(metavar="OP", help="Its id, or how that begins.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Give an interrupted operation up: its files stay as they are now.

    The way out when neither cronshift operations resume nor resume --revert can go on, because files were
    changed meanwhile or the operation is not to be trusted. Says how each file stands, and keeps
    copies of what the files held before and would have held after in .cronshift/abandoned.

    A file of the journal that cannot be read is set aside there too.

    Examples:
      cronshift operations abandon 01KAV
      cronshift operations abandon 01KAV --dry-run
    """
    from cronshift import operations

    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.directory
    record = operations.find(root, operation)
    stands = _shown(invocation, record)
    if stands is None:
        return ExitCode.OK
    abandoned = not dry_run and console.confirm("Give it up?", yes=yes)
    copies: list[str] = []
    if abandoned:
        copies = list(operations.abandon(root, record).copies)
        for path in copies:
            console.say(f"Kept: {path}")
    elif not dry_run:
        console.say("You said no: it was not given up, and its files stay as they are.")
    if invocation.json:
        name = record.operation.id if isinstance(record, operations.Record) else record.name
        document = {"operation": name, "abandoned": abandoned, "files": stands, "copies": copies}
        console.document(document)
    return ExitCode.OK if abandoned or dry_run else ExitCode.NOT_WELL


def _shown(invocation: Invocation, record: Record | UnreadableRecord) -> dict[str, str] | None:
    """Show and return the state of each file; ``None`` where nothing is left to give up."""
    from cronshift import operations
    from cronshift.operations.model import UNFINISHED

    console = invocation.console
    if not isinstance(record, operations.Record):
        console.say(f"{record.sentence} It will be set aside.")
        return {}
    operation = record.operation
    if operation.state is operations.State.ABANDONED:
        console.say(f"{operation.id} was given up already; nothing was changed.")
        if invocation.json:
            console.document(
                {"operation": operation.id, "abandoned": True, "files": {}, "copies": []}
            )
        return None
    if operation.state not in UNFINISHED:
        raise CronshiftError(
            f"Operation {operation.id} is {operation.state}; only an unfinished one is given up.",
            reason="not-unfinished",
            hint="cronshift rollback gives ticks back and restores files.",
        )
    console.say(f"{operation.id} ({operation.command}) is {operation.state}. What stays:")
    stands = operations.standings(invocation.directory, operation)
    if not invocation.json:
        for path, standing in stands.items():
            console.result(f"  {path}  {standing}")
    for _, batch in operation.batches:
        console.say(
            f"Rows: {batch.summary}. They are changed where cronshift_changes in the database of"
            f" {batch.database_env} has a row of this operation."
        )
    return {path: standing.value for path, standing in stands.items()}
