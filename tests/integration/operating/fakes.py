"""What stands in an SDK's stead, or before it, in the answers that were measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from tests.integration.operating.stand_ins import APP, CRONS, EVENT, KEY

from cronshift.engine.server.signing import is_signed
from cronshift.readiness.doctor.endpoint_facts import event_key_hash

if TYPE_CHECKING:
    from collections.abc import Callable

SSO = "https://vercel.com/sso-api?url=https%3A%2F%2Fshop.vercel.app&nonce=1"
LOGIN = "<title>Authentication Required</title>Vercel Authentication"


def always(answer: Callable[[], Response]) -> Callable[[Request], Response]:
    return lambda _: answer()


def redirect(to: str, status: int = 307) -> Callable[[Request], Response]:
    return always(lambda: RedirectResponse(to, status))


def page(text: str, status: int, **headers: str) -> Callable[[Request], Response]:
    return always(
        lambda: HTMLResponse(text, status, {k.replace("_", "-"): v for k, v in headers.items()})
    )


def answer(content: Any, status: int = 200, **headers: str) -> Callable[[Request], Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return always(lambda: JSONResponse(content, status, named))


def only(
    method: str, chosen: Callable[[Request], Response]
) -> Callable[[Request], Response | None]:
    return lambda request: chosen(request) if request.method == method else None


def typescript(
    *,
    version: str = "4.24.0",
    key: str | None = KEY,
    event_key: str | None = EVENT,
    checks: bool = True,
    checks_key: bool = True,
    parses: bool = True,
    mode: str = "cloud",
    serve_origin: str | None = None,
    api: str | None = None,
    crons: dict[str, str] | None = None,
) -> FastAPI:
    """Answer as the TypeScript SDK does, with what its users get wrong."""
    app, functions = FastAPI(), CRONS if crons is None else crons
    sdk = {"x-inngest-sdk": f"inngest-js:v{version}"}

    async def is_taken(request: Request) -> bool:
        signature = request.headers.get("x-inngest-signature", "")
        if not checks or (signature and not checks_key):
            return True
        body = await request.body()
        body = (
            json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True).encode()
            if body
            else b""
        )
        return bool(key) and is_signed(body, signature.encode(), key or "")

    @app.get("/api/inngest")
    async def introspect(request: Request) -> Response:
        told: dict[str, Any] = {
            "has_event_key": bool(event_key),
            "has_signing_key": bool(key),
            "function_count": len(functions),
            "mode": mode,
            "schema_version": "2024-05-24",
        }
        if mode == "cloud" and key and await is_taken(request):
            told |= {
                "authentication_succeeded": True,
                "app_id": APP,
                "api_origin": api,
                "serve_origin": serve_origin,
            }
            told |= {"event_key_hash": event_key_hash(event_key) if event_key else None}
        return JSONResponse(told, headers=sdk)

    @app.post("/api/inngest")
    async def call(request: Request) -> Response:
        if not parses or (mode == "cloud" and not await is_taken(request)):
            return JSONResponse({"message": "Unauthorized"}, 401, sdk)
        return JSONResponse({"message": "Could not find function"}, 500, sdk)

    @app.put("/api/inngest")
    async def sync(request: Request) -> Response:
        if mode == "cloud" and not await is_taken(request):
            return JSONResponse({"message": "Unauthorized"}, 401, sdk)
        url = "https://shop.example.com/api/inngest"
        listed = [
            {
                "id": f"{APP}-{job}",
                "name": job,
                "triggers": [{"cron": f"TZ=UTC {text}"}],
                "steps": {
                    "step": {"id": "step", "name": "step", "runtime": {"type": "http", "url": url}}
                },
            }
            for job, text in functions.items()
        ]
        return JSONResponse({"app_id": APP, "functions": listed, "url": url}, headers=sdk)

    return app
