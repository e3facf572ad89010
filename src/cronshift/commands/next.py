"""``cronshift next``: the next commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def next(context: typer.Context) -> ExitCode:  # noqa: A001 - the command's name
    """Show the commands that lead on from where the project stands, the nearest first.

    Only reads. Every other command ends with the first of them, as "Next:".

    Examples:
      cronshift next
      cronshift next --json | jq -r '.steps[0].command'
    """
    from cronshift.moving.next_steps import next_steps

    invocation: Invocation = context.obj
    steps = next_steps(invocation.project, datetime.now(UTC))
    if invocation.json:
        invocation.console.document({"steps": [step.to_json() for step in steps]})
    elif not steps:
        invocation.console.result("Nothing is left to do here.")
    for step in () if invocation.json else steps:
        invocation.console.result(f"{step.command}\n  {step.why}")
    return ExitCode.OK
