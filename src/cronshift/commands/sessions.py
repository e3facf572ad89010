"""``cronshift sessions``: orphans, refunds, and the status of sessions."""

from __future__ import annotations

import csv
import json
import signal
import sys
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from cronshift.commands.carrying_out import Yes  # noqa: TC001 - read at run time
from cronshift.commands.scaffold import scaffold
from cronshift.commands.set_aside import tell_aside
from cronshift.errors import ConfigError, CronshiftError, ExitCode
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.commands.invocation import Invocation
    from cronshift.sessions.scripts import Database
    from cronshift.sessions.settings import SessionSettings
    from cronshift.sessions.sweeping import Report, Sweep


Limit = Annotated[int | None, typer.Option(min=1, metavar="ROWS", help="Settle at most so many.")]
Chunk = Annotated[int, typer.Option(min=1, max=100_000, metavar="ROWS", help="Rows a transaction.")]
CountOnly = Annotated[bool, typer.Option("--dry-run", "-n", help="Count only.")]


def sessions() -> None:
    """Settle the QUEUED flow's sessions in your database, as [sessions] in cronshift.toml maps it.

    Each session is refunded once, however often this runs, in however many processes, and wherever
    it is killed: its refund is a row in cronshift_refunds with the session as its key. Ctrl-C stops
    after the current chunk; the same command goes on. A session that cannot be paid is left as it
    is and listed with its reason; then the exit code is 1. Listing changes nothing.

    A database on another machine is only counted unless you say --yes.

    Examples:
      cronshift sessions orphans
      cronshift sessions orphans --fail --limit 1000
      cronshift sessions refunds --audit refunds.csv --yes
      cronshift sessions status --json
    """


def orphans(
    context: typer.Context,
    fail: Annotated[
        bool, typer.Option("--fail", help="Mark them failed, and refund them.")
    ] = False,
    requeue: Annotated[
        bool, typer.Option("--requeue", help="Send their events to Inngest again.")
    ] = False,
    to_legacy: Annotated[
        bool, typer.Option("--to-legacy", help="Hand them to the old path.")
    ] = False,
    limit: Limit = None,
    chunk: Chunk = 100_000,
    yes: Yes = False,
    dry_run: CountOnly = False,
) -> ExitCode:
    """List sessions that are QUEUED too long, and settle them.

    --fail settles and refunds them in the same transactions, --requeue sends their events again
    (INNGEST_EVENT_KEY), --to-legacy hands them to the old path.

    Examples:
      cronshift sessions orphans
      cronshift sessions orphans --fail --limit 1000
    """
    from cronshift.sessions import scripts

    invocation: Invocation = context.obj
    settings = session_settings(invocation)
    if sum((fail, requeue, to_legacy)) > 1:
        raise CronshiftError(
            "--fail, --requeue and --to-legacy exclude each other.", reason="usage"
        )
    with opened_database(settings) as database:
        if requeue:
            return _requeue(invocation, database, yes=yes, dry_run=dry_run, limit=limit)
        if to_legacy and settings.legacy is None:
            raise ConfigError(
                "[sessions] names no `legacy` label, so the old path would not see them.",
                reason="no-legacy-label",
            )
        becomes = settings.legacy if to_legacy else settings.failed
        sweep = scripts.orphans(
            database.mapped, datetime.now(UTC), becomes=becomes, refund=not to_legacy
        )
        count_only = dry_run or not (fail or to_legacy)
        return _settle(
            invocation, database, sweep, yes=yes, dry_run=count_only, limit=limit, chunk=chunk
        )


def refunds(
    context: typer.Context,
    audit: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write every refund, as CSV or (.json) JSON."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE", help="Pay whatever failed since then (UTC), of the flow or not."
        ),
    ] = None,
    limit: Limit = None,
    chunk: Chunk = 100_000,
    yes: Yes = False,
    dry_run: CountOnly = False,
) -> ExitCode:
    """Pay what sessions that failed earlier are still owed.

    Those that `refunded` in [sessions] says the app has not paid; without it, those of the flow.

    Examples:
      cronshift sessions refunds --dry-run
      cronshift sessions refunds --audit refunds.csv --yes
    """
    from cronshift.sessions import scripts

    invocation: Invocation = context.obj
    with opened_database(session_settings(invocation)) as database:
        if audit:
            _write_audit(invocation, scripts.refunds(database), audit)
        start = since and since.replace(tzinfo=since.tzinfo or UTC)
        sweep = scripts.owed(database.mapped, datetime.now(UTC), since=start)
        return _settle(
            invocation, database, sweep, yes=yes, dry_run=dry_run, limit=limit, chunk=chunk
        )


def recover(
    context: typer.Context,
    limit: Limit = None,
    chunk: Chunk = 100_000,
    yes: Yes = False,
    dry_run: CountOnly = False,
) -> ExitCode:
    """Settle sessions whose processing takes too long.

    Examples:
      cronshift sessions recover --dry-run
      cronshift sessions recover --yes
    """
    from cronshift.sessions import scripts

    invocation: Invocation = context.obj
    with opened_database(session_settings(invocation)) as database:
        sweep = scripts.stuck(database.mapped, datetime.now(UTC))
        return _settle(
            invocation, database, sweep, yes=yes, dry_run=dry_run, limit=limit, chunk=chunk
        )


def status(context: typer.Context) -> ExitCode:
    """Count the sessions by state, with the oldest that waits and the refunds so far.

    Examples:
      cronshift sessions status
      cronshift sessions status --json
    """
    from cronshift.sessions import scripts

    invocation: Invocation = context.obj
    with opened_database(session_settings(invocation)) as database:
        return _status(invocation, scripts.status(database, datetime.now(UTC)))


SUBCOMMANDS = {
    "orphans": orphans,
    "refunds": refunds,
    "recover": recover,
    "status": status,
    "scaffold": scaffold,
}


def session_settings(invocation: Invocation) -> SessionSettings:
    """Return the project's [sessions].

    Raises:
        ConfigError: ``no-sessions`` where it has none.
    """
    settings = invocation.settings.sessions
    if settings is None:
        raise ConfigError(
            "cronshift.toml has no [sessions], so there is nothing to look at.",
            reason="no-sessions",
            hint="cronshift sessions scaffold proposes it; cronshift explain sessions shows what may stand there.",
        )
    return settings


@contextmanager
def opened_database(settings: SessionSettings) -> Iterator[Database]:
    """Give the database of the sessions; its errors are told in one sentence."""
    from cronshift.sessions import scripts

    with closing(scripts.open_database(settings)) as database, scripts.telling_errors(settings):
        yield database


def _settle(
    invocation: Invocation,
    database: Database,
    sweep: Sweep,
    *,
    yes: bool,
    dry_run: bool,
    limit: int | None,
    chunk: int,
) -> ExitCode:
    from cronshift.sessions import scripts, sweeping
    from cronshift.sessions.sweeping import Report, SweepLimits

    console = invocation.console
    engine, mapped = database.engine, database.mapped
    count, owed = sweeping.count(engine, mapped, sweep)
    for reading in scripts.uncommon_times(mapped):
        console.say(reading)
    console.say(
        f"{counted(count, 'session')} in {database.name}, {counted(owed, 'credit')} to refund."
    )
    report = Report(seen=count, aside=sweeping.left_aside(engine, mapped, sweep))
    if count and not dry_run:
        if database.production and not yes:
            console.say("That database is on another machine: add --yes to settle them.")
        elif console.confirm(f"Settle them in {database.name}?", yes=yes):
            with _stopping() as stop, _progress(invocation, count) as observe:
                limits = SweepLimits(most=limit, chunk=chunk, observe=observe, stop=stop)
                report = sweeping.run(engine, mapped, sweep, limits)
            console.say(
                f"{report.settled:,} settled, {report.refunded:,} refunded with "
                f"{counted(report.credits, 'credit')} in {report.seconds:.1f} s."
            )
        else:
            console.say("You said no: none of them was settled or refunded.")
    tell_aside(console, report.aside)
    if report.stopped:
        console.say("Stopped after a chunk; the same command goes on.")
    if invocation.json:
        console.document(report.to_json())
    if report.stopped:
        return ExitCode.INTERRUPTED
    return ExitCode.NOT_WELL if report.aside.total else ExitCode.OK


def _requeue(
    invocation: Invocation, database: Database, *, yes: bool, dry_run: bool, limit: int | None
) -> ExitCode:
    """Send the events of orphans again; an id for every attempt keeps one from running twice."""
    import asyncio

    from inngest import Inngest

    from cronshift.inngest_fns.relay import relay
    from cronshift.sessions import scripts, sweeping
    from cronshift.sessions.flow import SessionFlow

    console, mapped = invocation.console, database.mapped
    sweep = scripts.orphans(mapped, datetime.now(UTC), becomes=None, refund=False)
    count, _ = sweeping.count(database.engine, mapped, sweep)
    console.say(f"{counted(count, 'session')} in {database.name} that waited too long.")
    sent = 0
    if not count or dry_run:
        pass
    elif not console.confirm("Send their events again?", yes=yes):
        console.say("You said no: no event was sent.")
    else:
        flow = SessionFlow(mapped.settings.flow, database.engine, mapped)
        flow.requeue(count if limit is None else limit)
        sent = asyncio.run(relay(flow, Inngest(app_id=invocation.app_id)))
        console.say(f"{counted(sent, 'event')} sent.")
    if invocation.json:
        console.document({"found": count, "sent": sent})
    return ExitCode.OK


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end the sweep behind the current chunk; a second one ends it at once."""
    asked = False

    def hear(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(invocation: Invocation, total: int) -> Iterator[Callable[[Report], None]]:
    """Show the rate and the time that is left, on a terminal."""
    console = invocation.console
    if invocation.json or invocation.quiet or not console.err.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (BarColumn(), TextColumn("{task.completed:,.0f}/{task.total:,.0f}"), rate)
    with Progress(*columns, TimeRemainingColumn(), console=console.err, transient=True) as bar:
        task = bar.add_task("", total=total, rate="")

        def observe(report: Report) -> None:
            speed = f"{report.seen / report.seconds:,.0f}/s" if report.seconds else ""
            bar.update(task, completed=report.seen, rate=speed)

        yield observe


def _status(invocation: Invocation, document: dict[str, Any]) -> ExitCode:
    console = invocation.console
    if invocation.json:
        console.document(document)
        return ExitCode.OK
    for state, number in sorted(document["states"].items()):
        note = "  [sessions] does not name it" if state in document["unmapped"] else ""
        console.result(f"{state:<16} {number:>12,}{note}")
    for reading in document["times"]:
        console.result(reading)
    oldest = document["oldest_queued_seconds"]
    if oldest is not None:
        console.result(f"The oldest that waits has waited {oldest:,} s.")
    waits = document["queue_to_processing_seconds"]
    if waits:
        percentiles = ", ".join(f"{name} {seconds:g} s" for name, seconds in waits.items())
        goal = "within" if waits["p95"] <= 10 else "above"  # noqa: PLR2004 - the goal, in seconds
        console.result(f"From queue to processing: {percentiles}; p95 is {goal} the goal of 10 s.")
    rate = document["completion_rate"]
    if rate["all"] is not None:
        paths = [
            f"{rate[path]:.1%} on the {path} path"
            for path in ("new", "old")
            if rate[path] is not None
        ]
        by_path = f" ({', '.join(paths)})" if len(paths) > 1 else ""
        console.result(f"{rate['all']:.1%} of those that ended are finished{by_path}.")
    console.result(
        f"{document['refunds']:,} refunds, {document['credits_refunded']:,} credits in all."
    )
    return ExitCode.OK


def _write_audit(invocation: Invocation, rows: list[dict[str, Any]], file: str) -> None:
    """Write every refund, as JSON where the file is called so, else as CSV; ``-`` is stdout."""
    names = ["session_id", "user_id", "amount", "reason", "refunded_at"]
    ordered = [{name: row[name] for name in names} for row in rows]
    with nullcontext(sys.stdout) if file == "-" else _opened_file(file) as target:
        if file.endswith(".json"):
            json.dump(ordered, target, indent=1)
            target.write("\n")
        else:
            writer = csv.DictWriter(target, names)
            writer.writeheader()
            writer.writerows(ordered)
    invocation.console.say(f"{counted(len(rows), 'refund')} written to {file}.")


def _opened_file(file: str) -> IO[str]:
    try:
        return open(file, "w", newline="", encoding="utf-8")  # noqa: PTH123 - a name as typed
    except OSError as error:
        raise CronshiftError(
            f"{file} cannot be written: {error.strerror}.", reason="usage", where="--audit"
        ) from error
