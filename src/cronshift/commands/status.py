"""``cronshift status``: where the move stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.invocation import Invocation


def status(context: typer.Context) -> ExitCode:
    """Show who owns each job now, what changes next, and who gets the next tick.

    Exits 1 when the ownership file, the generated modules and the entries do not fit together.

    Examples:
      cronshift status
      cronshift status --json
    """
    from cronshift.rendering import status_table
    from cronshift.status import read_status

    invocation: Invocation = context.obj
    console = invocation.console
    found = read_status(invocation.project, datetime.now(UTC))
    if invocation.json:
        console.document(
            {"jobs": [row.to_json() for row in found.jobs], "drift": list(found.drift)}
        )
    else:
        console.result(status_table(found.jobs))
        for sentence in found.drift:
            console.warn(sentence)
    return ExitCode.NOT_WELL if found.drift else ExitCode.OK
