"""``cronshift observe``: what both sides see of every tick, before anything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.commands.carrying_out import Jobs  # noqa: TC001 - read at run time
from cronshift.commands.spans import Since, Until, asked, collect, present, tell_silent
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


def observe(
    context: typer.Context, jobs: Jobs = None, since: Since = "24h", until: Until = None
) -> ExitCode:
    """Show whether both sides see every tick, how late, and what Inngest's side finds.

    At 0 % Vercel runs every tick and Inngest's functions wake at each of them all the same. Where
    CRONSHIFT_LEDGER_URL is set on both sides, they leave a record: how late they were, whether the
    app answers and takes the bearer, whether both hold one ownership file, which variables are
    missing, how long a limit held the run back. Before anything moves that proves schedule, sync,
    signature, protection and limits.

    It reads the ledger (CRONSHIFT_LEDGER_URL), Inngest's runs (INNGEST_SIGNING_KEY, or INNGEST_DEV)
    and Vercel's log (VERCEL_TOKEN, VERCEL_PROJECT_ID, VERCEL_TEAM_ID), each where it is set here.

    Exits 1 when something is bad, and when it is not known of every tick that both sides saw it.

    Examples:
      cronshift observe
      cronshift observe prediction-check --since 7d
    """
    from cronshift.observing.gathering import fates
    from cronshift.observing.judging import judge
    from cronshift.output.ticks_text import sights_text
    from cronshift.readiness.fact import Knowledge
    from cronshift.runtime.ownership import tick_text

    invocation: Invocation = context.obj
    now = present()
    query = asked(invocation, jobs or (), since, until, now)
    evidence = collect(query)
    tick_fates = list(fates(query, evidence, now))
    sights = [
        judge(
            job.id,
            [fate for fate in tick_fates if fate.job == job.id],
            [record for record in evidence.records if record.job == job.id],
            evidence.watch,
        )
        for job in query.jobs
    ]
    if invocation.json:
        invocation.console.document(
            {
                "since": tick_text(query.since),
                "until": tick_text(query.until),
                "sources": [source.to_json() for source in evidence.sources],
                "jobs": [sight.to_json() for sight in sights],
            }
        )
    else:
        invocation.console.result(sights_text(sights))
        tell_silent(invocation, evidence)
    is_good = all(sight.answer is Knowledge.GOOD for sight in sights)
    return ExitCode.OK if is_good else ExitCode.NOT_WELL
