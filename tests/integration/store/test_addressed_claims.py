"""Claims at an address: the same law, for callers with the bearer alone, and never an answer that is made up."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from tests.integration.sockets import serving
from tests.integration.store.claims_server import claims_served

from cronshift.observing.fates import DueTick, Fate, Watch, fate_of
from cronshift.runtime import Guard, JobSpec, claiming, recording, wire
from cronshift.runtime.addressed_claims import AddressedClaims
from cronshift.runtime.calls import Call, claimed_by_another
from cronshift.runtime.endpoint import before_endpoint
from cronshift.runtime.ownership import Owner
from cronshift.runtime.schedule import Schedule
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.store.ledger import read_ledger
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

TICK = datetime(2026, 11, 27, 12, tzinfo=UTC)
JOB = JobSpec(id="tally", path="/api/cron/tally", schedule="* * * * *")
SECRET = "s3cret"
NOWHERE = "http://127.0.0.1:9/api/inngest"
VERCEL = {
    "user-agent": "vercel-cron/1.0",
    "x-vercel-cron-schedule": "* * * * *",
    "authorization": f"Bearer {SECRET}",
}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CRON_SECRET", SECRET)
    yield
    claiming.opened.cache_clear()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'claims.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def address(database: str) -> Iterator[str]:
    """A worker in another process, whose answers come over a real socket."""
    with claims_served(database) as url:
        yield url


@pytest.fixture
def job(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name[:200]} é😀"


def test_the_law_is_that_of_the_database(address: str, database: str, job: str) -> None:
    afar, here = AddressedClaims(address, "CRON_SECRET", 60), Claims.open(database)
    assert afar.take(job, TICK, "a")
    assert afar.take(job, TICK, "a")  # the same holder, as after an answer that was lost
    assert not afar.take(job, TICK, "b")
    assert not here.take(job, TICK, "b")
    assert afar.goes_on_before(job, TICK + timedelta(minutes=1))
    afar.release(job, TICK, "b")  # not b's to give back
    assert not here.take(job, TICK, "b")
    afar.release(job, TICK, "a")
    assert here.take(job, TICK, "b")
    assert not afar.has_run(job, TICK)
    here.finish(job, TICK, "b")
    assert afar.has_run(job, TICK)
    assert not afar.take(job, TICK, "b")
    assert not afar.goes_on_before(job, TICK + timedelta(minutes=1))
    here.close()


def test_one_of_forty_wins_at_the_address_and_in_the_database(
    address: str, database: str, job: str
) -> None:
    afar, here = AddressedClaims(address, "CRON_SECRET", 60), Claims.open(database)

    def take(number: int) -> bool:
        return (here if number % 2 else afar).take(job, TICK, f"holder-{number}")

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(40))) == 1
    here.close()


@pytest.mark.parametrize("bearer", ["no", ""])
def test_without_the_bearer_nothing_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bearer: str
) -> None:
    with claims_served(f"sqlite:///{tmp_path / 'claims.db'}") as address:
        monkeypatch.setenv("CRON_SECRET", bearer)
        with pytest.raises(OSError, match="answered 4"):
            AddressedClaims(address, "CRON_SECRET", 60).take("tally", TICK, "thief")
        monkeypatch.setenv("CRON_SECRET", SECRET)
        assert AddressedClaims(address, "CRON_SECRET", 60).take("tally", TICK, "vercel-1")


CLAIM = {"authorization": f"Bearer {SECRET}", "x-cronshift-tell": "claim"}


def posted(question: Any) -> httpx.Response:
    """Ask a process that has an event loop, with the bearer."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=TellOwnership(FastAPI()))
        async with httpx.AsyncClient(transport=transport, base_url="http://worker") as http:
            return await http.post("/api/inngest", json=question, headers=CLAIM)

    return asyncio.run(ask())


GOOD = {"do": "take", "job": "tally", "tick": "2026-11-27T12:00:00Z", "holder": "a"}


@pytest.mark.parametrize(
    "question",
    [
        [],
        {},
        GOOD | {"do": "drop"},
        GOOD | {"do": ["take"]},
        GOOD | {"job": ""},
        GOOD | {"job": "j" * 256},
        GOOD | {"job": "a\0b"},
        GOOD | {"job": 7},
        GOOD | {"tick": "2026-11-27T12:00:00+00:00"},
        GOOD | {"tick": "2026-02-30T12:00:00Z"},
        GOOD | {"holder": ""},
        GOOD | {"holder": "h" * 65},
        GOOD | {"do": "has-run"},
    ],
)
def test_what_is_no_question_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, question: Any
) -> None:
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    assert posted(question).status_code == 400
    assert posted(GOOD).json() == {"answer": True}


def test_an_app_without_an_event_loop_answers_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Flask and Django ask before their endpoint."""
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    headers = {"Authorization": f"Bearer {SECRET}", "X-Cronshift-Tell": "claim"}
    question = b'{"do": "take", "job": "x", "tick": "2026-11-27T12:00:00Z", "holder": "a"}'
    sent = headers | {"Content-Length": str(len(question))}
    assert before_endpoint("POST", sent, lambda: question) == (200, b'{"answer": true}')
    assert before_endpoint("POST", sent, lambda: question.replace(b'"a"', b'"b"')) == (
        200,
        b'{"answer": false}',
    )


@pytest.mark.parametrize("database", ["", NOWHERE])
def test_who_has_no_database_answers_for_none(
    monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    """One that asks another address itself is no address of claims: nothing goes round in circles."""
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", database)
    assert posted(GOOD).status_code == 404


def test_a_database_that_is_down_behind_the_address_gives_no_answer() -> None:
    database = "postgresql+psycopg://u:hush@127.0.0.1:9/d?connect_timeout=1"
    with claims_served(database) as address, pytest.raises(OSError, match="503") as caught:
        AddressedClaims(address, "CRON_SECRET", 60).take("tally", TICK, "a")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("answer", ["yes", {"answer": "true"}, {"answer": 1}, [True], None])
def test_a_page_that_answers_everything_is_no_claim(answer: Any) -> None:
    app = FastAPI()
    app.post("/")(lambda: answer)
    with serving(app) as url, pytest.raises(OSError, match="not as claims do"):
        AddressedClaims(url, "CRON_SECRET", 60).take("tally", TICK, "a")


def test_an_answer_that_is_lost_lets_its_asker_go_on_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", f"sqlite:///{tmp_path / 'claims.db'}")
    inner, lost = TellOwnership(FastAPI()), []

    async def losing(scope: Scope, receive: Receive, send: Send) -> None:
        async def unsent(message: Message) -> None:
            lost.append(message["type"])

        await inner(scope, receive, send if lost else unsent)

    app = FastAPI()
    app.mount("/", losing)
    with serving(app) as url:
        afar = AddressedClaims(f"{url}/api/inngest", "CRON_SECRET", 60)
        with pytest.raises(OSError, match="answer"):
            afar.take("tally", TICK, "a")
        assert lost  # the claim was taken
        assert not afar.take("tally", TICK, "b")
        assert afar.take("tally", TICK, "a")


@pytest.mark.parametrize(
    ("url", "away", "waits"),
    [
        (NOWHERE, "", False),
        (NOWHERE, "Run ", False),
        (NOWHERE, "wait", True),
        (NOWHERE, "what", True),
        ("postgresql+psycopg://u:hush@127.0.0.1:9/d", "run", False),
        ("postgresql+psycopg://u:hush@127.0.0.1:9/d", "wait", True),
    ],
)
def test_what_becomes_of_a_tick_while_the_claims_are_away_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, away: str, waits: bool
) -> None:
    """At the guard: it runs, or Vercel is told 503 and the tick is one that nobody ran."""
    ledger, called = f"sqlite:///{tmp_path / 'ledger.db'}", []
    monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", url)
    monkeypatch.setenv("CRONSHIFT_CLAIMS_AWAY", away)
    monkeypatch.setenv("CRONSHIFT_LEDGER_URL", ledger)
    app = FastAPI()
    app.add_middleware(Guard(JOB, clock=lambda: TICK + timedelta(seconds=9)).asgi)
    app.get(JOB.path)(lambda: called.append(1))
    with serving(app) as there:
        answer = httpx.get(there + JOB.path, headers=VERCEL, timeout=30, trust_env=False)
    assert answer.status_code == (503 if waits else 200)
    assert len(called) == (not waits)
    recorder = recording.recorder("CRON_SECRET")
    assert recorder is not None
    assert recorder.flush(10)
    records = read_ledger(ledger, TICK, TICK + timedelta(minutes=1), JOB.id)
    due = DueTick(JOB.id, Schedule.from_vercel(JOB.schedule), TICK, Owner.VERCEL)
    fate = fate_of(due, records, Watch(), TICK + timedelta(hours=1))
    expected = (Fate.MISSED, wire.UNASKED) if waits else (Fate.LATE, "")  # by the clock of today
    assert (fate.fate, fate.reason) == expected
    run = Call(
        job=JOB, path=JOB.path, tick=TICK, scheduled=True, run_id="01RUN", attempt=0, cron=None
    )
    if waits:
        with pytest.raises(ConnectionError, match=wire.UNASKED):  # the engine tries again
            asyncio.run(claimed_by_another(run, "CRON_SECRET"))
    else:
        assert asyncio.run(claimed_by_another(run, "CRON_SECRET")) is None


def test_the_guard_claims_at_the_address_with_its_own_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database, called = f"sqlite:///{tmp_path / 'claims.db'}", []
    monkeypatch.setenv("OWN_SECRET", SECRET)
    app = FastAPI()
    guard = Guard(JOB, secret_env="OWN_SECRET", clock=lambda: TICK)
    app.add_middleware(guard.asgi)
    app.get(JOB.path)(lambda: called.append(1))
    with claims_served(database) as address, serving(app) as there:
        monkeypatch.delenv("CRON_SECRET")
        monkeypatch.setenv("CRONSHIFT_CLAIMS_URL", address)
        answers = [httpx.get(there + JOB.path, headers=VERCEL, trust_env=False) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json() == {"skipped": wire.CLAIMED}
    assert called == [1]
    assert Claims.open(database).has_run(JOB.id, TICK)
