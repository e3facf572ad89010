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
    carry_out_in_time,
    refuse_nothing_named,
)
from cronshift.commands.set_aside import tell_aside
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.rollback import Rollback

_NO_TICKS = "There are no ticks to give back; no file was changed."


def rollback(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job that moved.")] = False,
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
    in the Vercel configuration, deleted routes and guards as they were.

    With --now Vercel runs these ticks as soon as it holds the file, and Inngest goes on until both
    can: both may run a tick, and it says which, but never none does. Claims keep each to one run.

    Where cronshift.toml has [sessions], sessions that are QUEUED too long are failed and refunded
    then, and those of the flow that failed without a refund are paid. Older debts are paid by
    cronshift sessions refunds, and only there.

    Needs nothing but the project's files (and the sessions' database): it works while Inngest is
    down. Each side goes by the file that it holds, so commit and deploy both before then.

    Examples:
      cronshift rollback prediction-check
      cronshift rollback --all --yes
      cronshift rollback --all --now
      cronshift rollback --all --dry-run --json
    """
    from cronshift import operations
    from cronshift.moving.rollback import prepare_rollback

    invocation: Invocation = context.obj
    console = invocation.console
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
        for job in prepared.done:
            console.say(f"{job} is Vercel's already.")
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
    )
    prepared, carried = carry_out_in_time(invocation, plan, confirmation)
    if carried.applied:
        for sentence in prepared.advice:
            console.say(sentence, style="bold")
    code, settled = carried.code, None
    if settles and code is ExitCode.OK:
        code, settled = _settle(invocation, count_only=dry_run or save_plan is not None, yes=yes)
    elif invocation.project.settings.sessions is None:
        console.say("There are no [sessions] in cronshift.toml; none were settled.")
    if invocation.json:
        extra = {
            "done": list(prepared.done),
            "restored": list(prepared.restored),
            "costs": list(prepared.costs),
        }
        console.document(carried.to_json() | extra | {"sessions": settled})
    return code


def _settle(
    invocation: Invocation, *, count_only: bool, yes: bool
) -> tuple[ExitCode, dict[str, object]]:
    """Fail and refund orphans, and pay what failed sessions of the flow are still owed."""
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
            found, owed = sweeping.count(engine, mapped, sweep)
            console.say(
                f"{name}: {found:,} sessions in {database.name}, {owed:,} credits to refund."
            )
            report = sweeping.Report(seen=found, aside=sweeping.left_aside(engine, mapped, sweep))
            go_on = found and not count_only
            if go_on and console.confirm(f"Settle them in {database.name}?", yes=yes):
                report = sweeping.run(engine, mapped, sweep)
            tell_aside(console, report.aside)
            code = ExitCode.NOT_WELL if report.aside.total else code
            settled[name] = report.to_json()
    return code, settled
