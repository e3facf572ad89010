"""Who sends an event, how often, and what it says of its user."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import inngest
import pytest
from fastapi import FastAPI, Request
from tests.integration.sessions.test_flow import Flow, asked, flow
from tests.integration.sockets import serving

from cronshift.engine.executor.events import custom_event
from cronshift.inngest_fns import relay as relaying
from cronshift.inngest_fns.sessions import enqueue_session, relay
from cronshift.runtime.ownership import Owner
from cronshift.sessions.events import InvalidEventError
from cronshift.sessions.flow import EVENT, SessionClaim, SessionFlow
from cronshift.sessions.outbox import LEASE, MOST_IN_A_REQUEST
from cronshift.sessions.requested import event_of, user_in_event
from cronshift.sessions.settings import UserInEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.sessions.conftest import App

__all__ = ["flow"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class EventApi:
    """An event API that is slow, may be away, and remembers what it was sent."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.away = False
        self.app = FastAPI()
        self.app.post("/e/{key}")(self.take)

    async def take(self, request: Request) -> Any:
        await asyncio.sleep(0.02)
        if self.away:
            from fastapi.responses import JSONResponse

            return JSONResponse({"error": "away", "ids": [], "status": 400}, 400)
        events = await request.json()
        self.requests.append(events)
        return {"ids": [event["id"] for event in events], "status": 200}

    @property
    def sent(self) -> list[str]:
        return [event["id"] for events in self.requests for event in events]


async def no_legacy(_: str) -> None:
    raise AssertionError("the new path serves everybody here")


def ask(flow: Flow, client: inngest.Inngest, user: str) -> Any:
    values = {"selected_models": ["a"] if flow.app.is_postgresql else '["a"]'}
    return enqueue_session(flow.flow, client, user_id=user, cost=1, values=values, legacy=no_legacy)


def waiting(app: App) -> int:
    return int(app.one("SELECT count(*) FROM cronshift_outbox WHERE sent_at IS NULL"))


def test_requests_at_once_send_an_event_each(
    flow: Flow, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, user = EventApi(), app.user(100, 0)

    async def go() -> int:
        client = inngest.Inngest(app_id="app")
        looks, ended = 0, asyncio.Event()

        async def look() -> None:
            nonlocal looks
            while not ended.is_set():
                looks += 1
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        made = await asyncio.gather(*(ask(flow, client, user) for _ in range(40)))
        ended.set()
        await looking
        assert {each.owner for each in made} == {Owner.INNGEST}
        assert sorted(api.sent) == sorted(f"{EVENT}-{each.session_id}-0" for each in made)
        return looks

    with serving(api.app) as address:
        monkeypatch.setenv("INNGEST_DEV", address)
        looks = asyncio.run(go())
    assert looks > 40  # the loop went on while events were sent
    assert all(len(events) == 1 for events in api.requests)
    assert waiting(app) == 0
    assert app.account(user) == (60, 40)


def test_what_could_not_be_sent_is_sent_by_the_process_once_that_is_possible(
    flow: Flow, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, user = EventApi(), app.user(100, 0)
    monkeypatch.setattr(relaying, "_FIRST_WAIT", 0.05)
    flow.flow.clock = lambda: datetime.now(UTC)

    async def go() -> set[str]:
        client = inngest.Inngest(app_id="app")
        api.away = True
        made = await asyncio.gather(*(ask(flow, client, user) for _ in range(5)))
        assert api.sent == []
        assert waiting(app) == 5
        api.away = False
        while waiting(app):  # noqa: ASYNC110 - the table is what tells
            await asyncio.sleep(0.05)
        return {f"{EVENT}-{each.session_id}-0" for each in made}

    with serving(api.app) as address:
        monkeypatch.setenv("INNGEST_DEV", address)
        assert asyncio.run(go()) == set(api.sent)
    assert len(api.sent) == 5


def test_relays_share_what_waits_and_a_dead_one_is_followed_by_another(
    flow: Flow, app: App
) -> None:
    user = app.user(100, 0)
    sessions = {flow.enqueue(user, 1) for _ in range(12)}
    dead = flow.flow.outbox.lease(NOW, 4)  # killed before it sends
    sent: list[str] = []

    async def send(events: Sequence[dict[str, Any]]) -> None:
        await asyncio.sleep(0)
        sent.extend(event["data"]["session_id"] for event in events)

    async def go() -> int:
        return sum(await asyncio.gather(*(flow.flow.relay(send) for _ in range(3))))

    assert asyncio.run(go()) == 8
    assert len(dead.events) == 4
    assert not set(sent) & set(dead.sessions)
    flow.now = NOW + LEASE + timedelta(seconds=1)
    assert asyncio.run(go()) == 4
    assert (len(sent), set(sent)) == (12, sessions)


def test_what_a_killed_relay_held_is_sent_by_a_process_that_has_no_more_requests(
    flow: Flow, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, user = EventApi(), app.user(100, 0)
    monkeypatch.setattr(relaying, "_FIRST_WAIT", 0.05)
    flow.flow.clock = lambda: datetime.now(UTC)
    held = flow.enqueue(user, 1)
    short = replace(flow.flow.outbox, leases=timedelta(seconds=1))
    assert short.lease(datetime.now(UTC)).sessions == (held,)  # killed before it sends

    async def go() -> None:
        await ask(flow, inngest.Inngest(app_id="app"), user)
        while waiting(app):  # noqa: ASYNC110 - the table is what tells
            await asyncio.sleep(0.05)

    with serving(api.app) as address:
        monkeypatch.setenv("INNGEST_DEV", address)
        asyncio.run(go())
    assert f"{EVENT}-{held}-0" in api.sent
    assert len(api.sent) == 2


def test_a_relay_that_is_killed_while_the_event_api_is_away_holds_a_single_event(
    flow: Flow, app: App
) -> None:
    user = app.user(100, 0)
    for _ in range(20):
        flow.enqueue(user, 1)
    sizes: list[int] = []

    async def never(events: Sequence[dict[str, Any]]) -> None:
        sizes.append(len(events))
        raise asyncio.CancelledError

    async def send(events: Sequence[dict[str, Any]]) -> None:
        sizes.append(len(events))

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(flow.flow.relay(never))
    assert asyncio.run(flow.flow.relay(send)) == 19
    assert sizes == [1, 1, 10, 8]


def test_what_waits_is_sent_in_requests_that_inngest_takes(flow: Flow, app: App) -> None:
    user = app.user(5000, 0)
    for _ in range(3):
        flow.enqueue(user, 1)
    app.do("UPDATE cronshift_outbox SET sent_at = CURRENT_TIMESTAMP")
    rows = 2 * MOST_IN_A_REQUEST + 1
    with app.engine.begin() as connection:
        for number in range(rows):
            connection.exec_driver_sql(
                "INSERT INTO cronshift_outbox (session_id, user_id, attempt, put_at)"
                f" VALUES ('s{number}', '{'u' * 250}', 0, {number})"
            )
    sizes: list[int] = []

    async def send(events: Sequence[dict[str, Any]]) -> None:
        sizes.append(len(events))
        assert len(json.dumps(list(events))) < 256 * 1024

    assert asyncio.run(flow.flow.relay(send)) == sum(sizes) == rows
    assert max(sizes) <= MOST_IN_A_REQUEST


def test_an_event_that_fits_no_schema_stops_no_other(flow: Flow, app: App) -> None:
    good = flow.enqueue(app.user(10, 0), 1)
    app.do(
        "INSERT INTO cronshift_outbox (session_id, user_id, attempt) VALUES (:s, 'ada', 0)",
        s="a session; with blanks",
    )
    sent: list[str] = []

    async def send(events: Sequence[dict[str, Any]]) -> None:
        sent.extend(event["data"]["session_id"] for event in events)

    assert asyncio.run(flow.flow.relay(send)) == 1
    assert sent == [good]
    assert asyncio.run(flow.flow.relay(send)) == 0


IDS = ["did:privy:cl9x", "auth0|5f7c", "google-oauth2|1", "ada lovelace", "用户7", "x" * 255]


@pytest.mark.parametrize("user", IDS)
def test_a_user_may_be_any_text(user: str) -> None:
    assert event_of("s", user, 0)["data"]["user_id"] == user


def test_a_user_without_an_id_or_with_a_book_for_one_is_refused() -> None:
    for user in ("", "x" * 256):
        with pytest.raises(InvalidEventError, match="user_id"):
            event_of("s", user, 0)


def test_an_e_mail_address_stays_out_of_the_event(flow: Flow, app: App) -> None:
    address = "ada@example.com"
    named = user_in_event("s", address, UserInEvent.AUTO)
    assert address not in json.dumps(event_of("s", address, 0))
    assert named == event_of("s", address, 0)["data"]["user_id"]
    assert named != user_in_event("another session", address, UserInEvent.AUTO)
    assert user_in_event("s", address, UserInEvent.PLAIN) == address
    assert user_in_event("s", "7", UserInEvent.HASHED).startswith("sha256:")
    settings = replace(app.settings, user_in_event=UserInEvent.HASHED)
    mapped = replace(flow.flow.mapped, settings=settings)
    hashing = SessionFlow("prediction-session", flow.flow.engine, mapped, source=flow.flow._source)
    user = app.user(10, 0)
    made = hashing.enqueue(
        user, 1, {"selected_models": ["a"] if app.is_postgresql else '["a"]'}, sends=True
    )
    assert made.leased is not None
    named = made.leased.events[0]["data"]["user_id"]
    assert user not in named
    assert hashing.claim(made.session_id, named, "run") is SessionClaim.OURS


def test_the_failure_of_a_foreign_run_settles_nobody(flow: Flow, app: App) -> None:
    user, thief = app.user(10, 0), app.user(0, 0)
    session = flow.enqueue(user)
    assert flow.flow.claim(session, user, "the run that works") is SessionClaim.OURS
    run = flow.run(event=asked(session, thief))
    assert run.failure_run is not None
    assert run.failure_run.output == {"settled": 0, "refunded": 0}
    assert (app.state(session)[0], app.account(user)) == ("initializing", (7, 3))


def test_the_cancellation_of_another_run_settles_nobody(flow: Flow, app: App) -> None:
    user = app.user(10, 0)
    session = flow.enqueue(user)
    assert flow.flow.claim(session, user, "01RUN") is SessionClaim.OURS
    data = {"function_id": "app-prediction-session", "event": asked(session, user)}
    for extra, settled in (({"run_id": "01OTHER"}, 0), ({}, 0), ({"run_id": "01RUN"}, 1)):
        event = custom_event("inngest/function.cancelled", data | extra, NOW)
        run = flow.run("prediction-session-cancelled", event)
        assert run.output["settled"] == settled
    assert app.account(user) == (10, 0)


def test_a_session_of_which_all_is_delivered_is_never_refunded(flow: Flow, app: App) -> None:
    """Where no table of the app says what was delivered, the flow itself knows."""
    mapped = flow.flow.mapped
    flow.flow = SessionFlow(
        "prediction-session",
        flow.flow.engine,
        replace(mapped, settings=replace(mapped.settings, delivered=None), delivered=None),
        source=flow.flow._source,
        clock=lambda: flow.now,
    )
    user = app.user(10, 0)
    flow.run(event=asked(flow.enqueue(user), user))
    assert app.account(user) == (7, 3)
    flow.failing = {"model-1"}
    flow.run(event=asked(flow.enqueue(user), user))
    assert app.account(user) == (5, 5)
    assert relay is relaying.relay
