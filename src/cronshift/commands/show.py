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
    from cronshift.operations import CallService, RunSql, read_operation
    from cronshift.output.text import operations_table

    invocation: Invocation = context.obj
    console = invocation.console
    shown = read_operation(invocation.root, operation)
    if invocation.json:
        console.document(shown.to_json())
        return ExitCode.OK
    console.result(operations_table([shown]))
    for change in shown.changes:
        console.result(f"{change.kind.value}: {change.summary}")
        if isinstance(change, RunSql | CallService):
            for line in change.lines():
                console.result(f"  {line}")
        for image in change.images:
            console.diff(image.diff(), to_result=True)
    return ExitCode.OK
