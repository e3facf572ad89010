"""``cronshift operations list``: the operations on this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def history(context: typer.Context) -> ExitCode:
    """List the operations that cronshift did here, the oldest first.

    They are recorded in .cronshift/operations, which belongs into version control.

    Examples:
      cronshift operations list
      cronshift operations list --json
    """
    from cronshift.commands.carrying_out import warn_of_unreadable
    from cronshift.operations import read_journal
    from cronshift.output.text import operations_table

    invocation: Invocation = context.obj
    journal = read_journal(invocation.root)
    operations = [record.operation for record in journal.records]
    warn_of_unreadable(invocation)
    if invocation.json:
        rows = [
            {
                "id": operation.id,
                "created": operation.to_json()["created"],
                "intent": operation.intent.value,
                "command": operation.command,
                "actor": operation.actor,
                "state": operation.state.value,
                "jobs": list(operation.jobs),
                "files": [image.path for image in operation.images],
            }
            for operation in operations
        ]
        unreadable = [
            {"name": broken.name, "cause": broken.cause, "remedy": broken.remedy}
            for broken in journal.unreadable
        ]
        invocation.console.document({"operations": rows, "unreadable": unreadable})
    elif operations or journal.unreadable:
        invocation.console.result(operations_table(operations))
    else:
        invocation.console.say("Nothing was done here yet.")
    return ExitCode.OK
