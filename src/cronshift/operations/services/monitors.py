"""The services that monitors are made at: which variables each needs, and its client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from cronshift.operations.services import betterstack, healthchecks, sentry
from cronshift.operations.services.monitoring import MonitorService

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from cronshift.operations.services.monitoring import Monitor, RemoteMonitor

VARIABLES = {
    MonitorService.BETTER_STACK: (betterstack.TOKEN,),
    MonitorService.HEALTHCHECKS: (healthchecks.TOKEN,),
    MonitorService.SENTRY: (sentry.TOKEN, sentry.ORGANIZATION, sentry.PROJECT),
}
"""The variables without which a service cannot be asked."""


class Monitors(Protocol):
    """A service's monitors, for as long as the block runs."""

    async def __aenter__(self) -> Self:
        """Open the client."""

    async def __aexit__(self, *error: object) -> None:
        """Close the client."""

    async def find(self, slugs: Collection[str]) -> dict[str, RemoteMonitor]:
        """Return those monitors that there are, by their slugs."""

    async def make(self, monitor: Monitor) -> RemoteMonitor:
        """Make a monitor."""

    async def change(self, remote: RemoteMonitor, monitor: Monitor) -> RemoteMonitor:
        """Change a monitor, whose address stays."""


def names_missing(service: MonitorService, environ: Mapping[str, str]) -> list[str]:
    """Return the variables of a service that are not set."""
    return [name for name in VARIABLES[service] if not environ.get(name, "").strip()]


def only_service(environ: Mapping[str, str]) -> MonitorService | None:
    """Return the service whose variables are set, where that is one alone."""
    there = [service for service in MonitorService if not names_missing(service, environ)]
    return there[0] if len(there) == 1 else None


def monitors_at(
    service: MonitorService, environ: Mapping[str, str], *, timeout: timedelta
) -> Monitors:
    """Return the client of a service, by the variables of an environment."""
    token, *more = (environ[name].strip() for name in VARIABLES[service])
    match service:
        case MonitorService.BETTER_STACK:
            base = environ.get(betterstack.ADDRESS) or betterstack.CLOUD
            return betterstack.BetterStack(base, token, timeout=timeout)
        case MonitorService.HEALTHCHECKS:
            base = environ.get(healthchecks.ADDRESS) or healthchecks.CLOUD
            return healthchecks.Healthchecks(base, token, timeout=timeout)
        case MonitorService.SENTRY:
            base = environ.get(sentry.ADDRESS) or sentry.CLOUD
            return sentry.Sentry(base, token, *more, timeout=timeout)


async def put(
    service: MonitorService, monitor: Monitor, environ: Mapping[str, str], patience: timedelta
) -> RemoteMonitor:
    """Make a monitor, or change the one of its name; one that is as it is to be stays untouched."""
    async with monitors_at(service, environ, timeout=patience) as monitors:
        remote = (await monitors.find((monitor.slug,))).get(monitor.slug)
        if remote is None:
            return await monitors.make(monitor)
        return remote if remote.monitor == monitor else await monitors.change(remote, monitor)
