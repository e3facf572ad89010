"""Inngest, Vercel and a deployment, made from their published shapes and from the real SDK."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import inngest
import inngest.fast_api
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from cronshift.operations.services.inngest import OWN_SERVERS_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

KEY = "signkey-prod-00112233445566778899aabbccddeeff"
OTHER_KEY = "signkey-prod-ffeeddccbbaa99887766554433221100"
EVENT = "planted-event-key"
TOKEN = "planted-vercel-token"
API_KEY = "sk-inn-api-planted"
CRONS = {"nightly": "0 3 * * *", "hourly": "0 * * * *", "mail": "30 6 * * 1"}
PATHS = {job: f"/api/cron/{job}" for job in CRONS}
APP = "shop"

IN_TIME = timedelta(0)


def dated(response: Response, skew: timedelta, *, aged: bool = False) -> Response:
    told = datetime.now(UTC).replace(microsecond=0) + skew
    response.headers["date"] = format_datetime(told, usegmt=True)
    if aged:
        response.headers["age"] = "3600"
    return response


@dataclass
class Inngest:
    """Inngest's API; the field names are those of its published document."""

    tokens: set[str] = field(default_factory=lambda: {KEY, API_KEY})
    signing_keys: list[str] = field(default_factory=lambda: [KEY])
    event_keys: list[str] = field(default_factory=lambda: [EVENT])
    environments: dict[str, bool] = field(default_factory=lambda: {"production": False})
    crons: dict[str, str] = field(default_factory=lambda: dict(CRONS))
    paused: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    status: int = 200
    body: str | None = None
    delay: float = 0
    skew: timedelta = IN_TIME
    keys_status: int = 200
    pages: bool = False
    version: str | None = None
    is_own_server: bool = False
    sync: dict[str, Any] | None = None
    synced: list[Any] = field(default_factory=list)

    def app(self) -> FastAPI:  # noqa: C901 - a route each
        app = FastAPI()

        @app.middleware("http")
        async def gate(request: Request, go_on: Any) -> Response:
            await asyncio.sleep(self.delay)
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self.body is not None or self.status != 200:
                return dated(Response(self.body or "Something", self.status), self.skew)
            if request.url.path != "/dev" and token not in self.tokens:
                return dated(Response("Authentication failed", 401), self.skew)
            return dated(await go_on(request), self.skew)

        @app.get("/api/v2/envs")
        def envs() -> Any:
            return listed(
                {
                    "id": OWN_SERVERS_ENVIRONMENT if self.is_own_server else name,
                    "name": name,
                    "type": "TEST",
                    "isArchived": archived,
                }
                for name, archived in self.environments.items()
            )

        @app.get("/api/v2/keys/signing")
        def signing() -> Any:
            if self.keys_status != 200:
                return refused(self.keys_status)
            return listed({"id": key[-4:], "key": key, "name": ""} for key in self.signing_keys)

        @app.get("/api/v2/keys/events")
        def events(cursor: str | None = None) -> Any:
            if self.keys_status != 200:
                return refused(self.keys_status)
            keys = [{"id": key[-4:], "key": key} for key in self.event_keys]
            if not self.pages:
                return listed(keys)
            at = int(cursor or 0)
            page = {"hasMore": at + 1 < len(keys), "cursor": str(at + 1), "limit": 1}
            return {"data": keys[at : at + 1], "page": page}

        @app.get("/api/v2/apps/{app_id}/functions/{function}")
        def function(app_id: str, function: str) -> Any:
            if app_id != APP or function not in self.crons:
                return refused(404)
            text = self.crons[function]
            value = text if text.startswith("TZ=") else f"TZ=UTC {text}"
            return {
                "data": {
                    "id": "01",
                    "name": function,
                    "slug": f"{app_id}-{function}",
                    "isPaused": function in self.paused,
                    "isArchived": function in self.archived,
                    "app": {"id": app_id},
                    "triggers": [{"type": "CRON", "value": value}],
                }
            }

        @app.post("/api/v2/apps/{app_id}/syncs")
        async def sync(app_id: str, request: Request) -> Any:
            self.synced.append((app_id, await request.json()))
            data = self.sync or {"id": "01", "appId": app_id, "status": "success"}
            status = 422 if data.get("status") == "error" else 200
            return JSONResponse({"data": data}, status)

        @app.get("/dev")
        def dev() -> Any:
            return {"version": self.version} if self.version else refused(404)

        return app


def listed(items: Any) -> dict[str, Any]:
    return {"data": list(items), "page": {"hasMore": False, "limit": 20}}


def refused(status: int) -> JSONResponse:
    return JSONResponse({"errors": [{"code": "refused", "message": "No."}]}, status)


NAMES = ("INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY", "CRON_SECRET")


@dataclass
class Vercel:
    """Vercel's API."""

    token: str = TOKEN
    project: str = "prj_1"
    team: str | None = None
    crons: list[dict[str, Any]] | None = field(
        default_factory=lambda: [
            {"host": "shop.vercel.app", "path": PATHS[job], "schedule": text}
            for job, text in CRONS.items()
        ]
    )
    enabled_at: int | None = 1
    disabled_at: int | None = None
    variables: dict[str, Any] = field(
        default_factory=lambda: {name: ["production", "preview"] for name in NAMES}
    )
    variables_status: int = 200
    status: int = 200
    bypass: dict[str, Any] | None = None
    delay: float = 0
    skew: timedelta = IN_TIME
    refuses: frozenset[str] = frozenset()
    changes: list[Any] = field(default_factory=list)

    def app(self) -> FastAPI:  # noqa: C901 - a route each
        app = FastAPI()

        @app.middleware("http")
        async def gate(request: Request, go_on: Any) -> Response:
            await asyncio.sleep(self.delay)
            if self.status != 200:
                return dated(forbidden(self.status), self.skew)
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return dated(forbidden(403), self.skew)
            if request.query_params.get("teamId") != self.team:
                return dated(forbidden(403), self.skew)
            return dated(await go_on(request), self.skew)

        @app.get("/v9/projects/{project}")
        def the_project(project: str) -> Any:
            if project != self.project:
                return forbidden(404)
            crons = {
                "enabledAt": self.enabled_at,
                "disabledAt": self.disabled_at,
                "definitions": self.crons,
            }
            bypass = {} if self.bypass is None else {"protectionBypass": self.bypass}
            there = None if self.crons is None else crons
            return {"id": project, "name": "shop", "crons": there, **bypass}

        @app.get("/v10/projects/{project}/env")
        def variables(project: str) -> Any:
            if self.variables_status != 200:
                return forbidden(self.variables_status)
            return {
                "envs": [
                    {"key": name, "id": f"id-{name}", "value": "sealed"}
                    | (target if isinstance(target, dict) else {"target": target})
                    for name, target in self.variables.items()
                ]
            }

        @app.post("/v10/projects/{project}/env")
        async def set_variable(project: str, request: Request) -> Any:
            body = await request.json()
            if body["key"] in self.refuses:
                return forbidden(400)
            self.changes.append(("set", body))
            targets = self.variables.get(body["key"], [])
            targets = [targets] if isinstance(targets, str) else targets
            self.variables[body["key"]] = [*targets, *body["target"]]
            return {"created": {"key": body["key"], "id": f"id-{body['key']}"}, "failed": []}

        @app.patch("/v1/projects/{project}/protection-bypass")
        def make_bypass(project: str) -> Any:
            self.bypass = {"planted-bypass": {"scope": "automation-bypass"}}
            self.changes.append(("bypass", None))
            return {"protectionBypass": self.bypass}

        return app


def forbidden(status: int) -> JSONResponse:
    return JSONResponse({"error": {"code": "forbidden", "message": "Not authorized"}}, status)


@dataclass
class Deployment:
    """An endpoint that the real SDK serves; ``before`` may answer in its stead."""

    key: str | None = KEY
    event_key: str | None = EVENT
    app_id: str = APP
    crons: dict[str, str] = field(default_factory=lambda: dict(CRONS))
    is_production: bool = True
    api: str | None = None
    serve_origin: str | None = None
    before: Any = None
    delay: float = 0
    skew: timedelta = IN_TIME
    aged: bool = False
    replaced: FastAPI | None = None

    def app(self, server: str) -> ASGIApp:
        if self.replaced is not None:
            app = self.replaced
        else:
            app = FastAPI()
            client = inngest.Inngest(
                app_id=self.app_id,
                is_production=self.is_production,
                signing_key=self.key,
                event_key=self.event_key,
                api_base_url=self.api or server,
                event_api_base_url=server,
            )
            functions = [self._function(client, job, text) for job, text in self.crons.items()]
            inngest.fast_api.serve(app, client, functions, serve_origin=self.serve_origin)

        @app.middleware("http")
        async def stand_before(request: Request, go_on: Any) -> Response:
            await asyncio.sleep(self.delay)
            answer = self.before(request) if self.before is not None else None
            response = answer if answer is not None else await go_on(request)
            return dated(response, self.skew, aged=self.aged)

        return app

    @staticmethod
    def _function(client: inngest.Inngest, job: str, text: str) -> Any:
        trigger = inngest.TriggerCron(cron=f"TZ=UTC {text}")

        @client.create_function(fn_id=job, trigger=trigger)
        async def run(_: inngest.Context) -> None:
            raise AssertionError("nothing that only looks runs a function")

        return run


@dataclass
class World:
    """Everything that a project is set up with; healthy, until a test says otherwise."""

    inngest: Inngest = field(default_factory=Inngest)
    vercel: Vercel = field(default_factory=Vercel)
    deployment: Deployment = field(default_factory=Deployment)
    environ: dict[str, str] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    name: str = "production"
    files: dict[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    server: str | None = None
    vercel_server: str | None = None
    toml: str = ""
    is_named_here: bool = True
    project: dict[str, str] = field(default_factory=lambda: {"serve": "worker"})

    @contextmanager
    def standing(self) -> Iterator[Standing]:
        """Serve all of it on loopback."""
        with ExitStack() as stack:
            servers: list[uvicorn.Server] = []
            server = self.server or begin(self.inngest.app(), servers, stack)
            vercel = self.vercel_server or begin(self.vercel.app(), servers, stack)
            app = begin(self.deployment.app(server), servers, stack)
            stack.callback(end, servers)
            yield Standing(app, self.endpoint or f"{app}/api/inngest", server, vercel)


def end(servers: list[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True


def begin(app: ASGIApp, servers: list[uvicorn.Server], stack: ExitStack) -> str:
    """Serve an app without a clock of its own, and return its address; all end together."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="critical", date_header=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    servers.append(server)
    stack.callback(thread.join)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True)
class Standing:
    app: str
    endpoint: str
    inngest: str
    vercel: str
