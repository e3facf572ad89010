"""``cronshift forget``: the last of it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.carrying_out import DryRun, Yes  # noqa: TC001 - read at run time
from cronshift.errors import ExitCode
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def forget(context: typer.Context, yes: Yes = False, dry_run: DryRun = False) -> ExitCode:
    """Remove cronshift's own folder, once no job is on its way: nothing can be rolled back then.

    What finalize --direct has made stays as it is. Refused while the app still has jobs that cronshift
    knows, or an operation is unfinished.

    Examples:
      cronshift forget --dry-run
      cronshift forget --yes
    """
    from cronshift.moving.forgetting import forget as carry_out
    from cronshift.moving.forgetting import prepare_forgetting

    invocation: Invocation = context.obj
    console = invocation.console
    prepared = prepare_forgetting(invocation.project)
    for path in prepared.files:
        console.say(path)
    if not prepared.files:
        console.say("Nothing of cronshift's is here.")
    elif prepared.operations:
        console.say(
            f"That is all there is to take {counted(len(prepared.operations), 'operation')} back:"
            f" {', '.join(prepared.operations)}."
        )
    asked = bool(prepared.files) and not dry_run
    forgotten = asked and console.confirm("Remove them for good?", yes=yes)
    if forgotten:
        carry_out(invocation.root, prepared)
    elif asked:
        console.say("You said no: everything can still be rolled back.")
    if invocation.json:
        console.document(
            {
                "files": list(prepared.files),
                "operations": list(prepared.operations),
                "forgotten": forgotten,
            }
        )
    return ExitCode.NOT_WELL if asked and not forgotten else ExitCode.OK
