"""``cronshift cutover``: give ticks to Inngest, from an instant on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
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
    carry_out,
    carry_out_in_time,
    refuse_nothing_named,
    tell_next,
)
from cronshift.commands.deciding import Assume, Because, Despite, ask_about, decided
from cronshift.commands.instants import read_instant
from cronshift.commands.of_flow import Flow, change_flow, plan_flow, refuse_jobs_of_flow
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.commands.invocation import Invocation
    from cronshift.moving.cutover import Cutover
    from cronshift.moving.flows import FlowChange
    from cronshift.readiness.checking import Decisions


def cutover(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that can move.")] = False,
    percent: Annotated[
        int, typer.Option(min=0, max=100, help="The share of ticks that Inngest shall own.")
    ] = 100,
    flow: Flow = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="When it starts, e.g. 2026-11-24T12:00Z. [default: a quiet time]"
        ),
    ] = None,
    deploy_minutes: DeployMinutes = 15,
    now: AtOnce = False,
    stages: Annotated[
        str | None,
        typer.Option(
            metavar="PERCENTS", help="Plan a rollout, e.g. 10,50,100; cronshift advance goes on."
        ),
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="With --stages: advance goes on, and back, by itself.")
    ] = False,
    auto_to: Annotated[
        int | None,
        typer.Option(
            min=0, max=100, metavar="PERCENT", help="The same, and on no further than this share."
        ),
    ] = None,
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

    With --percent 0 every tick stays Vercel's, and an entry of a TypeScript app asks its guard from then
    on, so that both sides tell the ledger of its ticks.

    With --now both sides run the ticks that change owner until both can hold the file, and it says
    which; claims keep each of them to one run.

    With --no-guard the entry is taken out of the Vercel configuration instead, which is safe only
    while no tick can fall into the deploy; a time that is not safe is refused.

    With --stages no owner changes yet: a rollout is written into cronshift.rollouts.json, and each
    cronshift advance takes the step that the evidence allows. It asks first, unless the rollout is
    --auto, which may go back by itself, too.

    With --flow the share is one of a flow's users, who keep to one path each; with --stages, too, its
    rollout is judged by what became of their sessions.

    Every fact that the move depends on is looked at first. What is known bad refuses (exit 3) unless
    it is named with --despite; what is not known is listed and asked about, and --yes is no answer to
    that: --assume is. Both are kept in the journal.

    Examples:
      cronshift cutover prediction-check --percent 10
      cronshift cutover prediction-check --stages 10,50,100 --auto-to 50
      cronshift cutover --all --at 2026-11-24T12:00Z --dry-run
      cronshift cutover --flow prediction-session --percent 10
      cronshift cutover --flow prediction-session --stages 10,50,100
      cronshift cutover update-ai-models --no-guard --deploy-minutes 5
    """
    from cronshift import operations
    from cronshift.moving.cutover import Handover, prepare_cutover
    from cronshift.readiness.checking import not_known

    invocation: Invocation = context.obj
    console = invocation.console
    if flow is not None:
        refuse_jobs_of_flow(jobs, everything, now, not guard)
        operations.refuse_unfinished(invocation.project.root)
        if stages is not None:
            planning = Confirmation("Plan this rollout?", yes, dry_run, save_plan)
            return plan_flow(invocation, flow, stages, _furthest(auto, auto_to), planning)
        _refuse_auto(auto, auto_to)
        share = partial(_flow_share, invocation, flow, percent, at, deploy_minutes)
        confirmation = Confirmation("Add this epoch?", yes, dry_run, save_plan)
        return change_flow(invocation, share, confirmation)
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)

    decisions = decided(despite, assume, because)
    if stages is not None:
        confirmation = Confirmation("Plan this rollout?", yes, dry_run, save_plan)
        furthest = _furthest(auto, auto_to)
        return _plan_rollout(invocation, jobs or (), stages, furthest, decisions, confirmation)
    _refuse_auto(auto, auto_to)

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


def _furthest(auto: bool, auto_to: int | None) -> int | None:
    """Return up to which share a rollout goes by itself; ``None`` for not at all."""
    return auto_to if auto_to is not None else 100 if auto else None


def _refuse_auto(auto: bool, auto_to: int | None) -> None:
    if _furthest(auto, auto_to) is not None:
        raise CronshiftError(
            "--auto is about the stages of a rollout.",
            reason="usage",
            hint="Add --stages 10,50,100",
        )


def _flow_share(
    invocation: Invocation, flow: str, percent: int, at: str | None, deploy_minutes: int
) -> FlowChange:
    from cronshift.moving.flows import prepare_flow_cutover

    return prepare_flow_cutover(
        invocation.project,
        flow,
        datetime.now(UTC),
        percent=percent,
        at=read_instant(at) if at else None,
        deploy=timedelta(minutes=deploy_minutes),
    )


def _plan_rollout(
    invocation: Invocation,
    jobs: Collection[str],
    stages: str,
    auto: int | None,
    decisions: Decisions,
    confirmation: Confirmation,
) -> ExitCode:
    """Write by which stages jobs go; every tick keeps its owner."""
    from cronshift.moving.rollout import prepare_rollout, read_stages
    from cronshift.readiness.checking import not_known

    console = invocation.console
    percents = read_stages(stages)
    prepared = prepare_rollout(
        invocation.project, jobs, datetime.now(UTC), stages=percents, auto=auto, decisions=decisions
    )
    for job in prepared.done:
        console.say(f"{job} is there already; nothing to do.")
    for sentence in prepared.advice:
        console.say(sentence, style="yellow")
    unknown = not_known(prepared.facts, decisions)
    if not ask_about(invocation, unknown, only_look=confirmation.dry_run):
        console.say("You said no: no rollout was planned.")
        return ExitCode.NOT_WELL
    carried = carry_out(invocation, prepared.operation, confirmation)
    if carried.applied:
        tell_next(invocation, before="No tick changes its owner yet.")
    if invocation.json:
        extra = {"done": list(prepared.done), "advice": list(prepared.advice), "costs": []}
        facts = [fact.to_json() for fact in prepared.facts]
        console.document(carried.to_json() | extra | {"facts": facts})
    return carried.code


def _show(invocation: Invocation, prepared: Cutover) -> None:
    from cronshift.runtime.ownership import tick_text

    console = invocation.console
    for job in prepared.done:
        console.say(f"{job} is there already; nothing to do.")
    for job in prepared.watched:
        console.say(f"{job} stays Vercel's, and its guard is asked: both sides tell of its ticks.")
    for job, epoch in prepared.epochs.items():
        console.say(f"{job}: {epoch.percent} % to Inngest from {tick_text(epoch.effective_at)} on")
    for sentence in (*prepared.costs, *prepared.advice):
        console.say(sentence, style="yellow")
