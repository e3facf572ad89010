"""``cronshift next``: the next commands."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - read at run time

from cronshift.errors import ExitCode
from cronshift.runtime.wire import LEDGER_VARIABLE

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.moving.next_step import NextStep


def next(context: typer.Context) -> ExitCode:  # noqa: A001 - the command's name
    """Show the commands that lead on from where the project stands, the nearest first.

    Where the ledger (CRONSHIFT_LEDGER_URL) tells of a job that is not well, those that show and stop it.

    Only reads. Every other command ends with the first of them, as "Next:".

    Examples:
      cronshift next
      cronshift next --json | jq -r '.steps[0].command'
    """
    from cronshift.moving.next_steps import next_steps
    from cronshift.operations import read_journal

    invocation: Invocation = context.obj
    now = datetime.now(UTC)
    is_whole = read_journal(invocation.root).unfinished() is None
    wrong = _for_wrong(invocation, now) if is_whole and os.environ.get(LEDGER_VARIABLE) else ()
    steps = wrong or next_steps(invocation.project, now)
    if invocation.json:
        invocation.console.document({"steps": [step.to_json() for step in steps]})
    elif not steps:
        invocation.console.result("Nothing is left to do here.")
    for step in () if invocation.json else steps:
        invocation.console.result(f"{step.command}\n  {step.why}")
    return ExitCode.OK


def _for_wrong(invocation: Invocation, now: datetime) -> tuple[NextStep, ...]:
    """Return the steps for jobs of which the ledger tells that they are not well."""
    from cronshift.commands.job_health import read_health, steps_for_wrong
    from cronshift.moving.status import read_status
    from cronshift.plan.planning import make_plan

    plan = make_plan(invocation.project)
    health = read_health(invocation, plan, now)
    if not health.is_bad:
        return ()
    where = read_status(invocation.project, now, plan)
    return tuple(chain.from_iterable(steps_for_wrong(health, where.jobs)))
