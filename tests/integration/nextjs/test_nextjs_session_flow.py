"""The session flow in TypeScript, driven on a real PostgreSQL by both majors of the SDK."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import create_engine
from tests.integration.nextjs.session_app import (
    FLOW,
    NOW,
    SERVER,
    SHARED,
    WORK,
    a_database,
    plain,
    receiving,
    scaffolded,
)
from tests.integration.nextjs.typescript_app import served
from tests.integration.sessions.conftest import EXAMPLE, TOML, App

from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.executor.events import Receiver, custom_event, tick_event
from cronshift.engine.server.endpoint import Endpoint
from cronshift.project.settings import parse_settings
from cronshift.runtime.dead_letters import DeadLetter, parse_letter
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.wire import RUN_DEAD_EVENT
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.flow import EVENT, event_of
from cronshift.sessions.requested import session_in
from cronshift.sessions.scripts import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

pytestmark = pytest.mark.node


@dataclass
class Flow:
    """The app as it is served: its database, its endpoint, and the events that it sent."""

    app: App
    url: str
    receiver: Receiver

    def user(self, side: Owner = Owner.INNGEST, credits_left: int = 10) -> str:
        """Return a new user of a side, with nothing spent."""
        while True:
            user = self.app.user(credits_left, 0)
            if SHARED.flow_owner(FLOW, user, datetime.now(UTC)) is side:
                return user

    def post(self, path: str, **asked: Any) -> httpx.Response:
        return httpx.post(self.url.replace("/api/inngest", path), json=asked, timeout=30)

    def ask(self, user: str, *models: str) -> str:
        """Ask for a session over HTTP and return its id."""
        answer = self.post("/sessions", user=user, cost=len(models), models=models)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sessionId"])

    def run(self, event: dict[str, Any], name: str = FLOW) -> Run:
        async def drive() -> Run:
            async with Endpoint.http(self.url) as endpoint:
                return await execute(endpoint, RunTarget(f"shop-{name}", 3, None), event)

        return asyncio.run(drive())

    def recover(self) -> Run:
        now = datetime.now(UTC)
        return self.run(tick_event("TZ=UTC */10 * * * *", now, now), f"{FLOW}-recovery")

    def sent(self, session: str) -> list[dict[str, Any]]:
        return [one for one in self.receiver.events if one["data"].get("session_id") == session]

    def letters(self, run_id: str) -> list[DeadLetter]:
        dead = [one["data"] for one in self.receiver.events if one["name"] == RUN_DEAD_EVENT]
        return [letter for letter in map(parse_letter, dead) if letter.run_id == run_id]

    def refunds(self, session: str) -> list[int]:
        sql = "SELECT array_agg(amount) FROM cronshift_refunds WHERE session_id = :id"
        return list(self.app.one(sql, id=session) or [])

    def status(self, session: str, user: str) -> Any:
        return self.post("/status", session=session, user=user).json()


@pytest.fixture(scope="module", params=[(4, "0"), (3, "1")], ids=["v4", "v3 in parallel"])
def flow(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    node_packages: Path,
    postgresql_url: str,
) -> Iterator[Flow]:
    major, parallel = request.param
    root = scaffolded(tmp_path_factory.mktemp("flow"), node_packages, major=major, ledger=True)
    (root / "lib/inngest/sessions/work.ts").write_text(WORK)
    schema = (EXAMPLE / "schema.postgresql.sql").read_text()
    own = (root / "migrations/session_tables.sql").read_text()
    settings = parse_settings(TOML).sessions
    assert settings is not None
    with (
        a_database(postgresql_url, schema, own, own) as url,  # the tables' migration may run twice
        receiving() as receiver,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DATABASE_URL", plain(url))
        database, engine = open_database(settings), create_engine(url)
        variables = {
            "DATABASE_URL": plain(url),
            "INNGEST_DEV": receiver.url,
            "PARALLEL": parallel,
            "CRONSHIFT_LEDGER_URL": "inngest",
        }
        with served(root, node_packages, SERVER, **variables) as address:
            yield Flow(App(engine, database, settings, url), address, receiver)
        database.engine.dispose()
        engine.dispose()


def asked(session: str, user: str) -> dict[str, Any]:
    event = event_of(session, user, 0)
    return custom_event(event["name"], event["data"], NOW)


def test_a_session_is_charged_queued_sent_processed_and_finished(flow: Flow) -> None:
    user, stranger = flow.user(), flow.user()
    session = flow.ask(user, "a", "b", "c")
    assert flow.app.account(user) == (7, 3)
    assert flow.status(session, user) == {"state": "queued", "done": False}
    assert flow.status(session, stranger) is None
    [event] = flow.sent(session)
    assert event["id"] == f"{EVENT}-{session}-0"
    assert event["data"] == {"session_id": session, "user_id": user, "attempt": 0}
    run = flow.run(event)
    assert run.error is None
    assert run.output == {"delivered": 3, "failed": []}
    assert [step.id for step in run.steps] == [
        "claim",
        "items",
        "process a",
        "process b",
        "process c",
        "finish",
    ]
    assert flow.app.state(session) == ("finished", None)
    assert flow.status(session, user) == {"state": "finished", "done": True}
    assert flow.app.account(user) == (7, 3)
    assert flow.refunds(session) == []


def test_what_was_not_delivered_is_refunded(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "down-1", "gone-2", "b")
    run = flow.run(asked(session, user))
    assert run.output == {"delivered": 2, "failed": ["down-1", "gone-2"]}
    attempts = {step.id: step.attempts for step in run.steps}
    assert (attempts["process down-1"], attempts["process gone-2"]) == (3, 1)
    assert flow.app.state(session) == ("finished", "not delivered: down-1, gone-2")
    assert flow.app.account(user) == (8, 2)
    assert flow.refunds(session) == [2]


def test_a_session_of_which_nothing_is_delivered_fails_and_is_refunded_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "down-1", "gone-2")
    for _ in range(2):
        flow.run(asked(session, user))
    assert flow.app.state(session) == ("error", "not delivered: down-1, gone-2")
    assert flow.status(session, user) == {"state": "failed", "done": True}
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]
    database = flow.app.database
    assert sweeping.count(database.engine, database.mapped, scripts.owed(database.mapped)) == (0, 0)


def test_an_event_that_comes_twice_is_processed_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    flow.run(asked(session, user))
    again = flow.run(asked(session, user))
    assert again.output == {"skipped": "not queued"}
    made = "SELECT count(*) FROM predictions WHERE session_id = :id"
    assert flow.app.one(made, id=session) == 2
    assert flow.app.account(user) == (8, 2)


def claimed(flow: Flow, session: str, run_id: str) -> None:
    """Let a run hold a session, as its first step does."""
    flow.app.do(
        "UPDATE prediction_sessions SET status = 'initializing', started_at = now() WHERE id = :id",
        id=session,
    )
    flow.app.do("INSERT INTO cronshift_session_claims VALUES (:id, :run)", id=session, run=run_id)


@pytest.mark.parametrize("function", [f"{FLOW}-cancelled", f"{FLOW}-failure"])
def test_a_run_that_is_cancelled_or_fails_settles_its_session_once(
    flow: Flow, function: str
) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    claimed(flow, session, "01RUN")
    data = {"function_id": f"shop-{FLOW}", "run_id": "01RUN", "event": asked(session, user)}
    name = "inngest/function.cancelled" if "cancelled" in function else "inngest/function.failed"
    other = flow.run(custom_event(name, {**data, "run_id": "01OTHER"}, NOW), function)
    assert other.output == {"settled": 0, "refunded": 0}  # it never had the session
    for expected in ({"settled": 1, "refunded": 2}, {"settled": 0, "refunded": 0}):
        run = flow.run(custom_event(name, data, NOW), function)
        assert run.error is None
        assert run.output == expected
    reason = "took too long" if "cancelled" in function else "failed"
    assert flow.app.state(session) == ("error", reason)
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]


def test_runs_that_settle_at_the_same_time_refund_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    claimed(flow, session, "01RUN")
    data = {"function_id": f"shop-{FLOW}", "run_id": "01RUN", "event": asked(session, user)}
    event = custom_event("inngest/function.cancelled", data, NOW)

    async def drive() -> list[Any]:
        async with Endpoint.http(flow.url) as endpoint:
            target = RunTarget(f"shop-{FLOW}-cancelled", 3, None)
            runs = await asyncio.gather(*(execute(endpoint, target, event) for _ in range(8)))
        return [run.output["settled"] for run in runs]

    assert sorted(asyncio.run(drive())) == [0] * 7 + [1]
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]


def test_another_users_session_is_refused_and_nothing_moves(flow: Flow) -> None:
    user, thief = flow.user(), flow.user()
    session = flow.ask(user, "a")
    run = flow.run(asked(session, thief))
    assert run.error is not None
    assert run.error.message == "the session is not this user's"
    assert run.attempts == 1
    assert run.failure_run is not None
    assert run.failure_run.output == {"settled": 0, "refunded": 0}
    assert flow.app.state(session)[0] == "queued"
    assert (flow.app.account(user), flow.app.account(thief)) == ((9, 1), (10, 0))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"session_id": "x"},
        {"session_id": "x", "user_id": "y", "email": "ada@example.com"},
        {"session_id": "x'; DROP TABLE users; --", "user_id": "y"},
        {"session_id": 7, "user_id": "y"},
        {"session_id": "x", "user_id": "y", "attempt": 1.5},
    ],
)
def test_a_forged_event_is_refused_at_once(flow: Flow, data: dict[str, Any]) -> None:
    run = flow.run(custom_event(EVENT, data, NOW))
    assert run.error is not None
    assert (run.attempts, run.steps) == (1, [])
    assert "ada@example.com" not in run.error.message


def test_a_session_that_nobody_knows_is_gone(flow: Flow) -> None:
    for session in ("nowhere", str(uuid4())):
        assert flow.run(asked(session, "nobody")).output == {"skipped": "not queued"}


def test_recovery_sends_lost_sessions_again_and_settles_stuck_ones(flow: Flow) -> None:
    user = flow.user()
    lost, stuck = flow.ask(user, "a"), flow.ask(user, "a", "b")
    claimed(flow, stuck, "dead")
    flow.app.do(
        "UPDATE prediction_sessions SET created_at = now() - interval '1 hour',"
        " started_at = started_at - interval '1 hour' WHERE id IN (:lost, :stuck)",
        lost=lost,
        stuck=stuck,
    )
    assert flow.app.account(user) == (7, 3)
    run = flow.recover()
    assert run.error is None
    assert run.output["queued_again"] >= 1
    assert [event["id"] for event in flow.sent(lost)] == [f"{EVENT}-{lost}-{n}" for n in (0, 1)]
    assert len(flow.sent(stuck)) == 1
    assert flow.app.state(stuck) == ("error", "processing took too long")
    assert flow.refunds(stuck) == [2]
    assert flow.app.account(user) == (9, 1)
    assert flow.run(flow.sent(lost)[-1]).output == {"delivered": 1, "failed": []}
    assert flow.recover().output["settled"] == 0


def test_requests_at_once_send_an_event_each(flow: Flow) -> None:
    user = flow.user(credits_left=100)
    before = len(flow.receiver.events)

    async def go() -> list[str]:
        url = flow.url.replace("/api/inngest", "/sessions")
        asked_for = {"user": user, "cost": 1, "models": ["a"]}
        async with httpx.AsyncClient(timeout=60) as http:
            answers = await asyncio.gather(*(http.post(url, json=asked_for) for _ in range(30)))
        return [answer.json()["sessionId"] for answer in answers]

    sessions = asyncio.run(go())
    sent = [event["data"]["session_id"] for event in flow.receiver.events[before:]]
    assert sorted(sent) == sorted(sessions)
    assert flow.app.account(user) == (70, 30)


def test_a_user_of_the_old_path_is_served_by_it_and_gets_no_event(flow: Flow) -> None:
    user = flow.user(Owner.VERCEL)
    answer = flow.post("/sessions", user=user, cost=2, models=["a", "b"]).json()
    assert (answer["owner"], answer["legacy"]) == ("vercel", True)
    assert flow.app.state(answer["sessionId"])[0] == "initializing"
    assert flow.app.account(user) == (8, 2)
    assert flow.sent(answer["sessionId"]) == []
    waiting = "SELECT count(*) FROM cronshift_outbox WHERE session_id = :id"
    assert flow.app.one(waiting, id=answer["sessionId"]) == 0


def test_who_cannot_pay_is_refused_and_nothing_is_written(flow: Flow) -> None:
    user = flow.user(credits_left=1)
    assert flow.post("/sessions", user=user, cost=2, models=["a", "b"]).status_code == 402
    assert flow.post("/sessions", user=user, cost=-2, models=["a", "b"]).status_code == 500
    assert flow.app.account(user) == (1, 0)
    made = "SELECT count(*) FROM prediction_sessions WHERE user_id = :id"
    assert flow.app.one(made, id=user) == 0


def test_pythons_scripts_understand_what_the_flow_wrote(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "gone")
    flow.run(asked(session, user))
    told = scripts.status(flow.app.database, datetime.now(UTC))
    assert told["completion_rate"]["new"] is not None
    [refund] = [row for row in scripts.refunds(flow.app.database) if row["session_id"] == session]
    assert (refund["amount"], refund["user_id"]) == (1, user)
    assert refund["reason"] == "not delivered: gone"


def test_dead_runs_leave_letters_that_name_their_session(flow: Flow) -> None:
    user, thief = flow.user(), flow.user()
    session = flow.ask(user, "a")
    [event] = flow.sent(session)
    forged = {**event, "data": {**event["data"], "user_id": thief}}
    failed = flow.run(forged)
    [letter] = flow.letters(failed.run_id)
    assert (letter.job, letter.status, letter.tick) == (FLOW, TickStatus.FAILED, None)
    assert letter.error.endswith("Error: the session is not this user's")
    assert session_in(letter.event_id, flow.app.database.mapped) == session
    assert flow.app.state(session)[0] == "queued"
    for name in (FLOW, f"{FLOW}-recovery"):
        data = {"function_id": f"shop-{name}", "run_id": f"01{name}", "event": event}
        cancelled = custom_event("inngest/function.cancelled", data, NOW)
        assert flow.run(cancelled, f"{FLOW}-cancelled").error is None
        [letter] = flow.letters(f"01{name}")
        assert (letter.job, letter.status) == (name, TickStatus.CANCELLED)
    assert flow.run(event).output == {"delivered": 1, "failed": []}
