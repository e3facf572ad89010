"""``cronshift baseline``: take over jobs that were moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.carrying_out import (
    Confirmation,
    DryRun,
    SavePlan,
    Yes,
    carry_out,
    tell_next,
)
from cronshift.errors import ExitCode  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.baseline import Baseline


def baseline(
    context: typer.Context,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Take over jobs that were moved from Vercel cron to Inngest by hand.

    Looks for the app's own Inngest functions with a schedule (TypeScript, JavaScript and Python), and
    for the entries that git remembers of the Vercel configuration and that it no longer has. A function
    belongs to an entry where it names its path, where it uses what the route used and no other route
    did, or where both its name and its ticks are the entry's. What is not certain so is told, and left.

    Writes the jobs into cronshift.toml and gives Inngest their ticks in cronshift.ownership.json,
    since the commit that took the entries out. From then on audit, validate and status know them, and
    rollback puts their entries back. Their functions stay yours: none is generated or changed.

    Examples:
      cronshift baseline --dry-run
      cronshift baseline
    """
    from cronshift import operations
    from cronshift.moving.baseline import prepare_baseline

    invocation: Invocation = context.obj
    operations.refuse_unfinished(invocation.root)
    prepared = prepare_baseline(invocation.project, datetime.now(UTC))
    _show(invocation, prepared)
    confirmation = Confirmation("Take them over?", yes, dry_run, save_plan)
    carried = carry_out(invocation, prepared.operation, confirmation)
    if carried.applied:
        tell_next(invocation)
    if invocation.json:
        invocation.console.document(
            carried.to_json()
            | {
                "matches": [
                    {
                        "job": job,
                        "function": match.function.id,
                        "source": str(match.function.location),
                        "path": match.past.entry.path,
                        "schedule": match.past.entry.schedule,
                        "commit": match.past.commit,
                        "same_ticks": match.has_the_ticks,
                        "evidence": match.evidence,
                    }
                    for job, match in prepared.matches.items()
                ],
                "done": list(prepared.done),
                "not_known": [
                    {"name": each.name, "source": each.place, "reason": each.reason}
                    for each in prepared.unknown
                ],
            }
        )
    return carried.code


def _show(invocation: Invocation, prepared: Baseline) -> None:
    console = invocation.console
    for job in prepared.done:
        console.say(f"{job} is known already.")
    for job, match in prepared.matches.items():
        entry = match.past.entry
        console.say(
            f"{job} ({match.function.location}) does the work of {entry.path} ({entry.schedule}):"
            f" {match.evidence}."
        )
        if not match.has_the_ticks:
            console.say(
                f"{job} fires by {match.schedule.trigger}, and not as the entry did.",
                style="yellow",
            )
    for each in prepared.unknown:
        console.say(f"not known: {each.name} ({each.place}): {each.reason}.", style="yellow")
