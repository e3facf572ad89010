"""The example app: a user asks over HTTP, pays, polls; the executor drives what it serves."""

from __future__ import annotations

import asyncio
import importlib
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.integration.sessions.conftest import EXAMPLE

from cronshift.engine.executor.engine import RunTarget, Surroundings, execute
from cronshift.engine.executor.events import Receiver
from cronshift.engine.server.endpoint import Endpoint
from cronshift.runtime.held import Source
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.integration.sessions.conftest import App


@pytest.fixture
def receiver(app: App, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    monkeypatch.setenv("INNGEST_DEV", "1")
    return Receiver()


@pytest.fixture
def example(app: App, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(EXAMPLE)
    yield importlib.import_module("app")
    for name in ("app", "session_flow"):
        module = sys.modules.pop(name)
        if name == "session_flow":
            module.flow.engine.dispose()


def give(example: ModuleType, percent: int) -> None:
    epoch = Epoch(datetime.now(UTC) - timedelta(days=1), percent, "01")
    text = dump_ownership(Ownership(flows={"prediction-session": (epoch,)}))
    example.flow._source = Source(lambda: text)


async def ask(example: ModuleType, user: str, models: list[str]) -> tuple[int, str]:
    async with web_client(example) as http:
        answer = await http.post("/sessions", json=models, headers={"x-user": user})
        return answer.status_code, answer.json().get("id", "")


async def polled(example: ModuleType, user: str, session: str) -> tuple[int, str]:
    async with web_client(example) as http:
        answer = await http.get(f"/sessions/{session}", headers={"x-user": user})
        return answer.status_code, answer.json().get("status", "")


def web_client(example: ModuleType) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(example.app)
    return httpx.AsyncClient(transport=transport, base_url="http://app")


def test_a_session_goes_from_the_request_to_finished(
    app: App, example: ModuleType, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(example, 100)
    user, stranger = app.user(3, 0), app.user(9, 0)

    async def drive() -> None:
        async with receiver.listening():
            monkeypatch.setenv("INNGEST_DEV", receiver.url)
            monkeypatch.setenv("INNGEST_BASE_URL", receiver.url)
            example.client._event_api_origin = receiver.url
            status, session = await ask(example, user, ["gpt-5", "broken-model"])
            assert status == 202
            assert await polled(example, user, session) == (200, "queued")
            assert (await polled(example, stranger, session))[0] == 404
            [event] = receiver.events
            async with Endpoint.asgi(example.app) as endpoint:
                around = Surroundings(receiver=receiver)
                target = RunTarget("predictions-prediction-session", 3, None)
                run = await execute(endpoint, target, event, around)
            assert run.output == {"delivered": 1, "failed": ["broken-model"]}
            assert await polled(example, user, session) == (200, "finished")
            assert (await ask(example, user, ["a", "b", "c"]))[0] == 402

    asyncio.run(drive())
    assert app.account(user) == (2, 1)
    assert app.one("SELECT count(*) FROM predictions") == 1


def test_a_user_of_the_old_path_is_served_inside_the_request(app: App, example: ModuleType) -> None:
    give(example, 0)
    user = app.user(3, 0)
    status, session = asyncio.run(ask(example, user, ["gpt-5"]))
    assert (status, app.state(session)[0]) == (202, "finished")
    assert app.one("SELECT count(*) FROM cronshift_outbox") == 0


def test_an_event_api_that_is_away_costs_nothing_but_time(app: App, example: ModuleType) -> None:
    give(example, 100)
    example.client._event_api_origin = "http://127.0.0.1:9"
    user = app.user(3, 0)
    status, session = asyncio.run(ask(example, user, ["gpt-5"]))
    assert (status, app.state(session)[0]) == (202, "queued")
    assert app.one("SELECT count(*) FROM cronshift_outbox WHERE sent_at IS NULL") == 1
