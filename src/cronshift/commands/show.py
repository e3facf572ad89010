"""``cronshift operations show``: one operation, change by change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def show(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(metavar="OP", help="Its id, or how that begins.")],
) -> ExitCode:
    """Show what an operation did, with the diff of every file.

    Examples:
      cronshift operations show 01KAV
      cronshift operations show 01KAV --json
    """
    from cronshift.operations import CallService, RunSql, read_record
    from cronshift.operations.model import UNFINISHED
    from cronshift.output.text import operations_table

    invocation: Invocation = context.obj
    console = invocation.console
    record = read_record(invocation.root, operation)
    shown = record.operation
    is_to_be_judged = shown.state in UNFINISHED and not record.is_own
    if invocation.json:
        console.document(shown.to_json(), to_the_letter=is_to_be_judged)
        return ExitCode.OK
    console.result(operations_table([shown]))
    for change in shown.changes:
        console.result(f"{change.kind.value}: {change.summary}")
        if isinstance(change, RunSql | CallService):
            for line in change.lines():
                console.result(f"  {line}")
        for image in change.images:
            console.diff(image.diff(), to_result=True, to_the_letter=is_to_be_judged)
    return ExitCode.OK
