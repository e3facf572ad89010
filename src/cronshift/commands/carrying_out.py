"""The steps of every command that changes something: show, ask, apply, report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer
from msgspec import Struct

from cronshift.commands.completion import job_names
from cronshift.errors import CronshiftError, ExitCode, RefusedError, TooLateError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from cronshift.commands.invocation import Invocation
    from cronshift.model import Plan
    from cronshift.operations import Operation

Jobs = Annotated[list[str] | None, typer.Argument(metavar="JOB", autocompletion=job_names)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DeployMinutes = Annotated[
    int, typer.Option(min=0, max=1440, help="How long until both sides hold the new file.")
]
AtOnce = Annotated[
    bool,
    typer.Option(
        "--now", help="Do not wait for both sides to hold it: until they do, both run these ticks."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show only.")]
Named = Annotated[
    str | None,
    typer.Option(
        "--operation", metavar="OP", help="Its id, in full: go on though you did not make it here."
    ),
]
SavePlan = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Change nothing; keep the plan for cronshift operations apply."
    ),
]


NOTHING = "Nothing to do; nothing was changed."
DECLINED = "You said no: nothing was changed."


class Confirmation(Struct, frozen=True):
    """The question before a change, and the answers that the command line gives in advance.

    Attributes:
        question: asked before anything is changed.
        is_own: whether this user made the change, here.
        named: the operation's id, where it was said: the word for what somebody else made.
        nothing: said where there is nothing to change.
        declined: said where the user answers no: what does not happen.
    """

    question: str
    yes: bool = False
    dry_run: bool = False
    save_plan: Path | None = None
    is_own: bool = True
    named: str | None = None
    nothing: str = NOTHING
    declined: str = DECLINED


class Carried(Struct, frozen=True):
    """The outcome of an operation."""

    operation: Operation
    applied: bool
    code: ExitCode

    def to_json(self) -> dict[str, Any]:
        """Return the operation as the journal has it, and whether it was applied."""
        return self.operation.to_json() | {"applied": self.applied}


class HasOperation(Protocol):
    """A result of planning that holds the operation to carry out."""

    @property
    def operation(self) -> Operation:
        """The operation to carry out."""


Planned = TypeVar("Planned", bound=HasOperation)


def carry_out(invocation: Invocation, operation: Operation, confirmation: Confirmation) -> Carried:
    """Show an operation, ask about it, and apply it.

    Raises:
        CronshiftError: if there is nobody to ask, or a file is not as it was when this was planned.
    """
    from cronshift import operations
    from cronshift.output.text import operation_plan

    console = invocation.console
    warn_of_unreadable(invocation)
    if not operation.changes:
        console.say(confirmation.nothing)
        return Carried(operation, applied=False, code=ExitCode.OK)
    if not invocation.json:
        console.result(operation_plan(operation, is_own=confirmation.is_own))
    if confirmation.save_plan is not None:
        keep_plan(invocation, operation, confirmation.save_plan)
        return Carried(operation, applied=False, code=ExitCode.OK)
    if confirmation.dry_run:
        return Carried(operation, applied=False, code=ExitCode.OK)
    if not is_agreed(invocation, operation, confirmation):
        console.say(confirmation.declined)
        return Carried(operation, applied=False, code=ExitCode.NOT_WELL)
    operations.refuse_late(invocation.root, operation, datetime.now(UTC))
    done = operations.apply(invocation.root, operation, is_own=confirmation.is_own)
    return Carried(done, applied=True, code=ExitCode.OK)


def carry_out_in_time(
    invocation: Invocation, plan: Callable[[], Planned], confirmation: Confirmation
) -> tuple[Planned, Carried]:
    """Plan an operation and carry it out; plan it again when the answer came too late for it.

    Args:
        invocation: of the command.
        plan: works the operation out for the present instant, and tells about it.
        confirmation: what the user said.
    """
    while True:
        planned = plan()
        try:
            return planned, carry_out(invocation, planned.operation, confirmation)
        except TooLateError as error:
            invocation.console.say(f"{error.message} It is planned again.", style="yellow")
            invocation.forget()


def is_agreed(invocation: Invocation, operation: Operation, confirmation: Confirmation) -> bool:
    """Ask before anything is carried out, and return the answer.

    What somebody else made, or a commit has brought, needs its id: ``--yes`` is too easily said.

    Raises:
        RefusedError: if that id was not named, and there is nobody to type it.
        CronshiftError: if there is nobody to ask.
    """
    console, named = invocation.console, (confirmation.named or "").upper()
    if confirmation.is_own or named == operation.id:
        return console.confirm(confirmation.question, yes=confirmation.yes)
    if console.can_ask and not confirmation.yes and not named:
        return console.is_typed(
            f"You did not make {operation.id} here. Look at it; to go on, type its id: ",
            operation.id,
        )
    raise RefusedError(
        f"Operation {operation.id} ({operation.command}) was not made by you in this folder.",
        reason="foreign-operation",
        hint=f"Look at it; to go on with it all the same, add --operation {operation.id}",
    )


def warn_of_unreadable(invocation: Invocation) -> None:
    """Warn of each file of the journal that cannot be read, with its remedy."""
    from cronshift import operations

    for broken in operations.read_journal(invocation.root).unreadable:
        invocation.console.warn(f"{broken.sentence} {broken.remedy}")


def keep_plan(invocation: Invocation, operation: Operation, file: Path) -> None:
    """Write an operation to a file, for ``cronshift operations apply``.

    Raises:
        CronshiftError: if the file cannot be written.
    """
    from cronshift import operations
    from cronshift.operations.files import write_named

    try:
        write_named(invocation.root, file, operations.encode(invocation.root, operation))
    except OSError as error:
        raise CronshiftError(
            f"{file} cannot be written: {error.strerror}.", reason="disk-error", where=str(file)
        ) from error
    invocation.console.say(f"Kept the plan. Next: cronshift operations apply {file}")


def tell_next(
    invocation: Invocation,
    verb: str | None = None,
    before: str = "",
    plan: Plan | None = None,
) -> None:
    """Print the next step from where the project stands now.

    Args:
        invocation: of the command.
        verb: the command that was carried out just now; what comes behind it is told.
        before: a sentence in front.
        plan: the project's, where the command has changed nothing.
    """
    from cronshift.moving.next_steps import in_one_line, next_steps, steps_behind

    if invocation.quiet:
        return
    if plan is None:
        invocation.forget()
    steps = steps_behind(next_steps(invocation.project, datetime.now(UTC), plan), verb)
    sentence = " ".join(part for part in (before, in_one_line(steps)) if part)
    if sentence:
        invocation.console.say(sentence, style="bold")


def refuse_nothing_named(jobs: Collection[str], *, everything: bool) -> None:
    """Make sure that jobs are named, or all are meant.

    Raises:
        CronshiftError: for neither or both.
    """
    if bool(jobs) == everything:
        raise CronshiftError(
            "Name the jobs, or say --all.",
            reason="which-jobs",
            hint="cronshift status lists the jobs.",
        )
