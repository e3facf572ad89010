"""``cronshift setup``: an environment, set up step by step."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import DECLINED, Confirmation, DryRun, Yes, carry_out
from cronshift.commands.environments import EnvironmentName, environment_of
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Operation
    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.setup.setup_record import StepMark
    from cronshift.readiness.setup.steps import SetupStep


def setup(
    context: typer.Context,
    env: EnvironmentName = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 while a step is open. For CI.")
    ] = False,
    done: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP", help="Say that a step is done which nobody can ask about."),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> ExitCode:
    """List the steps that set an environment up, with their state, and do what a token lets it do.

    With VERCEL_TOKEN the variables that are set here and not at Vercel are set there for the
    environment's target, and a protection bypass is made where deployments are protected; with Inngest's
    key the app is synced, and the result read; with the token of one service that has monitors, each job without
    one gets one (cronshift monitors). That is one operation, shown first; values never appear.
    It is not taken back with the files: `vercel env rm`, and Vercel's settings, do that. For the rest the
    exact command or page is told.

    What is done, by whom and since when is kept in .cronshift/setup beside the operations: commit it, and a
    colleague sees it.

    Exits 1 with --check while a step is to do, or not known.

    Examples:
      cronshift setup
      cronshift setup --env staging --dry-run
      cronshift setup --done alerts
      cronshift setup --check
    """
    from cronshift.readiness.setup.setup_record import mark_done, read_marks
    from cronshift.readiness.setup.steps import StepState

    invocation: Invocation = context.obj
    asking = _asking(invocation, env)
    name, root = asking.environment.name, invocation.root
    by_word = dict.fromkeys(_named(done or ()), True)
    if by_word:
        mark_done(root, name, by_word, (), asking.now)
    steps = _look(asking, read_marks(root, name))
    if not check and not dry_run:
        seen = [step.name for step in steps if step.state is StepState.DONE]
        left = [step.name for step in steps if step.state is StepState.TO_DO]
        mark_done(root, name, dict.fromkeys(seen, False), left, asking.now)
    if not invocation.json:
        _show(invocation, steps)
    code = ExitCode.OK
    operation = None
    if not check and not by_word and any(step.calls for step in steps):
        question = Confirmation("Do this?", yes, dry_run, declined=DECLINED)
        carried = carry_out(invocation, _operation(asking, steps), question)
        code, operation = carried.code, carried.operation.id if carried.applied else None
        if carried.applied:
            invocation.console.say(
                f"Done. What is deployed holds variables that it was made with: deploy, then"
                f" cronshift setup{asking.option}",
                style="bold",
            )
    if invocation.json:
        document = {"environment": name, "operation": operation}
        invocation.console.document(document | {"steps": [step.to_json() for step in steps]})
    is_open = any(step.state is not StepState.DONE for step in steps)
    return ExitCode.NOT_WELL if check and is_open else code


def _asking(invocation: Invocation, env: str | None) -> Asking:
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.doctor.asking import Asking

    environment, project = environment_of(invocation, env), invocation.project
    return Asking(project, make_plan(project), environment, os.environ, datetime.now(UTC))


def _look(asking: Asking, marks: dict[str, StepMark]) -> tuple[SetupStep, ...]:
    from cronshift.readiness.doctor.diagnosis import judge, look
    from cronshift.readiness.setup.steps import steps_of

    sights = asyncio.run(look(asking))
    return steps_of(asking, sights, judge(asking, sights), marks)


def _operation(asking: Asking, steps: tuple[SetupStep, ...]) -> Operation:
    from cronshift.operations import Intent, build_operation

    calls = [call for step in steps for call in step.calls]
    edits = [edit for step in steps for edit in step.edits]
    command = f"setup {asking.environment.name}"
    return build_operation(
        asking.project.root, command, edits, asking.now, intent=Intent.SETUP, batches=calls
    )


def _named(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return the steps that a person can say are done.

    Raises:
        CronshiftError: for a name that is no step's.
    """
    from cronshift.readiness.setup.steps import STEP_NAMES

    for name in names:
        if name not in STEP_NAMES:
            raise CronshiftError(
                f"There is no step {name!r}.",
                reason="usage",
                hint=f"There are: {', '.join(STEP_NAMES)}.",
            )
    return tuple(names)


def _show(invocation: Invocation, steps: tuple[SetupStep, ...]) -> None:
    from cronshift.output.diagnosis_text import steps_text

    invocation.console.result(steps_text(steps))
