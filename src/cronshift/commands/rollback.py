"""``cronshift rollback``: give ticks back to Vercel, at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    DryRun,
    Intent,
    SavePlan,
    Yes,
    carry_out,
    refuse_nothing_named,
)
from cronshift.commands.completion import job_names
from cronshift.errors import ExitCode  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from cronshift.invocation import Invocation


def rollback(
    context: typer.Context,
    jobs: Annotated[
        list[str] | None, typer.Argument(metavar="JOB", autocompletion=job_names)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that moved.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Give all ticks of jobs back to Vercel, and restore what cutover and finalize removed.

    Epochs that are still to come are dropped, and from now on 0 % are Inngest's. Entries come back
    at their old places in the Vercel configuration, deleted routes and guards as they were.

    Needs nothing but the project's files: it works while Inngest is down. Each side goes by the
    file that it holds, so commit and deploy both.

    Examples:
      cronshift rollback prediction-check
      cronshift rollback --all --yes
      cronshift rollback --all --dry-run --json
    """
    from cronshift import operations
    from cronshift.rollback import prepare_rollback

    invocation: Invocation = context.obj
    console = invocation.console
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)
    prepared = prepare_rollback(invocation.project, jobs or (), datetime.now(UTC))
    for job in prepared.done:
        console.say(f"{job} is Vercel's already.")
    intent = Intent("Give these ticks back to Vercel?", yes, dry_run, save_plan)
    carried = carry_out(invocation, prepared.operation, intent)
    if carried.applied:
        for sentence in prepared.advice:
            console.say(sentence, style="bold")
    if invocation.json:
        extra = {"done": list(prepared.done), "restored": list(prepared.restored)}
        console.document(carried.to_json() | extra)
    return carried.code
