"""``cronshift pause``: let nobody run a job's ticks for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    Confirmation,
    DeployMinutes,
    DryRun,
    Jobs,
    SavePlan,
    Yes,
    carry_out_in_time,
    refuse_nothing_named,
)
from cronshift.commands.deciding import Assume, Because, Despite, ask_about, decided
from cronshift.commands.instants import read_instant
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.pause import Pause

_DECLINED = "You said no: nothing is paused."


def pause(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job.")] = False,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends by itself, e.g. 2026-11-24T12:00Z."),
    ] = None,
    deploy_minutes: DeployMinutes = 15,
    despite: Despite = None,
    assume: Assume = None,
    because: Because = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Let neither Vercel nor Inngest run a job's ticks, from an instant on.

    Adds an epoch whose owner is nobody to cronshift.ownership.json, which both sides read: it begins
    when both can hold it, --deploy-minutes after the write. Where they read it from an address
    (cronshift flags push) say --deploy-minutes 0. A run that has begun goes on. Ticks of the pause
    are not made up for; cronshift run JOB --tick TIME runs one by hand.

    With --until it ends by itself, with the share that the job has now; else cronshift resume-job
    ends it. Vercel's side must ask the file before it runs the job: where no guard stands, a pause is
    refused.

    Examples:
      cronshift pause prediction-check
      cronshift pause --all --until 2026-11-24T12:00Z --yes
    """
    from cronshift import operations
    from cronshift.moving.pause import prepare_pause
    from cronshift.readiness.checking import not_known
    from cronshift.runtime.ownership import tick_text

    invocation: Invocation = context.obj
    console = invocation.console
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)
    decisions = decided(despite, assume, because)
    end = read_instant(until) if until else None

    def plan() -> Pause:
        prepared = prepare_pause(
            invocation.project,
            jobs or (),
            datetime.now(UTC),
            until=end,
            deploy=timedelta(minutes=deploy_minutes),
            decisions=decisions,
        )
        for job in prepared.done:
            console.say(f"{job} is paused already.")
        for job in prepared.jobs:
            console.say(f"{job}: nobody runs its ticks from {tick_text(prepared.start)} on")
        if not ask_about(invocation, not_known(prepared.facts, decisions), only_look=dry_run):
            console.say(_DECLINED)
            raise typer.Exit(ExitCode.NOT_WELL)
        return prepared

    confirmation = Confirmation("Pause them?", yes, dry_run, save_plan, declined=_DECLINED)
    prepared, carried = carry_out_in_time(invocation, plan, confirmation)
    if carried.applied:
        ends = f"It ends {tick_text(end)}." if end else "cronshift resume-job ends it."
        console.say(f"Commit and deploy both sides before {tick_text(prepared.start)}. {ends}")
    if invocation.json:
        facts = [fact.to_json() for fact in prepared.facts]
        console.document(carried.to_json() | {"done": list(prepared.done), "facts": facts})
    return carried.code
