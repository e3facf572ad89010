"""``cronshift flags``: publish the ownership file where deploys are slow."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.carrying_out import DryRun, Yes  # noqa: TC001 - read at run time
from cronshift.commands.environments import EnvironmentName, chosen, environment_of
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation


class ExportForm(StrEnum):
    """The formats that ``flags export`` prints."""

    JSON = "json"
    ENV = "env"
    FLAGD = "flagd"
    EDGE_CONFIG = "edge-config"


def flags() -> None:
    """Publish the ownership file where deploys are slow.

    A deployment reads it from CRONSHIFT_OWNERSHIP (the JSON itself), CRONSHIFT_OWNERSHIP_URL (an
    Edge Config item, a flag service) or CRONSHIFT_OWNERSHIP_FILE instead of the committed file. The
    functions of a Next.js app do where cronshift.toml says ownership = "environment".

    Examples:
      cronshift flags export --format env
      cronshift flags export --format flagd > flags.json
      cronshift flags push --edge-config ecfg_abc123
    """


def export(
    context: typer.Context,
    form: Annotated[
        ExportForm, typer.Option("--format", help="A file, a variable, a flag, an item.")
    ] = ExportForm.JSON,
) -> ExitCode:
    """Print the ownership file as what a deployment reads.

    Examples:
      cronshift flags export --format env
    """
    from cronshift.moving import flags as publishing
    from cronshift.output.encoding import json_text
    from cronshift.project.ownership_file import read_ownership

    invocation: Invocation = context.obj
    text = publishing.export(read_ownership(invocation.root), publishing.Format(form))
    sys.stdout.write(json_text({form.value: text}) if invocation.json else text)
    return ExitCode.OK


def push(
    context: typer.Context,
    edge_config: Annotated[
        str | None, typer.Option(metavar="ID", envvar="EDGE_CONFIG_ID", help="ecfg_…")
    ] = None,
    team: Annotated[
        str | None, typer.Option(metavar="ID", envvar="VERCEL_TEAM_ID", help="The team's id.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    env: EnvironmentName = None,
) -> ExitCode:
    """Push the ownership file to an Edge Config; needs a token of Vercel's API in VERCEL_TOKEN.

    Examples:
      cronshift flags push --edge-config ecfg_abc123
    """
    from cronshift.moving import flags as publishing
    from cronshift.project.ownership_file import read_ownership

    invocation: Invocation = context.obj
    console = invocation.console
    ownership = read_ownership(invocation.root)
    token = os.environ.get("VERCEL_TOKEN")
    if env is not None or edge_config is None or team is None:
        linked = environment_of(invocation, env)
        edge_config = chosen(context, "edge_config", edge_config, env, linked.edge_config)
        team = chosen(context, "team", team, env, linked.vercel_team)
    if edge_config is None or not token:
        raise CronshiftError(
            "Pushing needs --edge-config ID and VERCEL_TOKEN.",
            reason="usage",
            hint="Make a token at vercel.com/account/tokens.",
        )
    console.say(publishing.export(ownership, publishing.Format.EDGE_CONFIG).rstrip())
    late = publishing.late_changes(ownership, datetime.now(UTC))
    if late:
        console.warn(
            f"{', '.join(late)}: the owner changes before both sides can hold this. Where it was not"
            " pushed in time before, make the change again; cronshift status --live lists the ticks"
            " that it has cost."
        )
    pushed = not dry_run and console.confirm(f"Put this into {edge_config}?", yes=yes)
    if pushed:
        api = os.environ.get("CRONSHIFT_VERCEL_API", "https://api.vercel.com")
        pushing = publishing.push_to_edge_config(ownership, edge_config, token, team=team, api=api)
        asyncio.run(pushing)
        console.say(f"{edge_config} holds it as {publishing.KEY}.")
    elif not dry_run:
        console.say(f"You said no: {edge_config} holds what it held.")
    if invocation.json:
        document = {"edge_config": edge_config, "key": publishing.KEY, "pushed": pushed}
        console.document(document | {"late": late})
    return ExitCode.OK if pushed or dry_run else ExitCode.NOT_WELL


SUBCOMMANDS = {"export": export, "push": push}
