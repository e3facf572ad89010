"""The environments of a project: where each is, by names and addresses; never a secret."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCTION = "production"


class VercelTarget(StrEnum):
    """The targets that Vercel keeps variables for."""

    PRODUCTION = "production"
    PREVIEW = "preview"
    DEVELOPMENT = "development"


class InngestPlan(StrEnum):
    """The plans whose allowances are known; nothing that can be asked tells which an account has."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"


class Environment(Struct, frozen=True):
    """An environment, as ``[environments.NAME]`` of cronshift.toml has it.

    Attributes:
        app: where the app answers.
        endpoint: where the functions are served.
        vercel_project: the id or name of the project.
        vercel_team: the id of its team; ``None`` for a personal account.
        edge_config: the id of the Edge Config that holds the ownership file.
        inngest_env: the name of the Inngest environment; ``None`` for the one of the key.
        inngest_plan: of the account.
    """

    name: str
    vercel_target: VercelTarget
    app: str | None = None
    endpoint: str | None = None
    vercel_project: str | None = None
    vercel_team: str | None = None
    edge_config: str | None = None
    inngest_env: str | None = None
    inngest_plan: InngestPlan | None = None

    @property
    def is_production(self) -> bool:
        """True where Vercel's cron calls it, and scheduled ticks run in it."""
        return self.vercel_target is VercelTarget.PRODUCTION


def read_environment(name: str, table: Mapping[str, Any]) -> Environment:
    """Return the environment that a table of the settings spells, once the schema holds."""
    values = dict(table)
    target, plan = values.pop("vercel_target", None), values.pop("inngest_plan", None)
    return Environment(
        name,
        VercelTarget(target) if target else _usual_target(name),
        inngest_plan=InngestPlan(plan) if plan else None,
        **values,
    )


def environment_named(environments: Mapping[str, Environment], name: str | None) -> Environment:
    """Return an environment; for ``None`` production, or an empty one where none is linked.

    Raises:
        ConfigError: for a name that nothing is linked under.
    """
    environment = environments.get(name or PRODUCTION)
    if environment is not None:
        return environment
    if name is None:
        return read_environment(PRODUCTION, {})
    there = ", ".join(environments) or "none"
    raise ConfigError(
        f"No environment {name!r} is linked; linked: {there}.",
        reason="no-such-environment",
        hint=f"cronshift link --env {name}",
    )


def _usual_target(name: str) -> VercelTarget:
    """Return the target that Vercel would call an environment of that name: staging is a preview to it."""
    try:
        return VercelTarget(name)
    except ValueError:
        return VercelTarget.PREVIEW
