"""``cronshift history``: what was done to this project."""

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
      cronshift history
      cronshift history --json
    """
    from cronshift.operations import history as recorded
    from cronshift.output.text import operations_table

    invocation: Invocation = context.obj
    operations = recorded(invocation.directory)
    if invocation.json:
        rows = [
            {
                "id": operation.id,
                "created": operation.to_json()["created"],
                "command": operation.command,
                "actor": operation.actor,
                "state": operation.state.value,
                "jobs": list(operation.jobs),
                "files": [image.path for image in operation.images],
            }
            for operation in operations
        ]
        invocation.console.document({"operations": rows})
    elif operations:
        invocation.console.result(operations_table(operations))
    else:
        invocation.console.say("Nothing was done here yet.")
    return ExitCode.OK
