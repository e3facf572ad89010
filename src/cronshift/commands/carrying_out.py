"""What every command that changes something does: show, ask, apply, tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cronshift.commands.completion import job_names
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Operation

Jobs = Annotated[list[str] | None, typer.Argument(metavar="JOB", autocompletion=job_names)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show only.")]
SavePlan = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Change nothing; keep the plan for cronshift apply."),
]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the user said about a change.

    Attributes:
        question: asked before anything is changed.
    """

    question: str
    yes: bool = False
    dry_run: bool = False
    save_plan: Path | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an operation."""

    operation: Operation
    applied: bool
    code: ExitCode

    def to_json(self) -> dict[str, Any]:
        """Return the operation as the journal has it, and whether it was applied."""
        return self.operation.to_json() | {"applied": self.applied}


def carry_out(invocation: Invocation, operation: Operation, confirmation: Confirmation) -> Carried:
    """Show an operation and do with it what the user wants.

    Raises:
        CronshiftError: if there is nobody to ask, or a file is not as it was when this was planned.
    """
    from cronshift import operations
    from cronshift.output.text import operation_plan

    console = invocation.console
    if not operation.changes:
        console.say("Nothing to do; nothing was changed.")
        return Carried(operation, applied=False, code=ExitCode.OK)
    if not invocation.json:
        console.result(operation_plan(operation))
    if confirmation.save_plan is not None:
        keep_plan(invocation, operation, confirmation.save_plan)
        return Carried(operation, applied=False, code=ExitCode.OK)
    if confirmation.dry_run:
        return Carried(operation, applied=False, code=ExitCode.OK)
    if not console.confirm(confirmation.question, yes=confirmation.yes):
        return Carried(operation, applied=False, code=ExitCode.NOT_WELL)
    done = operations.apply(invocation.directory, operation)
    return Carried(done, applied=True, code=ExitCode.OK)


def keep_plan(invocation: Invocation, operation: Operation, file: Path) -> None:
    """Write an operation to a file, for ``cronshift apply``.

    Raises:
        CronshiftError: if the file cannot be written.
    """
    try:
        file.write_text(json.dumps(operation.to_json(), indent=1) + "\n")
    except OSError as error:
        raise CronshiftError(
            f"{file} cannot be written: {error.strerror}.", reason="disk-error", where=str(file)
        ) from error
    invocation.console.say(f"Kept the plan. Next: cronshift apply {file}")


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
