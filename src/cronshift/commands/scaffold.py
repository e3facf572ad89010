"""``cronshift scaffold``: the app's side of a flow."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Confirmation, DryRun, SavePlan, Yes, carry_out
from cronshift.errors import ExitCode  # noqa: TC001 - read at run time
from cronshift.targets import target_names

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


class What(StrEnum):
    """What is written."""

    SESSIONS = "sessions"


def scaffold(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="The QUEUED session flow.")],  # noqa: ARG001 - there is one
    flow: Annotated[str, typer.Option(metavar="NAME", help="The flow's name.")] = "session",
    enum: Annotated[
        str, typer.Option(metavar="TYPE", help="The type of the status column.")
    ] = "session_status",
    label: Annotated[str, typer.Option(metavar="NAME", help="The new state.")] = "queued",
    items: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column with a session's items; else that of the cost, or selected_models.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help=f"For whom: {' or '.join(target_names())}; without it, the project's target."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files changed by hand, after a backup.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Write the app's side of the QUEUED session flow: settings, a processor, a migration.

    session_flow.py is where you write the one thing that only you know: how an item is processed.
    The migration adds the new state to the status type; it cannot be undone. A schema.prisma gets
    the label too, and a project with a tsconfig.json the types of the events. What is there
    already is left alone.

    In a Next.js app the whole flow is TypeScript in lib/inngest/sessions, and work.ts is where you
    write that one thing. The other files follow [sessions] in cronshift.toml: correct it, and say
    the same command again.

    A client that polls a session shows the new state as "waiting": it is not an error, and it ends
    within seconds.

    Examples:
      cronshift scaffold sessions --flow prediction-session --dry-run
      cronshift scaffold sessions --enum SessionStatus --label queued --yes
      cronshift scaffold sessions --force
    """
    from cronshift import operations
    from cronshift.targets.scaffold import prepare_scaffold, project_target

    invocation: Invocation = context.obj
    root = invocation.root
    operations.refuse_unfinished(root)
    operation = prepare_scaffold(
        root,
        datetime.now(UTC),
        flow=flow,
        enum=enum,
        label=label,
        items=items,
        target=target,
        force=force,
    )
    carried = carry_out(
        invocation, operation, Confirmation("Write these files?", yes, dry_run, save_plan)
    )
    if carried.applied:
        paths = [image.path for image in operation.images]
        steps = project_target(root, target).after_scaffold(paths)
        invocation.console.say(f"Next: correct [sessions] in cronshift.toml{steps}")
    if invocation.json:
        invocation.console.document(carried.to_json())
    return carried.code
