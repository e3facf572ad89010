"""``cronshift runs``: the runs of jobs, one by one."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Jobs  # noqa: TC001 - read at run time
from cronshift.commands.spans import Since, Until, asked, collect, present, tell_silent
from cronshift.errors import CronshiftError, ExitCode
from cronshift.runtime.ledger import TickStatus  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def runs() -> None:
    """Show the runs of jobs: which tick, whose, how it went, how often it was tried.

    They are read from the ledger (CRONSHIFT_LEDGER_URL), from Inngest (INNGEST_SIGNING_KEY, or
    INNGEST_DEV) and from Vercel's log (VERCEL_TOKEN, VERCEL_PROJECT_ID, VERCEL_TEAM_ID), each where
    it is set here.

    Examples:
      cronshift runs list --status failed
      cronshift runs show 01M8EEF3JTNMEAQHZQ4RXVZ310
    """


def list_runs(
    context: typer.Context,
    jobs: Jobs = None,
    since: Since = "24h",
    until: Until = None,
    status: Annotated[
        list[TickStatus] | None, typer.Option(help="Only those; may be said several times.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="Those that stood by too, for it was another's tick.")
    ] = False,
    most: Annotated[
        int, typer.Option("--limit", min=1, metavar="RUNS", help="Show at most so many.")
    ] = 50,
) -> ExitCode:
    """List the runs of a span, the newest first.

    How often a run was tried is known of those in the ledger; cronshift runs show asks Inngest for that
    of one. Exits 1 when one that is listed failed or was cancelled, and when nobody told anything.

    Examples:
      cronshift runs list prediction-check --since 7d
      cronshift runs list --status failed --status cancelled --json
    """
    from cronshift.observing.runs import newest_first, of_record
    from cronshift.output.runs_text import runs_table
    from cronshift.runtime.dry_runs import FLOOR
    from cronshift.runtime.ownership import tick_text

    invocation: Invocation = context.obj
    console = invocation.console
    query = asked(invocation, jobs or (), since, until, present())
    evidence = collect(query)
    every_run = [
        of_record(record, is_counted=record.run_id in evidence.recorded)
        for record in evidence.records
    ]
    wanted = [run for run in every_run if run.has_acted or (every and not run.id.endswith(FLOOR))]
    shown = newest_first(wanted, statuses=frozenset(status or ()), most=most)
    if invocation.json:
        console.document(
            {
                "since": tick_text(query.since),
                "until": tick_text(query.until),
                "sources": [source.to_json() for source in evidence.sources],
                "runs": [run.to_json() for run in shown],
            }
        )
    else:
        tell_silent(invocation, evidence)
        if shown:
            console.result(runs_table(shown))
        elif evidence.is_silent:
            console.warn("Which runs there were is not known: nobody told.")
        else:
            console.say("There was no such run.")
    is_well = not (evidence.is_silent or any(run.is_dead for run in shown))
    return ExitCode.OK if is_well else ExitCode.NOT_WELL


def show(context: typer.Context, run_id: Annotated[str, typer.Argument(metavar="ID")]) -> ExitCode:
    """Show one run with its steps and what failed in it.

    The ledger tells its tick, owner and attempts; Inngest's trace its steps, their attempts and the
    error. Exits 1 when it failed or was cancelled.

    Examples:
      cronshift runs show 01M8EEF3JTNMEAQHZQ4RXVZ310
    """
    from cronshift.observing.gathering import find_run
    from cronshift.output.runs_text import run_text

    invocation: Invocation = context.obj
    console = invocation.console
    run, sources = asyncio.run(find_run(run_id, os.environ))
    if run is None:
        why = " ".join(source.problem for source in sources if source.problem)
        raise CronshiftError(
            f"Nobody who was asked knows the run {run_id!r}. {why}".strip(),
            reason="no-such-run",
            hint="cronshift runs list shows the ids.",
        )
    if invocation.json:
        console.document(
            run.to_json()
            | {
                "event": run.event or None,
                "steps": [step.to_json() for step in run.steps],
                "sources": [source.to_json() for source in sources],
            }
        )
    else:
        console.result(run_text(run))
        for source in sources:
            if source.problem:
                console.say(f"{source.name.value}: {source.problem}")
    return ExitCode.NOT_WELL if run.is_dead else ExitCode.OK


SUBCOMMANDS = {"list": list_runs, "show": show}
