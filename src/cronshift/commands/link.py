"""``cronshift link``: where an environment is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import (
    DECLINED,
    Confirmation,
    DryRun,
    SavePlan,
    Yes,
    carry_out,
)
from cronshift.errors import ExitCode  # noqa: TC001 - read at run time

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.readiness.setup.linking import Link


def link(
    context: typer.Context,
    name: Annotated[
        str, typer.Option("--env", metavar="NAME", help="production, preview, staging, …")
    ] = "production",
    app: Annotated[str | None, typer.Option(metavar="URL", help="Where the app answers.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the functions are served.")
    ] = None,
    vercel_project: Annotated[
        str | None, typer.Option(metavar="ID", help="The Vercel project; its id or name.")
    ] = None,
    vercel_team: Annotated[
        str | None, typer.Option(metavar="ID", help="The Vercel team, team_….")
    ] = None,
    vercel_target: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What Vercel calls it: production, preview or development."
        ),
    ] = None,
    edge_config: Annotated[
        str | None, typer.Option(metavar="ID", help="The Edge Config of the ownership file.")
    ] = None,
    inngest_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The Inngest environment.")
    ] = None,
    inngest_plan: Annotated[
        str | None, typer.Option(metavar="NAME", help="Inngest's plan: free, pro or business.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> ExitCode:
    """Write down where an environment is, for every later command: names and addresses, no secret.

    It stands under [environments.NAME] in cronshift.toml. What the project shows need not be named:
    what `vercel link` wrote (.vercel/project.json, .vercel/repo.json), the address under [bridge], and
    the endpoint of an app that serves the functions itself.

    status --live, validate, run, sync, flags push, doctor and setup take it with --env NAME; tokens and
    keys come from variables.

    Examples:
      cronshift link --app https://app.example.com
      cronshift link --env staging --app https://staging.example.com --inngest-env staging
    """
    from cronshift.plan.planning import make_plan
    from cronshift.readiness.setup.linking import prepare_link

    invocation: Invocation = context.obj
    options = {
        "app": app,
        "endpoint": endpoint,
        "vercel_project": vercel_project,
        "vercel_team": vercel_team,
        "vercel_target": vercel_target,
        "edge_config": edge_config,
        "inngest_env": inngest_env,
        "inngest_plan": inngest_plan,
    }
    named = {key: value for key, value in options.items() if value is not None}
    project = invocation.project
    prepared = prepare_link(project, make_plan(project), name, named, datetime.now(UTC))
    _tell(invocation, prepared)
    carried = carry_out(
        invocation,
        prepared.operation,
        Confirmation(f"Link {name}?", yes, dry_run, save_plan, declined=DECLINED),
    )
    if carried.applied:
        suffix = "" if name == "production" else f" --env {name}"
        invocation.console.say(f"Linked {name}. Next: cronshift doctor{suffix}", style="bold")
    if invocation.json:
        document = {
            "environment": name,
            "values": dict(prepared.values),
            "missing": list(prepared.missing),
            "variables": sorted(prepared.seen),
        }
        invocation.console.document(carried.to_json() | document)
    return carried.code


def _tell(invocation: Invocation, prepared: Link) -> None:
    console = invocation.console
    for key, source in prepared.sources.items():
        console.say(f"{key}: {prepared.values[key]}, from {source}")
    for key, option in prepared.missing.items():
        console.say(f"{key} is not known here. Name it: {option}")
