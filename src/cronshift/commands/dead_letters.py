"""``cronshift dead-letters``: the runs that failed for good or were cancelled."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import DryRun, Yes  # noqa: TC001 - read at run time
from cronshift.commands.completion import job_names
from cronshift.commands.spans import present
from cronshift.errors import CronshiftError, ExitCode
from cronshift.project.counting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.commands.invocation import Invocation
    from cronshift.observing.dead_letters import ReplayedLetter
    from cronshift.runtime.dead_letters import DeadLetter

Ids = Annotated[list[str] | None, typer.Argument(metavar="RUN")]
Everything = Annotated[bool, typer.Option("--all", help="Every one that was not replayed.")]


def dead_letters() -> None:
    """Show the runs that failed for good or were cancelled, and run them again.

    The app's functions keep one for each such run where the ledger is (CRONSHIFT_LEDGER_URL): with its
    tick, its error and how often it was tried. A letter goes after 90 days, or as many as
    CRONSHIFT_DEAD_LETTER_DAYS says. Runs by hand (cronshift run) leave none.

    Examples:
      cronshift dead-letters list
      cronshift dead-letters replay --all --dry-run
    """


def list_letters(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(metavar="JOB", autocompletion=job_names)] = None,
    every: Annotated[bool, typer.Option("--every", help="Those that were replayed too.")] = False,
) -> ExitCode:
    """List the dead letters, the newest first. Exits 1 when one was not replayed.

    Examples:
      cronshift dead-letters list prediction-check
    """
    from cronshift.observing.dead_letters import letter_json
    from cronshift.output.letters_text import letters_table

    invocation: Invocation = context.obj
    letters = _read()
    of_job = [letter for letter in letters if job in {None, letter.job}]
    shown = [letter for letter in of_job if every or letter.replayed is None]
    if invocation.json:
        invocation.console.document({"letters": [letter_json(letter) for letter in shown]})
    elif shown:
        invocation.console.result(letters_table(shown))
    else:
        invocation.console.say("There is no dead letter.")
    is_open = any(letter.replayed is None for letter in shown)
    return ExitCode.NOT_WELL if is_open else ExitCode.OK


def show(context: typer.Context, run_id: Annotated[str, typer.Argument(metavar="RUN")]) -> ExitCode:
    """Show one dead letter whole.

    Examples:
      cronshift dead-letters show 01M8EEF3JTNMEAQHZQ4RXVZ310
    """
    from cronshift.observing.dead_letters import letter_json
    from cronshift.output.letters_text import letter_text

    invocation: Invocation = context.obj
    (letter,) = _named(_read(), [run_id])
    if invocation.json:
        invocation.console.document(letter_json(letter))
    else:
        invocation.console.result(letter_text(letter))
    return ExitCode.OK


def replay(
    context: typer.Context,
    run_ids: Ids = None,
    everything: Everything = False,
    without_claims: Annotated[
        bool, typer.Option("--without-claims", help="Do it although a tick may run twice.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Run what dead letters stand for again, each once, through Inngest.

    What makes a tick run once is its claim (CRONSHIFT_CLAIMS_URL, here and where the functions run): Inngest's
    open-source server may start several runs of one request. A tick that has run meanwhile is left out.
    A session that is still QUEUED waits once more ([sessions] in cronshift.toml); one that was settled
    stays so, and nothing is charged or refunded. A run that another event began is not started again: send
    the event.

    Examples:
      cronshift dead-letters replay 01M8EEF3JTNMEAQHZQ4RXVZ310
      cronshift dead-letters replay --all --yes
    """
    from cronshift.inngest_fns.replaying import is_of_session
    from cronshift.observing.dead_letters import letter_json
    from cronshift.output.letters_text import letters_table

    invocation: Invocation = context.obj
    console = invocation.console
    chosen = _chosen(run_ids, everything=everything)
    open_letters = [letter for letter in chosen if letter.replayed is None]
    ticks = [letter for letter in open_letters if letter.tick]
    has_sessions = invocation.settings.sessions is not None
    sessions = [letter for letter in open_letters if has_sessions and is_of_session(letter)]
    wanted = [*ticks, *sessions]
    by_event = [letter for letter in open_letters if letter not in wanted]
    if ticks and not (without_claims or dry_run):
        _refuse_without_claims()
    for letter in chosen:
        if letter.replayed:
            console.say(f"{letter.run_id} was replayed already.")
    for letter in by_event:
        console.warn(f"{letter.run_id} began with the event {letter.event}: send that again.")
    if wanted and not invocation.json:
        console.result(letters_table(wanted))
    replayed: list[ReplayedLetter] = []
    agreed = bool(wanted) and not dry_run and console.confirm("Run them through Inngest?", yes=yes)
    if agreed and sessions:
        replayed += _queue(invocation, sessions)
    if agreed and ticks:
        replayed += _run(invocation, ticks)
    if invocation.json:
        console.document(
            {
                "letters": [letter_json(letter) for letter in wanted],
                "by_event": [letter.run_id for letter in by_event],
                "replayed": [letter.to_json() for letter in replayed],
            }
        )
    elif not wanted:
        console.say("Nothing is to be replayed.")
    is_done = agreed or dry_run or not wanted
    return ExitCode.OK if is_done and not by_event else ExitCode.NOT_WELL


def drop(
    context: typer.Context,
    run_ids: Ids = None,
    everything: Everything = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Forget dead letters that nobody is going to replay. It cannot be undone.

    Examples:
      cronshift dead-letters drop 01M8EEF3JTNMEAQHZQ4RXVZ310 --yes
    """
    from cronshift.observing.dead_letters import drop_letters
    from cronshift.output.letters_text import letters_table

    invocation: Invocation = context.obj
    console = invocation.console
    chosen = _chosen(run_ids, everything=everything)
    if chosen and not invocation.json:
        console.result(letters_table(chosen))
    agreed = bool(chosen) and not dry_run and console.confirm("Forget them?", yes=yes)
    dropped = drop_letters(os.environ, [letter.run_id for letter in chosen]) if agreed else 0
    if invocation.json:
        console.document({"letters": [letter.run_id for letter in chosen], "dropped": dropped})
    else:
        console.say(f"Forgot {dropped:,}.")
    return ExitCode.OK if agreed or dry_run or not chosen else ExitCode.NOT_WELL


def _read() -> list[DeadLetter]:
    from cronshift.observing.dead_letters import read_letters

    return read_letters(os.environ, present())


def _chosen(run_ids: Sequence[str] | None, *, everything: bool) -> list[DeadLetter]:
    if bool(run_ids) == everything:
        raise CronshiftError(
            "Name the runs, or say --all.",
            reason="which-letters",
            hint="cronshift dead-letters list shows them.",
        )
    letters = _read()
    if everything:
        return [letter for letter in letters if letter.replayed is None]
    return _named(letters, run_ids or ())


def _named(letters: Sequence[DeadLetter], run_ids: Sequence[str]) -> list[DeadLetter]:
    by_run = {letter.run_id: letter for letter in letters}
    for run_id in run_ids:
        if run_id not in by_run:
            raise CronshiftError(
                f"There is no dead letter of a run {run_id!r}.",
                reason="no-such-run",
                hint="cronshift dead-letters list --every shows them.",
            )
    return [by_run[run_id] for run_id in dict.fromkeys(run_ids)]


def _refuse_without_claims() -> None:
    from cronshift.runtime import claiming

    if not claiming.is_configured():
        raise CronshiftError(
            f"Without claims a tick may run twice: {claiming.VARIABLE} is not set here.",
            reason="no-claims",
            hint="Set it, here and where the functions run, or say --without-claims.",
        )


def _queue(invocation: Invocation, letters: Sequence[DeadLetter]) -> list[ReplayedLetter]:
    """Let the sessions of letters wait again, where nobody has settled them, and send their events."""
    from inngest import Inngest

    from cronshift.commands.sessions import opened_database, session_settings
    from cronshift.inngest_fns.replaying import queue_again, send_waiting
    from cronshift.observing.dead_letters import mark_replayed
    from cronshift.sessions.flow import SessionFlow

    with opened_database(session_settings(invocation)) as database:
        flow = SessionFlow(database.mapped.settings.flow, database.engine, database.mapped)
        replayed = queue_again(flow, letters)
        fault = send_waiting(flow, Inngest(app_id=invocation.app_id))
    if fault is not None:
        invocation.console.warn(
            f"Events wait to be sent ({fault}): the flow's recovery sends them within ten minutes."
        )
    mark_replayed(os.environ, replayed, present())
    waiting = sum(letter.run_id is not None for letter in replayed)
    invocation.console.say(
        f"{counted(waiting, 'session')} to wait again; taken up or settled meanwhile: {len(replayed) - waiting:,}."
    )
    return replayed


def _run(invocation: Invocation, wanted: Sequence[DeadLetter]) -> list[ReplayedLetter]:
    from cronshift.observing.dead_letters import replay_letters

    app = invocation.app_id
    replayed: list[ReplayedLetter] = []

    async def run() -> None:
        async for letter in replay_letters(os.environ, app, wanted, present()):
            replayed.append(letter)  # noqa: PERF401 - those before a fault are told

    try:
        asyncio.run(run())
    except CronshiftError as error:
        raise CronshiftError(
            f"{error.message.rstrip('.')}; started {len(replayed):,} of {counted(len(wanted), 'run')}.",
            reason="inngest-api",
            hint="Ask again: what was started is not started again.",
        ) from error
    started = sum(letter.run_id is not None for letter in replayed)
    invocation.console.say(
        f"Started {counted(started, 'run')}; {len(replayed) - started:,} had run meanwhile."
    )
    return replayed


SUBCOMMANDS = {"list": list_letters, "show": show, "replay": replay, "drop": drop}
