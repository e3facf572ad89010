"""``cronshift apply``: carry out a plan that was kept."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - read at run time
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Confirmation, DryRun, Yes, carry_out
from cronshift.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Operation


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What --save-plan wrote.")],
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """Carry out a plan that was kept with --save-plan, exactly as it was shown.

    Refused (exit 3) when any file that it is based on has changed since.

    Examples:
      cronshift cutover --all --save-plan monday.json
      cronshift apply monday.json --yes
    """
    from cronshift import operations

    invocation: Invocation = context.obj
    operation = _read(file)
    operations.refuse_unfinished(invocation.project.root)
    invocation.console.say(f"{operation.command}, planned by {operation.actor}")
    carried = carry_out(invocation, operation, Confirmation("Carry it out?", yes, dry_run))
    if invocation.json:
        invocation.console.document(carried.to_json())
    return carried.code


def _read(file: Path) -> Operation:
    from cronshift.operations import Operation

    try:
        return Operation.from_json(json.loads(file.read_bytes()))
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}.", reason="unreadable-plan", where=str(file)
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{file} holds no plan.",
            reason="invalid-plan",
            hint="Write one with --save-plan FILE.",
            where=str(file),
        ) from error
