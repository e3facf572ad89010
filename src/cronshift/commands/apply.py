"""``cronshift operations apply``: carry out a plan that was kept."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - read at run time
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Confirmation, DryRun, Named, Yes, carry_out
from cronshift.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Record

_LARGEST = 256 * 1024 * 1024


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What --save-plan wrote.")],
    operation: Named = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Carry out a plan that was kept with --save-plan, exactly as it was shown.

    Refused (exit 3) when any file that it is based on has changed since. A plan that you did not
    make in this folder needs its id as well, typed or as --operation.

    Examples:
      cronshift cutover --all --save-plan monday.json
      cronshift operations apply monday.json --yes
      cronshift operations apply monday.json --yes --operation 01KAVH7R00ZQ4X8N5T2M9C6B3D
    """
    from cronshift import operations

    invocation: Invocation = context.obj
    record = _read(invocation, file)
    plan = record.operation
    operations.refuse_unfinished(invocation.project.root, plan.intent)
    invocation.console.say(f"{plan.command}, planned by {plan.actor}")
    confirmation = Confirmation(
        "Carry it out?", yes, dry_run, is_own=record.is_own, named=operation
    )
    carried = carry_out(invocation, plan, confirmation)
    if invocation.json:
        invocation.console.document(carried.to_json(), to_the_letter=not record.is_own)
    return carried.code


def _read(invocation: Invocation, file: Path) -> Record:
    from cronshift.operations import decode
    from cronshift.runtime.regular_files import read_regular

    try:
        return decode(invocation.directory, read_regular(file, _LARGEST))
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}.", reason="unreadable-plan", where=str(file)
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{file} holds no plan: {error}.",
            reason="invalid-plan",
            hint="Write one with --save-plan FILE.",
            where=str(file),
        ) from error
