"""The short way answers as the whole one does, and is taken only where nobody else has a say."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import Depends, FastAPI, Request
from starlette.responses import JSONResponse, Response

from cronshift.engine.server.short_way import short_way
from cronshift.engine.server.untied import untie_sdk
from cronshift.runtime.signature import SignatureAge
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

PATH = "/api/inngest"
STEPS: list[weakref.ref[Any]] = []
CALL = {
    "ctx": {"attempt": 0, "disable_immediate_execution": False, "run_id": "01RUN", "stack": {}},
    "event": {"name": "inngest/scheduled.timer", "data": {}},
    "events": [{"name": "inngest/scheduled.timer", "data": {}}],
    "steps": {},
    "use_api": False,
}
BODY = json.dumps(CALL).encode()


def served(app: FastAPI, *, production: bool = False) -> FastAPI:
    client = inngest.Inngest(
        app_id="demo", is_production=production, signing_key="signkey-test-" + "5eed" * 16
    )

    @client.create_function(fn_id="plain", trigger=inngest.TriggerCron(cron="TZ=UTC 5 * * * *"))
    async def plain(ctx: inngest.Context) -> str:
        STEPS.append(weakref.ref(ctx.step))
        return await ctx.step.run("one", lambda: asyncio.sleep(0, "done"))

    @client.create_function(fn_id="broken", trigger=inngest.TriggerCron(cron="TZ=UTC 5 * * * *"))
    async def broken(ctx: inngest.Context) -> str:
        raise inngest.NonRetriableError("planted")

    inngest.fast_api.serve(app, client, [plain, broken])
    return app


def guarded(*, production: bool = False) -> FastAPI:
    """Return an app as packages have it."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SignatureAge, is_production=production)
    app.add_middleware(TellOwnership)
    return served(app, production=production)


async def ask(
    app: ASGIApp, query: str, body: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        return await http.post(f"{PATH}?{query}", content=body, headers=headers)


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("fnId=demo-plain&stepId=step", BODY, 206),
        ("fnId=demo-broken&stepId=step", BODY, 500),
        ("fnId=demo-none&stepId=step", BODY, 500),
        ("stepId=step", BODY, 500),
        ("probe=trust", b"", 200),
        ("fnId=demo-plain", b"{", 500),
        ("fnId=demo-plain", b"[]", 500),
    ],
)
def test_both_ways_answer_the_same(query: str, body: bytes, status: int, production: bool) -> None:
    app = guarded(production=production)
    old = {"x-inngest-signature": "t=5&s=00"} if production else {}
    short, whole = (asyncio.run(ask(way, query, body, old)) for way in (short_way(app, PATH), app))
    assert short.status_code == whole.status_code == (401 if production else status)
    timing = {"server-timing"}
    assert [h for h in short.headers.items() if h[0] not in timing] == [
        h for h in whole.headers.items() if h[0] not in timing
    ]
    assert timing <= set(short.headers) or production
    assert short.text.partition("Traceback")[0] == whole.text.partition("Traceback")[0]


def with_own_route() -> FastAPI:
    app = FastAPI()
    app.add_api_route(PATH, lambda: "mine", methods=["POST"])
    return served(app)


def with_own_middleware() -> FastAPI:
    app = guarded()

    @app.middleware("http")
    async def mine(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        return response

    return app


def with_own_errors() -> FastAPI:
    app = guarded()
    app.add_exception_handler(KeyError, lambda *_: JSONResponse({}))
    return app


class Own(FastAPI):
    pass


@pytest.mark.parametrize(
    "app",
    [
        with_own_route(),
        with_own_middleware(),
        with_own_errors(),
        served(FastAPI(dependencies=[Depends(lambda: None)])),
        served(FastAPI(debug=True)),
        served(Own()),
        FastAPI(),
        JSONResponse({}),
    ],
    ids=lambda app: type(app).__name__,
)
def test_an_app_that_has_its_own_say_is_asked_the_whole_way(app: ASGIApp) -> None:
    assert short_way(app, PATH) is app


def test_an_app_as_packages_have_it_is_asked_the_short_way() -> None:
    app = guarded()
    assert short_way(app, PATH) is not app
    assert short_way(app, "/elsewhere") is app


def test_what_belongs_to_a_call_is_freed_when_it_ends() -> None:
    untie_sdk()
    untie_sdk()  # a second time changes nothing
    way = short_way(guarded(), PATH)

    async def calls() -> None:
        for _ in range(3):
            assert (await ask(way, "fnId=demo-plain&stepId=step", BODY)).status_code == 206
        await asyncio.sleep(0)

    STEPS.clear()
    gc.collect()
    gc.disable()
    try:
        asyncio.run(calls())
        assert len(STEPS) >= 3
        assert [step() for step in STEPS] == [None] * len(STEPS)
    finally:
        gc.enable()
