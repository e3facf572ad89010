"""Sentry's cron monitors over its web API: schedules on the clock of a zone, margins in minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from cronshift.errors import CronshiftError
from cronshift.operations.services.api import ApiError, ApiProblem, JsonApi
from cronshift.operations.services.monitoring import (
    DueByCron,
    DueByInterval,
    Monitor,
    RemoteMonitor,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

CLOUD = "https://sentry.io"
ADDRESS = "SENTRY_URL"
"""The variable of another server, as Sentry's own command line reads it."""
TOKEN = "SENTRY_AUTH_TOKEN"  # noqa: S105 - the variable's name
ORGANIZATION, PROJECT = "SENTRY_ORG", "SENTRY_PROJECT"
"""The variables of the slugs, as Sentry's own command line reads them."""
_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}


class _Config(Struct, frozen=True):
    schedule_type: str = ""
    schedule: str | tuple[int | str, ...] = ""
    timezone: str | None = None
    checkin_margin: int | None = None
    max_runtime: int | None = None


class _Monitor(Struct, frozen=True):
    slug: str = ""
    config: _Config = field(default_factory=_Config)


class _Dsn(Struct, frozen=True):
    public: str = ""


class _Key(Struct, frozen=True, rename="camel"):
    is_active: bool = True
    dsn: _Dsn = field(default_factory=_Dsn)


class Sentry(JsonApi):
    """Sentry, asked about the monitors of one project.

    Args:
        base: the server's address.
        token: an auth token that may write monitors and read the project.
        organization: its slug.
        project: its slug.
        timeout: how long the server may be silent.
    """

    def __init__(
        self, base: str, token: str, organization: str, project: str, *, timeout: timedelta
    ) -> None:
        super().__init__("Sentry", f"{base.rstrip('/')}/api/0", token, timeout=timeout)
        self._monitors = f"/organizations/{self.segment(organization)}/monitors/"
        self._keys = f"/projects/{self.segment(organization)}/{self.segment(project)}/keys/"
        self._project = project

    async def find(self, slugs: Collection[str]) -> dict[str, RemoteMonitor]:
        """Return those monitors that there are, by their slugs."""
        remote = {}
        address = await self._address()
        for slug in slugs:
            try:
                answer = await self.ask("GET", f"{self._monitors}{self.segment(slug)}/", _Monitor)
            except ApiError as error:
                if error.problem is not ApiProblem.MISSING:
                    raise
            else:
                remote[slug] = _remote(answer, address)
        return remote

    async def make(self, monitor: Monitor) -> RemoteMonitor:
        """Make a monitor."""
        body = _body(monitor) | {"project": self._project, "type": "cron_job"}
        answer = await self.ask("POST", self._monitors, _Monitor, body=body)
        return _remote(answer, await self._address())

    async def change(self, remote: RemoteMonitor, monitor: Monitor) -> RemoteMonitor:
        """Change a monitor; what is not cronshift's of its configuration stays Sentry's."""
        path = f"{self._monitors}{self.segment(remote.id)}/"
        body = _body(monitor) | {"project": self._project, "type": "cron_job"}
        return _remote(await self.ask("PUT", path, _Monitor, body=body), await self._address())

    async def _address(self) -> str:
        """Return the address of a monitor, with its slug to be filled in, by the project's public key."""
        keys = await self.ask("GET", self._keys, tuple[_Key, ...])
        dsn = next((key.dsn.public for key in keys if key.is_active and key.dsn.public), "")
        parts = urlsplit(dsn)
        path, _, project = parts.path.rpartition("/")
        if not (parts.hostname and parts.username and project.isdecimal()):
            raise CronshiftError(
                "Sentry tells no active client key of the project.",
                reason="api-refuses",
                hint="Make one in the project's settings, Client Keys (DSN).",
            )
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{path}/api/{project}/cron/{{}}/{parts.username}/"


def _body(monitor: Monitor) -> dict[str, Any]:
    minutes = monitor.grace // 60
    match monitor.due:
        case DueByCron(expression, zone):
            due: dict[str, Any] = {"schedule_type": "crontab", "schedule": expression}
            due["timezone"] = zone
        case DueByInterval(seconds):
            schedule = [seconds // 60, "minute"]
            due = {"schedule_type": "interval", "schedule": schedule, "timezone": "UTC"}
    thresholds = {"failure_issue_threshold": 1, "recovery_threshold": 1}
    config = due | {"checkin_margin": minutes, "max_runtime": minutes} | thresholds
    return {"name": monitor.slug, "slug": monitor.slug, "config": config}


def _remote(answer: _Monitor, address: str) -> RemoteMonitor:
    config = answer.config
    if isinstance(config.schedule, str):
        due: DueByCron | DueByInterval = DueByCron(config.schedule, config.timezone or "UTC")
    else:
        number, unit = (*config.schedule, 0, "")[:2]
        due = DueByInterval(int(number) * _UNITS.get(str(unit), 0))
    margins = {config.checkin_margin, config.max_runtime}
    grace = (margins.pop() or 0) * 60 if len(margins) == 1 else 0
    return RemoteMonitor(answer.slug, Monitor(answer.slug, due, grace), address.format(answer.slug))
