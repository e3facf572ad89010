"""``cronshift sessions scaffold``: the app's side of a flow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import Confirmation, DryRun, SavePlan, Yes, carry_out
from cronshift.errors import CronshiftError, ExitCode
from cronshift.targets import target_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cronshift.commands.invocation import Invocation
    from cronshift.operations import Operation


def scaffold(
    context: typer.Context,
    flow: Annotated[str, typer.Option(metavar="NAME", help="The flow's name.")] = "session",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="KEY=VALUE",
            help="What a key of [sessions] says, where the app's schema does not tell; may be repeated.",
        ),
    ] = None,
    from_database: Annotated[
        bool,
        typer.Option(
            "--from-database", help="Read the tables of the database, not the app's code."
        ),
    ] = False,
    database_env: Annotated[
        str, typer.Option(metavar="VARIABLE", help="The variable with the database's address.")
    ] = "DATABASE_URL",
    enum: Annotated[
        str | None, typer.Option(metavar="TYPE", help="The type of the status column.")
    ] = None,
    label: Annotated[str | None, typer.Option(metavar="NAME", help="The new state.")] = None,
    items: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with a session's items.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help=f"For whom: {' or '.join(target_names())}; without it, the project's target."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files changed by hand, after a backup.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Write the app's side of the QUEUED session flow: settings, a processor, migrations.

    The app's Prisma schema, Drizzle schema or SQLAlchemy classes (or its database, --from-database) tell
    the names in [sessions]; each stands in cronshift.toml with the place that shows it. What they do
    not tell is asked, or said with --map. A [sessions] that is there is followed.

    session_flow.py is where you write the one thing that only you know: how an item is processed.
    In a Next.js app the whole flow is TypeScript in lib/inngest/sessions, it uses the app's own database
    client, and work.ts is where you write that one thing.

    The migrations add the new state to the status type, which cannot be undone, and the flow's own
    tables. They go where the project keeps its own (prisma, drizzle, supabase, Alembic), and the schema
    gets the same. What is there already is left alone.

    A client that polls a session shows the new state as "waiting": it is not an error, and it ends
    within seconds.

    Examples:
      cronshift sessions scaffold --flow prediction-session --dry-run
      cronshift sessions scaffold --map table=generations --map cost=2 --yes
      cronshift sessions scaffold --from-database --force
    """
    from cronshift import operations
    from cronshift.targets.scaffold import prepare_scaffold, project_target

    invocation: Invocation = context.obj
    root = invocation.root
    operations.refuse_unfinished(root)

    def prepare(answers: dict[str, str]) -> Operation:
        return prepare_scaffold(
            root,
            datetime.now(UTC),
            flow=flow,
            enum=enum,
            label=label,
            items=items,
            answers=answers,
            from_database=database_env if from_database else None,
            target=target,
            force=force,
        )

    operation = _asked(invocation, prepare, _answers(mapping or ()))
    carried = carry_out(
        invocation, operation, Confirmation("Write these files?", yes, dry_run, save_plan)
    )
    if carried.applied:
        paths = [image.path for image in operation.images]
        steps = project_target(root, target).after_scaffold(paths)
        invocation.console.say(f"Next: correct [sessions] in cronshift.toml{steps}")
    if invocation.json:
        invocation.console.document(carried.to_json())
    return carried.code


def _answers(mapping: Iterable[str]) -> dict[str, str]:
    """Return the answers of ``--map``, by key.

    Raises:
        CronshiftError: for one that has no value.
    """
    answers = {}
    for each in mapping:
        key, _, value = each.partition("=")
        if not (key and value):
            raise CronshiftError(f"--map {each} says nothing: KEY=VALUE.", reason="usage")
        answers[key] = value
    return answers


def _asked(
    invocation: Invocation,
    prepare: Callable[[dict[str, str]], Operation],
    answers: dict[str, str],
) -> Operation:
    """Return the operation, once the questions that the schema leaves open are answered.

    Raises:
        UnclearMappingError: if there is nobody to ask.
    """
    from cronshift.targets.scaffold import UnclearMappingError

    console = invocation.console
    while True:
        try:
            return prepare(answers)
        except UnclearMappingError as error:
            if invocation.json or not console.can_ask:
                raise
            for question in error.questions:
                answers[question.key] = console.ask(question.text, question.choices)
