"""``cronshift init``: the first cronshift.toml."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import tell_next
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def init(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the file only.")] = False,
) -> ExitCode:
    """Write cronshift.toml from what the project shows.

    The file is optional: without it cronshift uses the defaults that this one spells out, and
    chooses the target that suits the app: for a Next.js app its own language.

    cronshift.schema.json beside it tells editors what may stand there (#:schema).

    Examples:
      cronshift init
      cronshift init --dry-run
    """
    from cronshift import operations
    from cronshift.moving.initial_settings import SCHEMA_NAME, initial_settings, settings_schema
    from cronshift.plan.planning import make_plan
    from cronshift.project.settings import CONFIG_NAME

    invocation: Invocation = context.obj
    console, project = invocation.console, invocation.project
    path = project.root / CONFIG_NAME
    if path.exists():
        console.say(f"{CONFIG_NAME} is there already; nothing was changed.")
        if invocation.json:
            console.document({"file": CONFIG_NAME, "written": False})
        return ExitCode.OK
    text = initial_settings(make_plan(project))
    console.diff(f"+{line}" for line in text.splitlines())
    written = not dry_run and console.confirm(f"Write {CONFIG_NAME}?", yes=yes)
    if written:
        edits = [
            operations.Edit(CONFIG_NAME, text.encode(), operations.ChangeKind.EDIT_CONFIG),
            operations.Edit(SCHEMA_NAME, settings_schema()),
        ]
        operation = operations.build_operation(
            project.root, "init", edits, datetime.now(UTC), intent=operations.Intent.INIT
        )
        operations.apply(project.root, operation)
        tell_next(invocation, "init", f"Wrote {CONFIG_NAME}.")
    elif not dry_run:
        console.say(f"You said no: {CONFIG_NAME} was not written.")
    if invocation.json:
        console.document({"file": CONFIG_NAME, "written": written, "text": text})
    return ExitCode.OK if written or dry_run else ExitCode.NOT_WELL
