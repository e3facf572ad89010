"""``dead-letters list|show|replay|drop`` over the example's ledger and a stand-in of Inngest's API."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import create_engine, text
from tests.integration.commands.conftest import ROOT
from tests.integration.commands.test_schemas import check
from tests.integration.sockets import serving

from cronshift.runtime.dead_letters import DeadLetter, as_document
from cronshift.runtime.ledger import TickStatus
from cronshift.runtime.store.claims import Claims
from cronshift.runtime.store.dead_letters import DeadLetters
from cronshift.sessions.requested import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

NOW = datetime.now(UTC).replace(microsecond=0)
TICK = datetime(2026, 11, 20, tzinfo=UTC)
LETTER = DeadLetter(
    run_id="01FAILED",
    job="session-recovery",
    status=TickStatus.FAILED,
    tick=TICK,
    event="inngest/scheduled.timer",
    event_id="01EVENT",
    error="ValueError: no such table",
    died=NOW - timedelta(hours=1),
)
LETTERS = (
    LETTER,
    replace(LETTER, run_id="02CANCELLED", status=TickStatus.CANCELLED, tick=TICK + timedelta(1)),
    replace(LETTER, run_id="03EVENT", tick=None, event="shop/paid", job="prediction-check"),
)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    letters = DeadLetters.open(url)
    for letter in LETTERS:
        letters.keep(letter, NOW)
    letters.close()
    return {"CRONSHIFT_LEDGER_URL": url, "CRONSHIFT_CLAIMS_URL": f"sqlite:///{tmp_path / 'c.db'}"}


class Inngest:
    """Inngest's API as published: one run for each idempotency key."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.asked = 0
        self.events: list[dict[str, Any]] = []
        self.refuses = False
        self.app = FastAPI()
        self.app.post("/api/v2/apps/{app_id}/functions/{function}/invoke")(self.invoke)
        self.app.get("/v1/events")(self.list_events)
        self.app.post("/e/{key}")(self.take)
        self.taken: list[dict[str, Any]] = []

    async def invoke(self, app_id: str, function: str, request: Request) -> Any:
        assert app_id == "predictions"
        self.asked += 1
        if self.refuses:
            return JSONResponse({"errors": []}, 429 if self.asked < 2 else 422)
        body = await request.json()
        key = body["idempotencyKey"]
        run = self.runs.setdefault(key, {"function": function, **body["data"]})
        run["id"] = f"RUN{list(self.runs).index(key)}"
        return JSONResponse({"data": {"runId": run["id"]}}, 201)

    async def take(self, request: Request) -> Any:
        if self.refuses:
            return JSONResponse({"error": "no"}, 400)
        self.taken += (events := await request.json())
        return {"ids": [event["id"] for event in events], "status": 200}

    async def list_events(self) -> Any:
        return {"data": [{"data": data} for data in self.events]}


@pytest.fixture
def inngest(env: dict[str, str]) -> Iterator[Inngest]:
    server = Inngest()
    with serving(server.app) as url:
        env["INNGEST_DEV"] = url
        yield server


def test_they_are_listed_and_shown(cronshift: Cronshift, env: dict[str, str]) -> None:
    said = cronshift("dead-letters", "list", env=env)
    assert said.code == 1
    assert "ValueError: no such table" in said.out
    document = cronshift("dead-letters", "list", "session-recovery", "--json", env=env).document
    check(document, "dead-letters-list")
    assert [letter["run_id"] for letter in document["letters"]] == ["01FAILED", "02CANCELLED"]
    shown = cronshift("dead-letters", "show", "03EVENT", env=env)
    assert shown.code == 0
    assert "Event     shop/paid 01EVENT" in shown.out
    check(
        cronshift("dead-letters", "show", "03EVENT", "--json", env=env).document,
        "dead-letters-show",
    )


def test_a_letter_is_replayed_once_however_often_that_is_asked(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    said = cronshift("dead-letters", "replay", "01FAILED", "--yes", "--json", env=env)
    assert said.code == 0
    check(said.document, "dead-letters-replay")
    (run,) = inngest.runs.values()
    assert (run["function"], run["cronshift"], run["scheduledAt"]) == (
        "session-recovery",
        "replay",
        "2026-11-20T00:00:00Z",
    )
    again = cronshift("dead-letters", "replay", "01FAILED", "--yes", env=env)
    assert again.code == 0
    assert "was replayed already" in again.err
    assert inngest.asked == 1
    letters = cronshift("dead-letters", "list", "--json", env=env).document["letters"]
    assert "01FAILED" not in [letter["run_id"] for letter in letters]


def test_a_replay_needs_no_configuration_of_vercels(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest, project: Path
) -> None:
    (project / "vercel.json").unlink()
    assert cronshift("dead-letters", "replay", "01FAILED", "--yes", env=env).code == 0
    assert len(inngest.runs) == 1


def test_two_askers_at_once_start_one_run(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    """The second one has not yet seen that it was replayed: the letter is the key of the run."""
    cronshift("dead-letters", "replay", "01FAILED", "--yes", env=env)
    letters = DeadLetters.open(env["CRONSHIFT_LEDGER_URL"])
    letters.drop(["01FAILED"])
    letters.keep(LETTER, NOW)
    letters.close()
    cronshift("dead-letters", "replay", "01FAILED", "--yes", env=env)
    assert (inngest.asked, len(inngest.runs)) == (2, 1)


def test_all_of_them_but_what_an_event_began_and_what_has_run_meanwhile(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    claims = Claims.open(env["CRONSHIFT_CLAIMS_URL"])
    claims.take("session-recovery", TICK, "another")
    claims.finish("session-recovery", TICK, "another")
    claims.close()
    said = cronshift("dead-letters", "replay", "--all", "--yes", env=env)
    assert said.code == 1
    assert "03EVENT began with the event shop/paid: send that again." in said.err
    assert "Started 1 run; 1 had run meanwhile." in said.err
    assert [run["scheduledAt"] for run in inngest.runs.values()] == ["2026-11-21T00:00:00Z"]


def test_without_claims_a_replay_is_refused_unless_that_is_meant(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    env["CRONSHIFT_CLAIMS_URL"] = ""
    said = cronshift("dead-letters", "replay", "01FAILED", "--yes", "--json", env=env)
    assert (said.code, said.document["error"]["reason"]) == (2, "no-claims")
    assert inngest.asked == 0
    words = ("dead-letters", "replay", "01FAILED", "--without-claims", "--yes")
    assert cronshift(*words, env=env).code == 0
    assert inngest.asked == 1


def test_a_dry_run_and_a_no_start_nothing(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    assert cronshift("dead-letters", "replay", "01FAILED", "--dry-run", env=env).code == 0
    refused = cronshift("dead-letters", "replay", "01FAILED", env=env)
    assert refused.code == 2
    assert inngest.asked == 0


def test_what_inngest_does_not_take_stays_open(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    inngest.refuses = True
    said = cronshift("dead-letters", "replay", "01FAILED", "--yes", "--json", env=env)
    assert said.document["error"]["reason"] == "inngest-api"
    assert "started 0 of 1 run" in said.document["error"]["message"]
    letters = cronshift("dead-letters", "list", "--json", env=env).document["letters"]
    assert "01FAILED" in [letter["run_id"] for letter in letters]


def test_dropped_letters_are_gone(cronshift: Cronshift, env: dict[str, str]) -> None:
    said = cronshift("dead-letters", "drop", "01FAILED", "--yes", "--json", env=env)
    assert (said.code, said.document["dropped"]) == (0, 1)
    check(said.document, "dead-letters-drop")
    assert cronshift("dead-letters", "drop", "--all", "--yes", env=env).code == 0
    assert cronshift("dead-letters", "list", env=env).code == 0


def test_those_sent_as_events_are_listed_and_replayed_but_not_dropped(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    env["CRONSHIFT_LEDGER_URL"] = "inngest"
    inngest.events = [as_document(LETTER), {"run_id": "forged"}, as_document(LETTER)]
    document = cronshift("dead-letters", "list", "--json", env=env).document
    assert [letter["run_id"] for letter in document["letters"]] == ["01FAILED"]
    for _ in range(2):
        assert cronshift("dead-letters", "replay", "01FAILED", "--yes", env=env).code == 0
    assert len(inngest.runs) == 1
    said = cronshift("dead-letters", "drop", "01FAILED", "--yes", "--json", env=env)
    assert said.document["error"]["reason"] == "no-ledger"


@pytest.fixture
def sessions(project: Path, env: dict[str, str]) -> list[str]:
    """Add the flow to the project, with a letter of a session that waits and one of one that is settled."""
    example = project.parent / "sessions"
    shutil.copytree(ROOT / "examples/sessions", example)
    with (project / "cronshift.toml").open("a") as settings:
        settings.write("\n" + (example / "cronshift.toml").read_text())
    env["DATABASE_URL"] = f"sqlite:///{project.parent / 'app.db'}"
    engine = create_engine(env["DATABASE_URL"])
    ids = [str(uuid4()), str(uuid4())]
    with engine.begin() as connection:
        for statement in (example / "schema.sqlite.sql").read_text().strip().split(";"):
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO users VALUES ('ada', 'ada', 7, 3)"))
        for session, status in zip(ids, ("queued", "error"), strict=True):
            row = {"id": session, "status": status}
            connection.execute(
                text(
                    "INSERT INTO prediction_sessions (id, user_id, status, selected_models, created_at)"
                    " VALUES (:id, 'ada', :status, '[]', '2026-11-20 12:00:00')"
                ),
                row,
            )
    engine.dispose()
    letters = DeadLetters.open(env["CRONSHIFT_LEDGER_URL"])
    for session in ids:
        letter = replace(LETTER, run_id=f"S-{session}", job="session", tick=None, event=EVENT)
        letters.keep(replace(letter, event_id=f"{EVENT}-{session}-0"), NOW)
    letters.close()
    return ids


@pytest.mark.parametrize("refuses", [False, True])
def test_a_session_that_waits_is_sent_again_and_a_settled_one_is_left_alone(
    cronshift: Cronshift,
    env: dict[str, str],
    inngest: Inngest,
    sessions: list[str],
    refuses: bool,
) -> None:
    inngest.refuses = refuses
    env["CRONSHIFT_CLAIMS_URL"] = ""  # no tick is among them
    words = ("dead-letters", "replay", *(f"S-{session}" for session in sessions), "--yes")
    said = cronshift(*words, "--json", env=env)
    assert said.code == 0, said.err
    check(said.document, "dead-letters-replay")
    started = {each["run_id"]: each["replay"] for each in said.document["replayed"]}
    waits, settled = sessions
    assert started == {f"S-{waits}": waits, f"S-{settled}": None}
    assert [event["data"]["session_id"] for event in inngest.taken] == [] if refuses else [waits]
    assert ("the flow's recovery sends them" in said.err) is refuses
    again = cronshift(*words, env=env)
    assert (again.code, "was replayed already" in again.err) == (0, True)
    assert inngest.asked == 0


def test_without_the_sessions_settings_it_is_an_event_to_be_sent_again(
    cronshift: Cronshift, env: dict[str, str], inngest: Inngest
) -> None:
    letters = DeadLetters.open(env["CRONSHIFT_LEDGER_URL"])
    letters.keep(replace(LETTER, run_id="S-1", tick=None, event=EVENT, event_id="x"), NOW)
    letters.close()
    said = cronshift("dead-letters", "replay", "S-1", "--yes", env=env)
    assert (said.code, f"began with the event {EVENT}" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("replay",), "which-letters"),
        (("drop", "01FAILED", "--all"), "which-letters"),
        (("show", "01NONE"), "no-such-run"),
    ],
)
def test_wrong_questions_are_told(
    cronshift: Cronshift, env: dict[str, str], words: tuple[str, ...], reason: str
) -> None:
    said = cronshift("dead-letters", *words, "--json", env=env)
    assert (said.code, said.document["error"]["reason"]) == (2, reason)


def test_without_a_ledger_nothing_is_known(cronshift: Cronshift) -> None:
    said = cronshift("dead-letters", "list", "--json", env={"CRONSHIFT_LEDGER_URL": ""})
    assert (said.code, said.document["error"]["reason"]) == (2, "no-ledger")
