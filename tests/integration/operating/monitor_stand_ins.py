"""The services that have monitors, as their documentation shows their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

BETTER_STACK_TOKEN = "planted-betterstack-token"
HEALTHCHECKS_KEY = "planted-healthchecks-key"
SENTRY_TOKEN = "planted-sentry-token"
PING = "https://ping.example.com/planted-address"


@dataclass
class Services:
    """Better Stack, healthchecks and Sentry on one address."""

    heartbeats: dict[str, dict[str, Any]] = field(default_factory=dict)
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    monitors: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    page: int = 2
    before: Response | None = None

    def app(self) -> FastAPI:  # noqa: C901 - a route each
        app = FastAPI()

        @app.middleware("http")
        async def gate(request: Request, go_on: Any) -> Response:
            if self.before is not None:
                return self.before
            path, headers = request.url.path, request.headers
            bearer = headers.get("authorization", "").removeprefix("Bearer ")
            if path.startswith("/betterstack") and bearer != BETTER_STACK_TOKEN:
                return JSONResponse({"errors": "Invalid Team API token"}, 401)
            if path.startswith("/healthchecks") and headers.get("x-api-key") != HEALTHCHECKS_KEY:
                return JSONResponse({"error": "wrong api key"}, 401)
            if path.startswith("/api/0") and bearer != SENTRY_TOKEN:
                return JSONResponse({"detail": "Invalid token"}, 401)
            response: Response = await go_on(request)
            return response

        @app.get("/betterstack/heartbeats")
        def heartbeats(page: int = 1) -> Any:
            start = (page - 1) * self.page
            rows = [
                {"id": key, "type": "heartbeat", "attributes": value}
                for key, value in self.heartbeats.items()
            ]
            more = start + self.page < len(rows)
            following = (
                f"https://elsewhere.example.com/heartbeats?page={page + 1}" if more else None
            )
            return {"data": rows[start : start + self.page], "pagination": {"next": following}}

        @app.post("/betterstack/heartbeats")
        async def make_heartbeat(request: Request) -> Any:
            body, key = await request.json(), str(len(self.heartbeats) + 1)
            self.heartbeats[key] = {"url": f"{PING}/{key}", "status": "pending", **body}
            self.changes.append(("make", body["name"]))
            return JSONResponse(
                {"data": {"id": key, "type": "heartbeat", "attributes": self.heartbeats[key]}}, 201
            )

        @app.patch("/betterstack/heartbeats/{key}")
        async def change_heartbeat(key: str, request: Request) -> Any:
            self.heartbeats[key] |= await request.json()
            self.changes.append(("change", self.heartbeats[key]["name"]))
            return {"data": {"id": key, "type": "heartbeat", "attributes": self.heartbeats[key]}}

        @app.get("/healthchecks/checks/")
        def checks() -> Any:
            return {"checks": list(self.checks.values())}

        @app.post("/healthchecks/checks/")
        async def make_check(request: Request) -> Any:
            body = await request.json()
            unique = body.pop("unique", [])
            is_new = unique != ["slug"] or body["slug"] not in self.checks
            check = {"uuid": f"id-{body['slug']}", "ping_url": f"{PING}/{body['slug']}", **body}
            self.checks[body["slug"]] = check
            self.changes.append(("make", body["slug"]))
            return JSONResponse(check, 201 if is_new else 200)

        @app.post("/healthchecks/checks/{key}")
        async def change_check(key: str, request: Request) -> Any:
            slug = key.removeprefix("id-")
            kept = {
                name: value
                for name, value in self.checks[slug].items()
                if name not in {"schedule", "tz", "timeout"}
            }
            self.checks[slug] = kept | await request.json()
            self.changes.append(("change", slug))
            return self.checks[slug]

        @app.get("/api/0/projects/{org}/{project}/keys/")
        def keys(org: str, project: str) -> Any:
            public = "https://planted-public-key@o1.ingest.example.com/42"
            return [
                {"isActive": False, "dsn": {"public": "https://old@o1.ingest.example.com/42"}},
                {"isActive": True, "dsn": {"public": public}},
            ]

        @app.get("/api/0/organizations/{org}/monitors/{slug}/")
        def monitor(org: str, slug: str) -> Any:
            if slug not in self.monitors:
                return JSONResponse({"detail": "The requested resource does not exist"}, 404)
            return self.monitors[slug]

        @app.post("/api/0/organizations/{org}/monitors/")
        async def make_monitor(org: str, request: Request) -> Any:
            body = await request.json()
            self.monitors[body["slug"]] = body
            self.changes.append(("make", body["slug"]))
            return JSONResponse(body, 201)

        @app.put("/api/0/organizations/{org}/monitors/{slug}/")
        async def change_monitor(org: str, slug: str, request: Request) -> Any:
            self.monitors[slug] |= await request.json()
            self.changes.append(("change", slug))
            return self.monitors[slug]

        return app


def variables(address: str, *services: str) -> dict[str, str]:
    """Return the variables that name services, and where they are."""
    tokens = {
        "better-stack": {"BETTERSTACK_API_TOKEN": BETTER_STACK_TOKEN},
        "healthchecks": {"HEALTHCHECKS_API_KEY": HEALTHCHECKS_KEY},
        "sentry": {
            "SENTRY_AUTH_TOKEN": SENTRY_TOKEN,
            "SENTRY_ORG": "acme",
            "SENTRY_PROJECT": "shop",
        },
    }
    named = {name: value for service in services for name, value in tokens[service].items()}
    return named | {
        "CRONSHIFT_BETTERSTACK_API": f"{address}/betterstack",
        "CRONSHIFT_HEALTHCHECKS_API": f"{address}/healthchecks",
        "SENTRY_URL": address,
    }
