"""``cronshift finalize``: remove the rest of Vercel cron."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    Confirmation,
    DryRun,
    Jobs,
    SavePlan,
    Yes,
    carry_out,
    refuse_nothing_named,
    tell_next,
)
from cronshift.commands.deciding import Assume, Because, Despite, ask_about, decided
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.finalize import Directness, Finalization

_DECLINED = "You said no: nothing was removed, and Vercel keeps the entries."


class CallerChoice(StrEnum):
    """The fate of a route that others call too."""

    REFUSE = "refuse"
    EVENT = "event"
    TELL = "tell"


def finalize(
    context: typer.Context,
    jobs: Jobs = None,
    everything: Annotated[bool, typer.Option("--all", help="Every job of the project.")] = False,
    ticks_ran: Annotated[
        bool,
        typer.Option("--ticks-ran", help="You have seen in Inngest that their last ticks ran."),
    ] = False,
    direct: Annotated[
        bool,
        typer.Option(
            "--direct", help="Turn their work into functions without HTTP, where that is certain."
        ),
    ] = False,
    steps: Annotated[
        bool,
        typer.Option("--steps", help="With --direct: as the durable steps that their code shows."),
    ] = False,
    callers: Annotated[
        CallerChoice,
        typer.Option(
            "--callers",
            help="With --direct: a route that others call too stays as it is (refuse), has the job done by an event, or goes (tell).",
        ),
    ] = CallerChoice.REFUSE,
    despite: Despite = None,
    assume: Assume = None,
    because: Because = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Remove the cron entries, guards and dead routes of jobs that are wholly Inngest's.

    Only for jobs at 100 % whose last tick ran: with claims on (CRONSHIFT_CLAIMS_URL) that is looked
    up, else say --ticks-ran. The entries are kept in cronshift.toml, so that the functions go on to
    be checked against them; cronshift rollback puts everything back.

    With --direct the work itself becomes your own: the check of the caller goes, answers become
    results and errors, the query constants, and functions no longer ask whose a tick is. Only for
    code whose meaning that keeps for certain; what stays is told with its line. Nothing of
    cronshift's is left where all jobs are so; rollback brings every file back.

    Lists what still speaks of Vercel cron, and why a route stays. What it depends on is looked at
    first, as by cronshift cutover.

    Examples:
      cronshift finalize prediction-check --dry-run
      cronshift finalize --all --ticks-ran
      cronshift finalize --all --direct --dry-run
    """
    from cronshift import operations
    from cronshift.moving.finalize import prepare_finalization
    from cronshift.readiness.checking import not_known
    from cronshift.runtime import claiming
    from cronshift.targets import CallerFate

    invocation: Invocation = context.obj
    console = invocation.console
    refuse_nothing_named(jobs or (), everything=everything)
    operations.refuse_unfinished(invocation.project.root)

    secret_env = invocation.project.settings.bridge.secret_env

    def has_run(job: str, tick: datetime) -> bool:
        return ticks_ran or claiming.has_run(job, tick, secret_env)

    decisions = decided(despite, assume, because)
    prepared = prepare_finalization(
        invocation.project,
        jobs or (),
        datetime.now(UTC),
        has_run,
        decisions=decisions,
        direct=_directness(direct=direct, steps=steps),
        callers=CallerFate(callers),
    )
    for job in prepared.done:
        if job not in prepared.direct:
            console.say(f"{job} has no entry left; nothing to do.")
    if not ask_about(invocation, not_known(prepared.facts, decisions), only_look=dry_run):
        console.say(_DECLINED)
        return ExitCode.NOT_WELL
    confirmation = Confirmation(
        "Remove what Vercel has of these jobs?", yes, dry_run, save_plan, declined=_DECLINED
    )
    carried = carry_out(invocation, prepared.operation, confirmation)
    if invocation.json:
        console.document(carried.to_json() | _document(prepared))
    else:
        _tell_direct(invocation, prepared, asked=direct)
        _tell(invocation, prepared, applied=carried.applied)
    return carried.code


def _directness(*, direct: bool, steps: bool) -> Directness:
    """Return the directness that the options ask for.

    Raises:
        CronshiftError: for steps of what is not direct.
    """
    from cronshift.moving.finalize import Directness

    if steps and not direct:
        raise CronshiftError(
            "--steps belongs to --direct.",
            reason="usage",
            hint="cronshift finalize --all --direct --steps",
        )
    if not direct:
        return Directness.OFFERED
    return Directness.STEPS if steps else Directness.WHOLE


def _document(prepared: Finalization) -> dict[str, object]:
    return {
        "done": list(prepared.done),
        "stays": list(prepared.stays),
        "leftovers": [
            {"file": line.file, "line": line.line, "text": line.text} for line in prepared.leftovers
        ],
        "entries_left": prepared.entries_left,
        "direct": list(prepared.direct),
        "kept": dict(prepared.kept),
        "facts": [fact.to_json() for fact in prepared.facts],
    }


def _tell_direct(invocation: Invocation, prepared: Finalization, *, asked: bool) -> None:
    """Tell which jobs are the app's own, or may become so, and why others do not."""
    console = invocation.console
    if asked:
        for sentence in prepared.kept.values():
            console.say(sentence)
    elif prepared.direct:
        names = " ".join(prepared.direct)
        console.say(f"Their work can be done without HTTP: cronshift finalize {names} --direct")


def _tell(invocation: Invocation, prepared: Finalization, *, applied: bool) -> None:
    console = invocation.console
    for sentence in prepared.stays:
        console.say(sentence)
    if prepared.leftovers:
        console.result("Lines that may have lost their reason:")
        for line in prepared.leftovers:
            console.result(f"  {line.file}:{line.line}  {line.text}")
    verb = "has" if applied else "would have"
    console.result(f"Vercel {verb} {prepared.entries_left} cron entries left.")
    if applied:
        tell_next(invocation, before="Commit and deploy it.")
