"""``cronshift resume-job``: end a pause."""

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
from cronshift.errors import ExitCode  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.pause import Pause


def resume_job(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every paused job.")] = False,
    deploy_minutes: DeployMinutes = 15,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """End a pause: each side runs its ticks again, with the share that the job had.

    It begins when both sides can hold the file, --deploy-minutes after the write; a pause that has not
    begun yet, and that no side holds, never does.

    Examples:
      cronshift resume-job prediction-check
      cronshift resume-job --all --yes
    """
    from cronshift import operations
    from cronshift.moving.pause import prepare_resumption
    from cronshift.runtime.ownership import tick_text

    invocation: Invocation = context.obj
    console = invocation.console
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)

    def plan() -> Pause:
        prepared = prepare_resumption(
            invocation.project,
            jobs or (),
            datetime.now(UTC),
            deploy=timedelta(minutes=deploy_minutes),
        )
        for job in prepared.done if jobs else ():
            console.say(f"{job} is not paused.")
        return prepared

    confirmation = Confirmation(
        "Run their ticks again?",
        yes,
        dry_run,
        save_plan,
        declined="You said no: what was paused stays so.",
    )
    prepared, carried = carry_out_in_time(invocation, plan, confirmation)
    if carried.applied:
        console.say(f"Commit and deploy both sides before {tick_text(prepared.start)}.")
    if invocation.json:
        console.document(carried.to_json() | {"done": list(prepared.done)})
    return carried.code
