"""The session flow through the real SDK and the executor, on real databases."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import inngest
import inngest.fast_api
import pytest
from fastapi import FastAPI, Request, Response
from tests.integration.sockets import serving

from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import Receiver, custom_event, tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.inngest_fns.processing import HttpProcessor
from cronshift.inngest_fns.sessions import FlowOptions, Item, relay, session_functions
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Owner, Ownership, dump_ownership
from cronshift.runtime.signature import SignatureAge
from cronshift.sessions import scripts
from cronshift.sessions.events import InvalidEventError, check_event
from cronshift.sessions.flow import (
    EVENT,
    NotEnoughCreditsError,
    SessionClaim,
    SessionFlow,
    event_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tests.integration.sessions.conftest import App

    from cronshift.engine.executor.runs import Run

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CRON = "TZ=UTC */10 * * * *"


def a_source(percent: int) -> Source:
    epoch = Epoch(NOW - timedelta(days=1), percent, "01")
    text = dump_ownership(Ownership(flows={"prediction-session": (epoch,)}))
    return Source(lambda: text)


class Flow:
    """The flow, its functions served, and what was processed."""

    def __init__(self, app: App, patch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.now = NOW
        self.flow = SessionFlow(
            "prediction-session",
            app.database.engine,
            app.database.mapped,
            source=a_source(100),
            clock=lambda: self.now,
        )
        self.processed: list[str] = []
        self.failing: set[str] = set()
        self._patch = patch

    async def process(self, item: Item) -> None:
        self.processed.append(item.name)
        if item.name in self.failing:
            raise RuntimeError(f"{item.name} is down")
        self.app.do(
            "INSERT INTO predictions (session_id, model) VALUES (:s, :m)",
            s=item.session_id,
            m=item.name,
        )

    def run(
        self,
        name: str = "prediction-session",
        event: dict[str, Any] | None = None,
        options: FlowOptions | None = None,
        before: Callable[[inngest.Inngest], Awaitable[object]] | None = None,
    ) -> Run:
        async def drive() -> Run:
            receiver = Receiver()
            async with receiver.listening():
                self._patch.setenv("INNGEST_DEV", receiver.url)
                client = inngest.Inngest(app_id="app")
                served = FastAPI()
                functions = session_functions(client, self.flow, self.process, options)
                inngest.fast_api.serve(served, client, functions)
                if before:
                    await before(client)
                given = event or (receiver.events[0] if receiver.events else {})
                around = Surroundings(receiver=receiver)
                async with Endpoint.asgi(served) as endpoint:
                    return await execute(endpoint, RunTarget(f"app-{name}", 3, None), given, around)

        return asyncio.run(drive())

    def enqueue(self, user: str, models: int = 3) -> str:
        names = [f"model-{number}" for number in range(models)]
        values = {"selected_models": names if self.app.is_postgresql else json.dumps(names)}
        return self.flow.enqueue(user, models, values).session_id


@pytest.fixture
def flow(app: App, monkeypatch: pytest.MonkeyPatch) -> Flow:
    return Flow(app, monkeypatch)


def asked(session: str, user: str) -> dict[str, Any]:
    event = event_of(session, user, 0)
    return custom_event(event["name"], event["data"], NOW)


def test_a_session_is_charged_queued_sent_processed_and_finished(flow: Flow, app: App) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    assert app.account(user) == (7, 3)
    assert app.state(session)[0] == "queued"
    run = flow.run(before=lambda client: relay(flow.flow, client))
    assert run.error is None
    assert run.output == {"delivered": 3, "failed": []}
    assert flow.processed == ["model-0", "model-1", "model-2"]
    assert app.state(session) == ("finished", None)
    assert app.account(user) == (7, 3)
    assert [step.id for step in run.steps] == [
        "claim",
        "items",
        "process model-0",
        "process model-1",
        "process model-2",
        "finish",
    ]


@pytest.mark.parametrize("parallel", [False, True])
def test_what_was_not_delivered_is_refunded(flow: Flow, app: App, parallel: bool) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    flow.failing = {"model-1"}
    run = flow.run(event=asked(session, user), options=FlowOptions(parallel=parallel))
    assert run.output == {"delivered": 2, "failed": ["model-1"]}
    assert flow.processed.count("model-1") == 3
    assert app.state(session) == ("finished", "not delivered: model-1")
    assert app.account(user) == (8, 2)


def test_a_session_of_which_nothing_is_delivered_fails_and_is_refunded(
    flow: Flow, app: App
) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    flow.failing = {"model-0", "model-1", "model-2"}
    flow.run(event=asked(session, user))
    assert app.state(session)[0] == "error"
    assert app.account(user) == (10, 0)


def test_an_event_that_comes_twice_is_processed_once(flow: Flow, app: App) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    flow.run(event=asked(session, user))
    again = flow.run(event=asked(session, user))
    assert again.output == {"skipped": "not queued"}
    assert len(flow.processed) == 3
    assert app.account(user) == (7, 3)


def test_another_users_session_is_refused_and_nothing_moves(flow: Flow, app: App) -> None:
    user, thief = app.user(10, 0), app.user(0, 0)
    session = flow.enqueue(user)
    run = flow.run(event=asked(session, thief))
    assert run.error is not None
    assert run.error.message == "the session is not this user's"
    assert run.attempts == 1
    assert app.state(session)[0] == "queued"
    assert (app.account(user), app.account(thief)) == ((7, 3), (0, 0))
    assert flow.processed == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"session_id": "x"},
        {"session_id": "x", "user_id": "y", "email": "ada@example.com"},
        {"session_id": "x'; DROP TABLE users; --", "user_id": "y"},
        {"session_id": 7, "user_id": "y"},
    ],
)
def test_a_forged_event_is_refused_at_once(flow: Flow, app: App, data: dict[str, Any]) -> None:
    user = app.user(10, 0)
    flow.enqueue(user)
    run = flow.run(event=custom_event(EVENT, data, NOW))
    assert run.error is not None
    assert (run.attempts, run.steps) == (1, [])
    assert "ada@example.com" not in run.error.message
    assert app.account(user) == (7, 3)


def test_a_session_that_nobody_knows_is_gone(flow: Flow) -> None:
    assert flow.run(event=asked("nowhere", "nobody")).output == {"skipped": "not queued"}


def test_a_run_that_is_cancelled_settles_its_session(flow: Flow, app: App) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    assert flow.flow.claim(session, user, "01RUN") is SessionClaim.OURS
    data = {
        "function_id": "app-prediction-session",
        "run_id": "01RUN",
        "event": asked(session, user),
    }
    run = flow.run(
        "prediction-session-cancelled", custom_event("inngest/function.cancelled", data, NOW)
    )
    assert run.error is None
    assert app.state(session) == ("error", "took too long")
    assert app.account(user) == (10, 0)


def test_a_claim_is_kept_by_its_run_and_refused_to_others(flow: Flow, app: App) -> None:
    user = app.user()
    session = flow.enqueue(user)
    claims = [flow.flow.claim(session, user, run) for run in ("a", "a", "b")]
    assert claims == [SessionClaim.OURS, SessionClaim.OURS, SessionClaim.GONE]


def test_recovery_sends_lost_sessions_again_and_settles_stuck_ones(flow: Flow, app: App) -> None:
    user = app.user(10, 0)
    lost, stuck = flow.enqueue(user), flow.enqueue(user)
    assert flow.flow.claim(stuck, user, "dead") is SessionClaim.OURS
    flow.now = NOW + timedelta(minutes=30)
    run = flow.run("prediction-session-recovery", tick_event(CRON, flow.now, flow.now))
    assert run.output == {"queued_again": 1, "settled": 1, "sent": 2}
    # The stuck one's own event was still in the outbox; it is sent, and finds nothing to do.
    assert {event["data"]["session_id"] for event in run.sent} == {lost, stuck}
    again = [event for event in run.sent if event["data"]["session_id"] == lost]
    assert again[0]["id"] == f"{EVENT}-{lost}-1"
    assert app.state(stuck) == ("error", "processing took too long")
    assert app.account(user) == (7, 3)
    assert flow.run(event=asked(lost, user)).output == {"delivered": 3, "failed": []}


def test_a_crash_between_charging_and_sending_loses_nothing(flow: Flow, app: App) -> None:
    session = flow.enqueue(app.user(10, 0))
    sent: list[dict[str, Any]] = []

    async def broken(events: Sequence[dict[str, Any]]) -> None:
        raise ConnectionError("the event API is away")

    async def send(events: Sequence[dict[str, Any]]) -> None:
        sent.extend(events)

    with pytest.raises(ConnectionError):
        asyncio.run(flow.flow.relay(broken))
    assert asyncio.run(flow.flow.relay(send)) == 1
    assert asyncio.run(flow.flow.relay(send)) == 0
    assert [event["data"]["session_id"] for event in sent] == [session]


def test_who_cannot_pay_is_refused_and_nothing_is_written(flow: Flow, app: App) -> None:
    user = app.user(2, 0)
    with pytest.raises(NotEnoughCreditsError):
        flow.enqueue(user)
    assert app.account(user) == (2, 0)
    assert app.one("SELECT count(*) FROM prediction_sessions") == 0
    assert app.one("SELECT count(*) FROM cronshift_outbox") == 0


def test_a_user_of_the_old_path_gets_no_event(app: App) -> None:
    flow = SessionFlow(
        "prediction-session",
        app.database.engine,
        app.database.mapped,
        source=a_source(0),
        clock=lambda: NOW,
    )
    models = ["a"] if app.is_postgresql else '["a"]'
    made = flow.enqueue(app.user(), 1, {"selected_models": models})
    assert made.owner is Owner.VERCEL
    assert app.state(made.session_id)[0] == "initializing"
    assert app.one("SELECT count(*) FROM cronshift_outbox") == 0


def test_an_event_carries_two_ids_and_nothing_else(flow: Flow, app: App) -> None:
    user = app.user()
    session = flow.enqueue(user)
    run = flow.run(before=lambda client: relay(flow.flow, client))
    text = json.dumps(run.event)
    assert set(run.event["data"]) == {"session_id", "user_id", "attempt"}
    for secret in ("balance", "postgresql", "password", "sqlite", "model-"):
        assert secret not in text
    assert session in text


def test_an_event_of_another_shape_is_not_even_sent() -> None:
    with pytest.raises(InvalidEventError):
        event_of("a b", "user", 0)
    with pytest.raises(InvalidEventError, match="user_id breaks the rule"):
        check_event(EVENT, {"session_id": "x", "user_id": ""})


@pytest.mark.parametrize(
    ("status", "delivered", "attempts"), [(204, True, 1), (503, False, 3), (422, False, 1)]
)
def test_an_endpoint_of_the_app_may_process_items(
    app: App,
    flow: Flow,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    delivered: bool,
    attempts: int,
) -> None:
    asked_for: list[tuple[str | None, dict[str, Any]]] = []
    served = FastAPI()

    @served.post("/api/process")
    async def process(request: Request) -> Response:
        asked_for.append((request.headers.get("authorization"), await request.json()))
        assert request.headers["idempotency-key"] == asked_for[-1][1]["key"]
        return Response(status_code=status)

    monkeypatch.setenv("CRON_SECRET", "s3cret")
    flow.process = HttpProcessor("/api/process").__call__  # type: ignore[method-assign]
    user = app.user(10, 0)
    session = flow.enqueue(user, 1)
    with serving(served) as address:
        monkeypatch.setenv("CRONSHIFT_BASE_URL", address)
        run = flow.run(event=asked(session, user))
    assert run.output == {
        "delivered": int(delivered),
        "failed": [] if delivered else ["model-0"],
    }
    assert len(asked_for) == attempts
    bearer, item = asked_for[0]
    assert bearer == "Bearer s3cret"
    assert item == {
        "session_id": session,
        "user_id": user,
        "item": "model-0",
        "key": f"{session}:model-0",
    }
    assert app.state(session)[0] == ("finished" if delivered else "error")


def test_an_endpoint_is_never_called_without_a_bearer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRONSHIFT_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("CRON_SECRET", raising=False)
    with pytest.raises(inngest.NonRetriableError, match="CRON_SECRET is not set"):
        asyncio.run(HttpProcessor("/api/process")(Item("s", "u", "m", "s:m")))


@pytest.mark.parametrize("fault", ["unsigned", "expired", "another key", "another body"])
def test_a_call_that_inngest_did_not_sign_moves_nothing(
    app: App, flow: Flow, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    key = "signkey-test-" + "5eed" * 16
    monkeypatch.setenv("INNGEST_SIGNING_KEY", key)
    monkeypatch.delenv("INNGEST_DEV", raising=False)
    client = inngest.Inngest(app_id="app", is_production=True)
    served = FastAPI()
    served.add_middleware(SignatureAge)
    inngest.fast_api.serve(served, client, session_functions(client, flow.flow, flow.process))
    user = app.user(10, 0)
    session = flow.enqueue(user)

    def body(attempt: int) -> bytes:
        ctx = {
            "attempt": attempt,
            "disable_immediate_execution": False,
            "run_id": "01RUN",
            "stack": {"stack": []},
            "use_api": False,
        }
        event = asked(session, user)
        return json.dumps(
            {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
        ).encode()

    def call(signature: str | None) -> int:
        async def post() -> int:
            transport = httpx.ASGITransport(served)
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
                headers = {"x-inngest-signature": signature} if signature else {}
                where = "/api/inngest?fnId=app-prediction-session&stepId=step"
                answer = await http.post(
                    where,
                    content=sent,
                    headers={"content-type": "application/json", **headers},
                )
                return answer.status_code

        return asyncio.run(post())

    sent = body(0)
    given = {
        "unsigned": None,
        "expired": signed(sent, key, age=600),
        "another key": signed(sent, "signkey-test-" + "0bad" * 16, age=0),
        "another body": signed(body(1), key, age=0),
    }[fault]
    assert call(given) == 401
    assert app.state(session)[0] == "queued"
    assert (flow.processed, app.account(user)) == ([], (7, 3))
    assert call(signed(sent, key, age=0)) == 206  # the same call, signed as Inngest does
    assert app.state(session)[0] == "initializing"


def signed(body: bytes, key: str, *, age: float) -> str:
    """Sign as the engine does."""
    made = int(time.time() - age)
    canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"))
    digest = hmac.new(
        key.split("-", 2)[2].encode(), (canonical + str(made)).encode(), hashlib.sha256
    )
    return f"t={made}&s={digest.hexdigest()}"


def test_status_tells_the_new_path_from_the_old(flow: Flow, app: App) -> None:
    user = app.user(20, 0)
    for failing in (set(), {"model-0"}):
        flow.failing = failing
        session = flow.enqueue(user, 1)
        flow.run(event=asked(session, user))
    for state in ("finished", "finished", "finished", "error"):
        app.session(user, state)
    told = scripts.status(app.database, NOW)["completion_rate"]
    assert told == {"all": 0.6667, "new": 0.5, "old": 0.75}
