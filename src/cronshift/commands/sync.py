"""``cronshift sync``: have an endpoint register its functions with Inngest."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.commands.environments import (
    EnvironmentName,
    bypass_of,
    chosen,
    environment_of,
)
from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.commands.invocation import Invocation
    from cronshift.engine.server.syncing import Synced


def sync(
    context: typer.Context,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="CRONSHIFT_ENDPOINT", help="Where the functions are served."
        ),
    ] = None,
    env: EnvironmentName = None,
) -> ExitCode:
    """Have an endpoint register its functions with Inngest, once after every deploy.

    The endpoint asks the server that its own variables name, and Inngest calls the address at which it
    was asked: name the one that Inngest can reach. INNGEST_SIGNING_KEY signs the request where the
    endpoint wants that.

    Exits 1 when Inngest does not take them, with the cause.

    Examples:
      cronshift sync --endpoint https://app.example.com/api/inngest
      cronshift sync --env staging
    """
    invocation: Invocation = context.obj
    bypass = None
    if endpoint is None or env is not None:
        environment, typed = environment_of(invocation, env), endpoint
        endpoint = chosen(context, "endpoint", endpoint, env, environment.endpoint)
        bypass = bypass_of(invocation, environment, endpoint or "", typed)
    if not endpoint:
        raise CronshiftError(
            "Nothing says where the functions are served.",
            reason="usage",
            hint="Add --endpoint URL, or write it down: cronshift link --endpoint URL",
        )
    synced = asyncio.run(_sync(endpoint, bypass))
    if invocation.json:
        invocation.console.document(
            {"endpoint": endpoint, "sdk": synced.sdk, "modified": synced.modified}
        )
    else:
        news = "" if synced.modified is not False else "; nothing was new to it"
        invocation.console.result(f"Inngest has the functions of {endpoint}{news}.")
    return ExitCode.OK


async def _sync(url: str, bypass: Mapping[str, str] | None) -> Synced:
    from cronshift.engine.server.endpoint import Endpoint
    from cronshift.engine.server.syncing import sync as register

    key = os.environ.get("INNGEST_SIGNING_KEY")
    async with Endpoint.http(url, key, bypass=bypass) as endpoint:
        return await register(endpoint)
