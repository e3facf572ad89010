"""Vercel's REST API, as far as its documentation and its own clients show it: one project, its log, Edge Configs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.operations.services.api import JsonApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

CLOUD = "https://api.vercel.com"
ADDRESS = "CRONSHIFT_VERCEL_API"
"""The variable of another address of the API."""
TOKEN = "VERCEL_TOKEN"  # noqa: S105 - the variable's name
LOG = "https://vercel.com"
_LOG_PATH = "/api/logs/request-logs"
_PATIENCE = timedelta(seconds=30)
_MOST_PAGES = 500


class DeployedCron(Struct, frozen=True):
    """An entry of the newest production deployment; ``source`` is ``api`` for one that no file has."""

    path: str = ""
    schedule: str = ""
    source: str | None = None


class DeployedCrons(Struct, frozen=True, rename="camel"):
    """All entries, and when they were switched on and off for the whole project."""

    definitions: tuple[DeployedCron, ...] = ()
    enabled_at: float | None = None
    disabled_at: float | None = None

    @property
    def are_on(self) -> bool:
        """True where Vercel calls them."""
        return self.disabled_at is None or (self.enabled_at or 0) > self.disabled_at


class VercelProject(Struct, frozen=True, rename="camel"):
    """A project; the secrets of its bypasses are read over."""

    id: str = ""
    name: str = ""
    crons: DeployedCrons | None = None
    protection_bypass: dict[str, Any] | None = None

    @property
    def has_bypass(self) -> bool:
        """True where there is a protection bypass for automation."""
        return any(
            isinstance(bypass, dict) and bypass.get("scope") == "automation-bypass"
            for bypass in (self.protection_bypass or {}).values()
        )


class VariableKind(StrEnum):
    """The ways in which Vercel keeps a value."""

    SENSITIVE = "sensitive"
    ENCRYPTED = "encrypted"
    PLAIN = "plain"


class Variable(Struct, frozen=True, rename="camel"):
    """A variable of a project: its name and where it is set; its value is never asked for."""

    key: str = ""
    id: str = ""
    target: tuple[str, ...] | str | None = ()
    git_branch: str | None = None
    custom_environment_ids: tuple[str, ...] | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets it is set for; a single one is told as text."""
        return (self.target,) if isinstance(self.target, str) else self.target or ()


class _Variables(Struct, frozen=True):
    envs: tuple[Variable, ...] = ()


class VercelService(JsonApi):
    """Vercel, asked about one project.

    Args:
        token: of the API.
        project: the id or name.
        team: the team's id; ``None`` for a personal account.
        base: the API's address.
        timeout: how long the server may be silent.
    """

    def __init__(
        self, token: str, project: str, team: str | None, *, base: str, timeout: timedelta
    ) -> None:
        parameters = {"teamId": team} if team else {}
        super().__init__("Vercel", base, token, parameters=parameters, timeout=timeout)
        self._project = quote(project, safe="")

    async def project(self) -> VercelProject:
        """Return the project with its crons."""
        return await self.ask("GET", f"/v9/projects/{self._project}", VercelProject)

    async def variables(self) -> tuple[Variable, ...]:
        """Return the names of the project's variables, and where each is set."""
        path = f"/v10/projects/{self._project}/env"
        return (await self.ask("GET", path, _Variables)).envs

    async def set_variable(self, name: str, value: str, target: str) -> None:
        """Set a variable for one target; a deployment that is made later reads it."""
        kind = VariableKind.ENCRYPTED if target == "development" else VariableKind.SENSITIVE
        body = {"key": name, "value": value, "type": kind, "target": [target]}
        path = f"/v10/projects/{self._project}/env"
        await self.ask("POST", path, Any, body=body, parameters={"upsert": "true"})

    async def make_bypass(self) -> None:
        """Make a protection bypass for automation; functions read it from a variable of Vercel's."""
        path = f"/v1/projects/{self._project}/protection-bypass"
        await self.ask("PATCH", path, Any, body={})


def vercel_server(environ: Mapping[str, str]) -> str:
    """Return the address of Vercel's API."""
    return environ.get(ADDRESS) or CLOUD


class EdgeConfigs(JsonApi):
    """Vercel, asked about the Edge Configs of an account or a team.

    Args:
        token: of the API.
        team: the team's id; ``None`` for a personal account.
        base: the API's address.
    """

    def __init__(self, token: str, team: str | None, *, base: str = CLOUD) -> None:
        parameters = {"teamId": team} if team else {}
        super().__init__("Vercel's API", base, token, parameters=parameters, timeout=_PATIENCE)

    async def put(self, config_id: str, key: str, value: Any) -> None:
        """Put an item into an Edge Config, in place of the one of that key."""
        items = {"items": [{"operation": "upsert", "key": key, "value": value}]}
        path = f"/v1/edge-config/{self.segment(config_id)}/items"
        await self.ask("PATCH", path, Any, body=items)


class LoggedRequest(Struct, frozen=True):
    """One request that Vercel has logged.

    Attributes:
        path: without its query.
    """

    id: str
    at: datetime
    method: str
    path: str
    status: int
    deployment: str | None


class _LogPage(Struct, frozen=True, rename="camel"):
    rows: tuple[Any, ...] | None = None
    has_more_rows: bool | None = None


class VercelLog(JsonApi):
    """Vercel's log of the requests to one project's production, read only (facts: operate 2).

    It is not documented: the shape is what Vercel's own command line reads. How far back a plan keeps it
    was not checked; what is older than the oldest row counts as not watched.

    Args:
        token: of the API.
        project: its id.
        owner: the id of its team or account.
        base: where the log is.
    """

    def __init__(self, token: str, project: str, owner: str, *, base: str = LOG) -> None:
        query = {"projectId": project, "ownerId": owner, "environment": "production"}
        super().__init__("Vercel's log", base, token, parameters=query, timeout=_PATIENCE)

    async def requests(self, since: datetime, until: datetime) -> AsyncIterator[LoggedRequest]:
        """Yield the requests of a span, page by page, in the order in which Vercel lists them.

        Raises:
            CronshiftError: where it does not tell all of them.
        """
        span = {"startDate": _milliseconds(since), "endDate": _milliseconds(until)}
        for number in range(_MOST_PAGES):
            parameters = span | {"page": str(number)}
            page = await self.ask("GET", _LOG_PATH, _LogPage, parameters=parameters)
            for row in page.rows or ():
                if (request := _request(row)) is not None:
                    yield request
            if not page.has_more_rows:
                return
        raise CronshiftError(
            f"Vercel's log has more than {_MOST_PAGES} pages of requests in that span.",
            reason="vercel-api",
            hint="Name a shorter span: --since.",
        )


def _request(row: Any) -> LoggedRequest | None:
    """Return the request in a row; ``None`` for a row that says too little."""
    try:
        at = datetime.fromisoformat(row["timestamp"])
        return LoggedRequest(
            id=str(row["requestId"]),
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            method=str(row["requestMethod"]),
            path=str(row["requestPath"]).partition("?")[0],
            status=int(row["statusCode"]),
            deployment=row.get("deploymentId"),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))
