"""``cronshift ticks``: what became of every tick, and making up for those that nobody ran."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import DryRun, Jobs, Yes  # noqa: TC001 - read at run time
from cronshift.commands.spans import Since, Until, asked, collect, present, tell_silent
from cronshift.errors import CronshiftError, ExitCode, RefusedError
from cronshift.model import Missed  # noqa: TC001 - read at run time
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cronshift.commands.invocation import Invocation
    from cronshift.observing.fates import TickFate
    from cronshift.observing.gathering import SpanEvidence, TickQuery
    from cronshift.observing.replaying import Replayed

_WRONG = frozenset({"missed", "doubled", "failed"})


def ticks() -> None:
    """Tell what became of every tick, and make up for those that nobody ran.

    What is known comes from the ledger (CRONSHIFT_LEDGER_URL), from Inngest's runs
    (INNGEST_SIGNING_KEY, or INNGEST_DEV) and from Vercel's log (VERCEL_TOKEN, VERCEL_PROJECT_ID,
    VERCEL_TEAM_ID), each where it is set here. What nobody watched is not known.

    Examples:
      cronshift ticks list --since 7d
      cronshift ticks replay --all --policy latest --dry-run
    """


def list_ticks(
    context: typer.Context,
    jobs: Jobs = None,
    since: Since = "24h",
    until: Until = None,
    every: Annotated[
        bool, typer.Option("--every", help="Those that ran on time too, one a line.")
    ] = False,
) -> ExitCode:
    """List the ticks that were due, and what became of them.

    On time, late, missed, doubled, failed, skipped, or not known. Exits 1 when one was missed, doubled
    or failed.

    Examples:
      cronshift ticks list
      cronshift ticks list prediction-check --since 2026-11-24T00:00Z --until 2026-11-25T00:00Z
    """
    from cronshift.output.ticks_text import fates_table, ticks_table
    from cronshift.runtime.ownership import tick_text

    invocation: Invocation = context.obj
    now = present()
    query = asked(invocation, jobs or (), since, until, now)
    evidence, tick_fates = _fates(query, now)
    if invocation.json:
        invocation.console.document(
            {
                "since": tick_text(query.since),
                "until": tick_text(query.until),
                "sources": [source.to_json() for source in evidence.sources],
                "counts": Counter(fate.fate.value for fate in tick_fates),
                "ticks": [fate.to_json() for fate in tick_fates],
            }
        )
    else:
        invocation.console.result(fates_table(tick_fates))
        shown = (
            tick_fates if every else [fate for fate in tick_fates if fate.fate.value != "on time"]
        )
        if shown:
            invocation.console.result(ticks_table(shown))
        tell_silent(invocation, evidence)
    is_wrong = any(fate.fate.value in _WRONG for fate in tick_fates)
    return ExitCode.NOT_WELL if is_wrong else ExitCode.OK


def replay(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job.")] = False,
    policy: Annotated[
        Missed | None,
        typer.Option(help="Which of them: all, the latest, none. [default: the job's `missed`]"),
    ] = None,
    since: Since = "24h",
    until: Until = None,
    per_minute: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many runs are started a minute.")
    ] = 60,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Run the ticks that nobody ran: in order, throttled, each once, through Inngest.

    Only ticks that are known to be missed are run; what is not known is told and left alone. Claims keep
    each from running twice: CRONSHIFT_CLAIMS_URL must name one database, here and where the functions
    run. A tick that has run by then is left out.

    Examples:
      cronshift ticks replay --all --dry-run
      cronshift ticks replay prediction-check --policy latest --since 7d --yes
    """
    from cronshift.commands.carrying_out import refuse_nothing_named
    from cronshift.observing.replaying import to_replay
    from cronshift.output.ticks_text import ticks_table

    invocation: Invocation = context.obj
    console, now = invocation.console, present()
    refuse_nothing_named(jobs or (), everything=everything)
    query = asked(invocation, jobs or (), since, until, now)
    evidence, tick_fates = _fates(query, now)
    policies = {job.id: policy or job.options.missed for job in query.jobs}
    wanted = to_replay(tick_fates, policies)
    unknown = sum(fate.fate.value == "not known" for fate in tick_fates)
    tell_silent(invocation, evidence)
    if unknown:
        console.warn(f"What became of {counted(unknown, 'tick')} is not known: not run.")
    if failed := sum(fate.fate.value == "failed" for fate in tick_fates):
        console.warn(
            f"{failed:,} failed and are not run here: cronshift dead-letters replay does it."
        )
    if wanted and not invocation.json:
        console.result(ticks_table(wanted))
    replayed: list[Replayed] = []
    if wanted and not dry_run:
        _refuse_unclaimed()
    agreed = bool(wanted) and not dry_run and console.confirm("Run them through Inngest?", yes=yes)
    if agreed:
        replayed = _run(query, wanted, timedelta(minutes=1) / per_minute)
    if invocation.json:
        console.document(
            {
                "unknown": unknown,
                "missed": [fate.to_json() for fate in wanted],
                "replayed": [tick.to_json() for tick in replayed],
            }
        )
    elif not wanted:
        console.say("No tick is to be made up for.")
    elif agreed:
        started = sum(tick.run_id is not None for tick in replayed)
        console.say(
            f"Started {counted(started, 'run')}; {len(replayed) - started:,} had run or been started before."
        )
    return ExitCode.OK if agreed or dry_run or not wanted else ExitCode.NOT_WELL


def _refuse_unclaimed() -> None:
    """Refuse to start runs that nothing keeps from doing one tick's work twice.

    Inngest may start several runs for one invocation, whatever its key (measured on a server).
    """
    from cronshift.runtime import claiming

    if not claiming.is_configured():
        raise RefusedError(
            "Nothing would keep a tick from running twice: Inngest may start it more than once.",
            reason="needs-claims",
            hint=f"Set {claiming.VARIABLE} here and where the functions run, to one database.",
        )


def _fates(query: TickQuery, now: datetime) -> tuple[SpanEvidence, list[TickFate]]:
    from cronshift.observing.gathering import fates

    evidence = collect(query)
    return evidence, list(fates(query, evidence, now))


def _run(query: TickQuery, wanted: Sequence[TickFate], pause: timedelta) -> list[Replayed]:
    from cronshift.observing.replaying import replay as replaying
    from cronshift.operations.services.inngest_history import InngestHistory

    replayed: list[Replayed] = []

    async def run() -> None:
        async with InngestHistory.of(os.environ) as api:
            async for tick in replaying(api, query.app, wanted, pause):
                replayed.append(tick)  # noqa: PERF401 - those before a fault are told

    try:
        asyncio.run(run())
    except CronshiftError as error:
        raise CronshiftError(
            f"{error.message.rstrip('.')}; started {len(replayed):,} of {counted(len(wanted), 'tick')}.",
            reason="inngest-api",
            hint="Ask again: what has run is not run again.",
        ) from error
    return replayed


SUBCOMMANDS = {"list": list_ticks, "replay": replay}
