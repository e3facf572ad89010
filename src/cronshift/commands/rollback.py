"""``cronshift rollback``: give ticks back to Vercel."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    NOTHING,
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
from cronshift.commands.of_flow import Flow, change_flow, refuse_jobs_of_flow
from cronshift.commands.set_aside import tell_aside
from cronshift.errors import CronshiftError, ExitCode
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.rollback import Rollback

_NO_TICKS = "There are no ticks to give back; no file was changed."


def rollback(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that moved.")] = False,
    flow: Flow = None,
    migration: Annotated[
        bool,
        typer.Option(
            "--migration", help="Undo migrate instead: every file that it wrote is as before."
        ),
    ] = False,
    sessions: Annotated[
        bool,
        typer.Option("--sessions/--no-sessions", help="Settle and refund orphaned sessions too."),
    ] = True,
    deploy_minutes: DeployMinutes = 15,
    now: AtOnce = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Give all ticks of jobs back to Vercel, and restore what cutover and finalize removed.

    From the first minute at which both sides can hold the file, --deploy-minutes from now, 0 % are
    Inngest's, and epochs that would begin later are dropped. Entries come back at their old places
    in the Vercel configuration, deleted routes and guards as they were. Where a route of cronshift's
    asks whose a tick is, Vercel calls that until all ticks are its own; it says when, and rollback
    once more then has the app's own routes called.

    With --now Vercel runs these ticks as soon as it holds the file, and Inngest goes on until both
    can: both may run a tick, and it says which, but never none does. Claims keep each to one run.

    Where cronshift.toml has [sessions], sessions that are QUEUED too long are failed and refunded
    then, and those of the flow that failed without a refund are paid. Older debts are paid by
    cronshift sessions refunds, and only there.

    With --migration what migrate wrote is taken back, byte for byte, once no tick is Inngest's; files
    that you changed since are named, and then nothing is touched.

    With --flow the users of a flow go back to its old path; sessions that have begun go on.

    Needs nothing but the project's files (and the sessions' database): it works while Inngest is
    down. Each side goes by the file that it holds, so commit and deploy both before then.

    Examples:
      cronshift rollback prediction-check
      cronshift rollback --all --yes
      cronshift rollback --all --now
      cronshift rollback --all --dry-run --json
      cronshift rollback --flow prediction-session
      cronshift rollback --migration
    """
    from cronshift import operations
    from cronshift.moving.rollback import prepare_rollback

    invocation: Invocation = context.obj
    console = invocation.console
    if flow is not None:
        refuse_jobs_of_flow(jobs, everything, migration, now)
        confirmation = Confirmation("Give these users back?", yes, dry_run, save_plan)
        return _give_flow_back(invocation, flow, timedelta(minutes=deploy_minutes), confirmation)
    if migration:
        return _undo_migration(invocation, jobs, everything=everything, yes=yes, dry_run=dry_run)
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root, operations.Intent.ROLLBACK)

    def plan() -> Rollback:
        prepared = prepare_rollback(
            invocation.project,
            jobs or (),
            datetime.now(UTC),
            deploy=timedelta(minutes=deploy_minutes),
            at_once=now,
        )
        for sentence in (
            *(f"{job} is Vercel's already." for job in prepared.done),
            *prepared.waits,
        ):
            console.say(sentence)
        for sentence in prepared.costs:
            console.say(sentence, style="yellow")
        return prepared

    settles = sessions and invocation.project.settings.sessions is not None
    confirmation = Confirmation(
        "Give these ticks back to Vercel?",
        yes,
        dry_run,
        save_plan,
        nothing=_NO_TICKS if settles else NOTHING,
        declined="You said no: no tick was given back, and no file was restored.",
    )
    prepared, carried = carry_out_in_time(invocation, plan, confirmation)
    if carried.applied:
        for sentence in prepared.advice:
            console.say(sentence, style="bold")
    code, settled = carried.code, None
    if settles and code is ExitCode.OK:
        code, settled = _settle(invocation, count_only=dry_run or save_plan is not None, yes=yes)
    _tell_of_sessions(invocation)
    if invocation.json:
        extra = {
            "done": list(prepared.done),
            "restored": list(prepared.restored),
            "waits": list(prepared.waits),
            "costs": list(prepared.costs),
        }
        console.document(carried.to_json() | extra | {"sessions": settled})
    return code


def _give_flow_back(
    invocation: Invocation, flow: str, deploy: timedelta, confirmation: Confirmation
) -> ExitCode:
    """Give all users of a flow back to its old path."""
    from cronshift import operations
    from cronshift.moving.flows import FlowChange, prepare_flow_rollback

    operations.refuse_unfinished(invocation.project.root, operations.Intent.ROLLBACK)

    def plan() -> FlowChange:
        return prepare_flow_rollback(invocation.project, flow, datetime.now(UTC), deploy=deploy)

    return change_flow(invocation, plan, confirmation)


def _tell_of_sessions(invocation: Invocation) -> None:
    """Say that there are none to settle."""
    if invocation.project.settings.sessions is None:
        invocation.console.say("There are no [sessions] in cronshift.toml; none were settled.")


def _undo_migration(
    invocation: Invocation, jobs: list[str] | None, *, everything: bool, yes: bool, dry_run: bool
) -> ExitCode:
    """Take back all that migrate wrote."""
    from cronshift import operations
    from cronshift.moving.unmigration import prepare_unmigration

    if jobs or everything:
        raise CronshiftError(
            "--migration undoes the whole of migrate; it takes no jobs.",
            reason="usage",
            hint="cronshift rollback --migration",
        )
    operations.refuse_unfinished(invocation.root, operations.Intent.ROLLBACK)
    undoing = prepare_unmigration(invocation.root, datetime.now(UTC))
    confirmation = Confirmation(
        "Take these files back?",
        yes,
        dry_run,
        nothing="Nothing that migrate wrote is here; nothing was changed.",
        declined="You said no: what migrate wrote stays.",
    )
    carried = carry_out(invocation, undoing.operation, confirmation)
    if carried.applied and not invocation.json:
        tell_next(invocation, before="Commit and deploy it.")
    if invocation.json:
        invocation.console.document(carried.to_json() | {"restored": list(undoing.files)})
    return carried.code


def _settle(
    invocation: Invocation, *, count_only: bool, yes: bool
) -> tuple[ExitCode, dict[str, object]]:
    """Fail and refund orphans, and pay the refunds still owed for failed sessions of the flow."""
    from cronshift.sessions import scripts, sweeping

    settings = invocation.project.settings.sessions
    if settings is None:
        raise ValueError("there are no sessions to settle")
    console, now = invocation.console, datetime.now(UTC)
    sweeps = {
        "orphans": partial(scripts.orphans, becomes=settings.failed, refund=True),
        "refunds": partial(scripts.owed, of_flow=True),
    }
    code, settled = ExitCode.OK, dict[str, object]()
    with closing(scripts.open_database(settings)) as database, scripts.telling_errors(settings):
        engine = database.engine
        for name, sweep_of in sweeps.items():
            mapped = database.mapped
            sweep = sweep_of(mapped, now)
            count, owed = sweeping.count(engine, mapped, sweep)
            console.say(
                f"{name}: {counted(count, 'session')} in {database.name}, {counted(owed, 'credit')} to refund."
            )
            report = sweeping.Report(seen=count, aside=sweeping.left_aside(engine, mapped, sweep))
            go_on = count and not count_only
            if go_on and console.confirm(f"Settle them in {database.name}?", yes=yes):
                report = sweeping.run(engine, mapped, sweep)
            elif go_on:
                console.say("You said no: none of them was settled or refunded.")
            tell_aside(console, report.aside)
            code = ExitCode.NOT_WELL if report.aside.total else code
            settled[name] = report.to_json()
    return code, settled
