"""``cronshift cutover``: give ticks to Inngest, from an instant on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    AtOnce,
    Confirmation,
    DeployMinutes,
    DryRun,
    Jobs,
    SavePlan,
    Yes,
    carry_out_in_time,
    refuse_nothing_named,
    tell_next,
)
from cronshift.commands.deciding import Assume, Because, Despite, ask_about, decided
from cronshift.commands.instants import read_instant
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.cutover import Cutover


def cutover(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that can move.")] = False,
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="The share of ticks that Inngest shall own.")
    ] = 100,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="When it starts, e.g. 2026-11-24T12:00Z. [default: a quiet time]"
        ),
    ] = None,
    deploy_minutes: DeployMinutes = 15,
    now: AtOnce = False,
    guard: Annotated[
        bool,
        typer.Option(
            "--guard/--no-guard",
            help="Whether the app asks the ownership file. Without: the entry is removed.",
        ),
    ] = True,
    despite: Despite = None,
    assume: Assume = None,
    because: Because = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Give a share of a job's ticks to Inngest, from a chosen instant on.

    Adds an epoch to cronshift.ownership.json. Both sides read that file and decide every tick
    alike, so each tick has exactly one owner. Commit the file and deploy the app and the functions
    before the instant that is shown. It is counted from the write: an answer that comes too late for
    it has the whole planned again.

    With --now both sides run the ticks that change owner until both can hold the file, and it says
    which; claims keep each of them to one run.

    With --no-guard the entry is taken out of the Vercel configuration instead, which is safe only
    while no tick can fall into the deploy; a time that is not safe is refused.

    Every fact that the move depends on is looked at first. What is known bad refuses (exit 3) unless
    it is named with --despite; what is not known is listed and asked about, and --yes is no answer to
    that: --assume is. Both are kept in the journal.

    Examples:
      cronshift cutover prediction-check --percent 10
      cronshift cutover --all --at 2026-11-24T12:00Z --dry-run
      cronshift cutover update-ai-models --no-guard --deploy-minutes 5
    """
    from cronshift import operations
    from cronshift.moving.cutover import Handover, prepare_cutover
    from cronshift.readiness.checking import not_known

    invocation: Invocation = context.obj
    console = invocation.console
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)

    decisions = decided(despite, assume, because)

    def plan() -> Cutover:
        prepared = prepare_cutover(
            invocation.project,
            jobs or (),
            datetime.now(UTC),
            percent=percent,
            at=read_instant(at) if at else None,
            deploy=timedelta(minutes=deploy_minutes),
            handover=Handover.GUARD if guard else Handover.DEPLOY,
            at_once=now,
            decisions=decisions,
        )
        _show(invocation, prepared)
        unknown = not_known(prepared.facts, decisions)
        if not ask_about(invocation, unknown, only_look=dry_run):
            console.say("You said no: no epoch was added, and every tick keeps its owner.")
            raise typer.Exit(ExitCode.NOT_WELL)
        return prepared

    confirmation = Confirmation(
        "Add these epochs?",
        yes=yes,
        dry_run=dry_run,
        save_plan=save_plan,
        declined="You said no: no epoch was added, and every tick keeps its owner.",
    )
    prepared, carried = carry_out_in_time(invocation, plan, confirmation)
    if carried.applied:
        tell_next(invocation, before="Commit and deploy it before then.")
    if invocation.json:
        extra = {
            "done": list(prepared.done),
            "advice": list(prepared.advice),
            "facts": [fact.to_json() for fact in prepared.facts],
            "costs": list(prepared.costs),
        }
        console.document(carried.to_json() | extra)
    return carried.code


def _show(invocation: Invocation, prepared: Cutover) -> None:
    from cronshift.runtime.ownership import tick_text

    console = invocation.console
    for job in prepared.done:
        console.say(f"{job} is there already; nothing to do.")
    for job, epoch in prepared.epochs.items():
        console.say(f"{job}: {epoch.percent} % to Inngest from {tick_text(epoch.effective_at)} on")
    for sentence in (*prepared.costs, *prepared.advice):
        console.say(sentence, style="yellow")
