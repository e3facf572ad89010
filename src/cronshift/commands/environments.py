"""The options and defaults that commands take from the environment that ``cronshift link`` has written down."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation
    from cronshift.project.environments import Environment

EnvironmentName = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        envvar="CRONSHIFT_ENV",
        help="The environment that cronshift link has written down; production by default.",
    ),
]


def environment_of(invocation: Invocation, name: str | None) -> Environment:
    """Return an environment of the project; for ``None`` production, which may be empty.

    Raises:
        ConfigError: for a name that nothing is linked under.
    """
    from cronshift.project.environments import environment_named
    from cronshift.project.settings import load_settings

    settings = load_settings(invocation.root, invocation.config)
    return environment_named(settings.environments, name)


def chosen(
    context: typer.Context, option: str, value: str | None, name: str | None, linked: str | None
) -> str | None:
    """Return an option's value: as typed, else the named environment's, a variable's, production's.

    Args:
        context: of the command.
        option: the option's parameter.
        value: its value.
        name: of the environment, where one was named.
        linked: what the environment has for it.
    """
    source: Any = context.get_parameter_source(option)
    is_variable = source is not None and source.name == "ENVIRONMENT"
    if name is not None and linked is not None and is_variable:
        return linked
    return value or linked


def is_named(
    invocation: Invocation, environment: Environment, address: str | None, *typed: str | None
) -> bool:
    """Return whether this user, and not only a commit, has named an address, which may be sent secrets.

    Args:
        invocation: of the command.
        environment: that the address is of.
        address: where something is to be sent.
        typed: what the command line, or a variable of it, says.
    """
    from cronshift.readiness.doctor.asking import is_named_here

    return is_named_here(address, invocation.root, environment, os.environ, typed)


def bypass_of(
    invocation: Invocation, environment: Environment, endpoint: str, *typed: str | None
) -> dict[str, str]:
    """Return the header that passes the protection before an endpoint, where this user has named it."""
    from cronshift.runtime.protection import bypass_headers

    return bypass_headers() if is_named(invocation, environment, endpoint, *typed) else {}


def refuse_unlinked(name: str, key: str, value: str | None) -> None:
    """Make sure that an environment has what it was named for.

    Raises:
        ConfigError: if its table lacks the key.
    """
    if not value:
        option = key.replace("_", "-")
        raise ConfigError(
            f"The environment {name} has no `{key}` in cronshift.toml.",
            reason="no-such-environment",
            hint=f"cronshift link --env {name} --{option} …",
        )
